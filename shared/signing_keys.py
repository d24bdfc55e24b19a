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
        if known and key_id in known.keys and self._monotonic() - known.fetched < FRESH_SECONDS:
            return known.keys[key_id]
        with self._lock:
            fetched = self._fetched_if_due(tenant_id)
        return fetched.keys.get(key_id)

    def generation(self, tenant_id: str) -> frozenset[str]:
        """The key ids known now; what was verified under other keys is to be verified again."""
        known = self._sets.get(tenant_id)
        return frozenset(known.keys) if known else frozenset()

    def _fetched_if_due(self, tenant_id: str) -> _KeySet:
        known, now = self._sets.get(tenant_id), self._monotonic()
        cooldown = COOLDOWN_SECONDS if known else NEVER_SEEN_COOLDOWN_SECONDS
        if now - self._tried.get(tenant_id, -cooldown) < cooldown:
            if known is None:
                raise AuthorityUnavailable
            return known
        self._tried[tenant_id] = now
        try:
            self._sets[tenant_id] = _KeySet(keys=self._fetch(tenant_id), fetched=now)
        except (requests.RequestException, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            if known is None:
                raise AuthorityUnavailable from error
        return self._sets[tenant_id]

    def _fetch(self, tenant_id: str) -> dict[str, jwt.PyJWK]:
        answer = self._outbound.get(f"{self._authority_host}/{tenant_id}/discovery/v2.0/keys")
        answer.raise_for_status()
        published: list[Mapping[str, Any]] = answer.json()["keys"]
        keys = {key["kid"]: jwt.PyJWK(dict(key), algorithm="RS256") for key in published if _signs(key)}
        if not keys:
            raise ValueError("a key set without signing keys")
        return keys


def _signs(key: Mapping[str, Any]) -> bool:
    """Whether the key may verify signatures: PyJWT would take one marked for encryption too (RFC 7517 4.2, 4.3)."""
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and "verify" in key.get("key_ops", ["verify"])
        and isinstance(key.get("kid"), str)
    )
