"""The authority's public signing keys: fetched when first wanted, looked for anew for a key id that nobody knows."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import requests

from shared.errors import AuthorityUnavailable
from shared.kept_document import Ages, KeptDocument, in_a_thread
from shared.outbound import Outbound

# RFC 7518 section 3.3.
SHORTEST_KEY = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeySet:
    keys: Mapping[str, jwt.PyJWK]
    ids: frozenset[str]


class SigningKeys:
    """Key sets by tenant; a key that a good answer lists no more verifies nothing from then on.

    Keys roll over every few weeks; Microsoft asks to look daily, and at once for an unknown key id
    (learn: entra/identity-platform/signing-key-rollover).
    """

    def __init__(
        self,
        outbound: Outbound,
        *,
        authority_host: str,
        ages: Ages,
        monotonic: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._outbound = outbound
        self._authority_host = authority_host
        self._kept_as: dict[str, Any] = {"ages": ages, "monotonic": monotonic, "start": start}
        self._sets: dict[str, KeptDocument[_KeySet]] = {}
        self._lock = threading.Lock()

    def key(self, tenant_id: str, key_id: str) -> jwt.PyJWK | None:
        """The key that `key_id` names in this tenant; None when the authority has said that it knows no such key.

        Waits only for a key that is not known. Raises AuthorityUnavailable when that cannot be found out.
        """
        kept = self._set_of(tenant_id)
        return kept.get().keys.get(key_id) or kept.newest().keys.get(key_id)

    def knows(self, tenant_id: str, key_id: str) -> bool:
        """Whether `key` would answer with a key and wait for nothing."""
        known = self._set_of(tenant_id).known
        return known is not None and key_id in known.keys

    def generation(self, tenant_id: str) -> frozenset[str]:
        """The key ids known now; what was verified under other keys is to be verified again."""
        known = self._set_of(tenant_id).known
        return known.ids if known else frozenset()

    def _set_of(self, tenant_id: str) -> KeptDocument[_KeySet]:
        with self._lock:
            if tenant_id not in self._sets:
                self._sets[tenant_id] = KeptDocument(lambda: self._read(tenant_id), **self._kept_as)
            return self._sets[tenant_id]

    def _read(self, tenant_id: str) -> _KeySet:
        issuer = f"{self._authority_host}/{tenant_id}/v2.0"
        try:
            answer = self._outbound.get(f"{self._authority_host}/{tenant_id}/discovery/v2.0/keys")
            published = answer.json()["keys"] if answer.status_code == requests.codes.ok else []
            found = [_verifying(key, issuer, tenant_id) for key in published]
        except (requests.RequestException, ValueError, LookupError, TypeError, RecursionError) as error:
            raise AuthorityUnavailable from error
        keys = {key.key_id: key for key in found if key is not None and key.key_id is not None}
        if not keys:
            raise AuthorityUnavailable("It publishes no signing keys.")
        return _KeySet(keys=keys, ids=frozenset(keys))


def _verifying(published: Any, issuer: str, tenant_id: str) -> jwt.PyJWK | None:  # noqa: ANN401 - JSON
    """The key, if it verifies signatures of this issuer: PyJWT would take one for encryption too (RFC 7517 4.2, 4.3).

    One that cannot be understood is passed over and spoils no other (section 5). Microsoft's own member `issuer`, with
    its literal `{tenantid}`, is held against the authority, never against a token's `iss`.
    """
    try:
        is_fit = _is_marked(published, issuer, tenant_id)
        key = jwt.PyJWK(dict(published), algorithm="RS256") if is_fit else None
    except (AttributeError, LookupError, TypeError, ValueError, jwt.PyJWTError):
        return None
    return key if key is not None and key.key.key_size >= SHORTEST_KEY else None


def _is_marked(published: Mapping[str, Any], issuer: str, tenant_id: str) -> bool:
    return (
        published["kty"] == "RSA"
        and "d" not in published  # a private key: PyJWT would read it as such, and it verifies nothing
        and isinstance(published["kid"], str)
        and published.get("use", "sig") == "sig"
        and "verify" in published.get("key_ops", ["verify"])
        and published.get("alg", "RS256") == "RS256"
        and published.get("issuer", issuer).replace("{tenantid}", tenant_id) == issuer
    )
