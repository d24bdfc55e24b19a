"""The authority's public signing keys: fetched when first wanted, kept, and kept on when the authority is down."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import requests

from shared.errors import AuthorityUnavailable
from shared.outbound import Outbound

# Keys roll over every few weeks; Microsoft asks to look daily, and at once for an unknown key id
# (learn: entra/identity-platform/signing-key-rollover).
FRESH_SECONDS = 24 * 3600.0
# Whoever sends made-up key ids must not make us ask the authority each time.
COOLDOWN_SECONDS = 60.0
NEVER_SEEN_COOLDOWN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeySet:
    keys: Mapping[str, jwt.PyJWK]
    ids: frozenset[str]
    fetched: float


class SigningKeys:
    """Key sets by tenant. Raises AuthorityUnavailable only while a tenant's keys were never seen."""

    def __init__(
        self, outbound: Outbound, *, authority_host: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._outbound = outbound
        self._authority_host = authority_host
        self._monotonic = monotonic
        self._sets: dict[str, _KeySet] = {}
        self._tried: dict[str, float] = {}
        self._lock = threading.Lock()

    def key(self, tenant_id: str, key_id: str) -> jwt.PyJWK | None:
        """The key that `key_id` names in this tenant; None when the authority knows no such key."""
        known = self._sets.get(tenant_id)
        if known and key_id in known.keys:
            if self._monotonic() - known.fetched >= FRESH_SECONDS and self._lock.acquire(blocking=False):
                try:
                    known = self._fetched_if_due(tenant_id)
                finally:
                    self._lock.release()
            # While somebody else looks for newer ones, the keys there are go on verifying.
            return known.keys.get(key_id)
        with self._lock:
            return self._fetched_if_due(tenant_id).keys.get(key_id)

    def generation(self, tenant_id: str) -> frozenset[str]:
        """The key ids known now; what was verified under other keys is to be verified again."""
        known = self._sets.get(tenant_id)
        return known.ids if known else frozenset()

    def _fetched_if_due(self, tenant_id: str) -> _KeySet:
        known, now = self._sets.get(tenant_id), self._monotonic()
        cooldown = COOLDOWN_SECONDS if known else NEVER_SEEN_COOLDOWN_SECONDS
        if now - self._tried.get(tenant_id, -cooldown) < cooldown:
            if known is None:
                raise AuthorityUnavailable
            return known
        try:
            keys = self._fetch(tenant_id)
            self._sets[tenant_id] = _KeySet(keys=keys, ids=frozenset(keys), fetched=now)
        except (requests.RequestException, ValueError, LookupError, TypeError) as error:
            if known is None:
                raise AuthorityUnavailable from error
        finally:
            # From its end, not from its beginning: those who waited for a slow attempt must not repeat it one by one.
            self._tried[tenant_id] = self._monotonic()
        return self._sets[tenant_id]

    def _fetch(self, tenant_id: str) -> dict[str, jwt.PyJWK]:
        answer = self._outbound.get(f"{self._authority_host}/{tenant_id}/discovery/v2.0/keys")
        answer.raise_for_status()
        published = [_verifying(key) for key in answer.json()["keys"]]
        keys = {key.key_id: key for key in published if key is not None and key.key_id is not None}
        if not keys:
            raise ValueError("a key set without signing keys")
        return keys


def _verifying(published: Any) -> jwt.PyJWK | None:  # noqa: ANN401 - JSON
    """The key, if it verifies signatures: PyJWT would take one marked for encryption too (RFC 7517 4.2, 4.3).

    One that cannot be understood is passed over and spoils no other (section 5).
    """
    try:
        marked = published.get("use", "sig") == "sig" and "verify" in published.get("key_ops", ["verify"])
        verifies = marked and published["kty"] == "RSA" and isinstance(published["kid"], str)
        return jwt.PyJWK(dict(published), algorithm="RS256") if verifies else None
    except (AttributeError, LookupError, TypeError, ValueError, jwt.PyJWTError):
        return None
