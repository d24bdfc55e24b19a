"""Who asks: a bearer assertion, unverified, becomes a caller (a workload) or an operator, or is refused."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cachetools import TLRUCache

from shared.callers.errors import AssertionOfAnotherKind, RoleMissing
from shared.errors import AssertionMissing, NotAuthenticated
from shared.keys.errors import AssertionInvalid
from shared.keys.signed_claims import is_key_at_hand, verified_claims
from shared.keys.signing_keys import SigningKeys
from shared.settings import Settings

TOKEN_ISSUE = "Token.Issue"  # noqa: S105 - the name of an app role
CONSENT_MANAGE, CONSENT_READ = "Consent.Manage", "Consent.Read"
CUSTOMERS_MANAGE, CUSTOMERS_READ = "Customers.Manage", "Customers.Read"
POLICY_READ = "Policy.Read"
OPERATE_SCOPE = "Broker.Operate"
REMEMBERED, REMEMBERED_SECONDS = 4096, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody the home tenant vouches for; the object id identifies, `roles` are app roles on the broker's API."""

    object_id: str
    application_id: str
    roles: frozenset[str]
    scopes: frozenset[str]
    is_application: bool
    username: str = ""


class _Remembered(NamedTuple):
    """Who an assertion was verified to be, the ids of the keys known then, and when it ends (epoch seconds)."""

    principal: Principal
    keys: frozenset[str]
    expires: float


class AssertionVerifier:
    """Verifies assertions against the home tenant's keys; a verified one is remembered for at most five minutes."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        self._keys = keys
        self._tenant = settings.home_tenant
        self._operator_clients = settings.operator_clients
        # The issuer of version 1 tokens does not follow the authority host (learn: access-tokens).
        v1, v2 = settings.cloud.v1_issuer, settings.authority_host
        self._issuers = (f"{v1}/{self._tenant}/", f"{v2}/{self._tenant}/v2.0")
        given = settings.broker_audiences | {settings.broker_client_id}
        # What a client asks its identity for.
        self._asked_for = min(settings.broker_audiences, default=settings.broker_client_id)
        # Version 1 tokens echo the audience as it was asked for, with or without the slash.
        self._audiences = frozenset(form for audience in given for form in (audience, audience.rstrip("/") + "/"))
        self._remembered: TLRUCache[bytes, _Remembered] = TLRUCache(
            REMEMBERED, ttu=lambda _key, value, now: min(value.expires, now + REMEMBERED_SECONDS), timer=time.time
        )
        self._lock = threading.Lock()

    def remembered(self, unverified_assertion: str) -> Principal | None:
        """Who this very token was verified to be a moment ago; never blocks."""
        digest = _digest(unverified_assertion)
        try:
            with self._lock:
                found = self._remembered[digest]
        except KeyError:
            return None
        # What was verified under other keys is to be verified again.
        return found.principal if found.keys == self._keys.generation(self._tenant) else None

    def is_key_at_hand(self, unverified_assertion: str) -> bool:
        """Whether `verify` would wait for nobody; never blocks."""
        return is_key_at_hand(unverified_assertion, keys=self._keys, tenant_id=self._tenant)

    def verify(self, unverified_assertion: str) -> Principal:
        """Who the home tenant says this is; may fetch keys. Raises NotAuthenticated."""
        known = self.remembered(unverified_assertion)
        if known:
            return known
        try:
            claims = self._claims(unverified_assertion)
        except NotAuthenticated as error:
            error.knowing(audience=self._asked_for)
            raise
        principal = _principal(claims)
        remembered = _Remembered(principal, self._keys.generation(self._tenant), float(claims["exp"]))
        with self._lock:
            self._remembered[_digest(unverified_assertion)] = remembered
        return principal

    def _claims(self, unverified_assertion: str) -> Mapping[str, Any]:
        return verified_claims(
            unverified_assertion,
            keys=self._keys,
            tenant_id=self._tenant,
            issuers=self._issuers,
            audiences=self._audiences,
        )

    def caller(self, principal: Principal) -> Principal:
        """The principal, if it may ask for tokens at all; raises AssertionOfAnotherKind or RoleMissing."""
        if not principal.is_application:
            raise AssertionOfAnotherKind
        return _with_role(principal, TOKEN_ISSUE)

    def operator(self, unverified_assertion: str, *roles: str) -> Principal:
        """Who this is, if it is an operator with one of `roles`; may fetch keys."""
        return self.with_operators_role(self.verify(unverified_assertion), *roles)

    def with_operators_role(self, principal: Principal, *roles: str) -> Principal:
        """The principal, if it is an operator with one of `roles`: an app, or a person through an allowed client.

        Raises AssertionOfAnotherKind or RoleMissing.
        """
        if not principal.is_application:
            from_operator_client = principal.application_id in self._operator_clients
            if OPERATE_SCOPE not in principal.scopes or not from_operator_client:
                raise AssertionOfAnotherKind("Sign in with Azure CLI or Azure PowerShell.")
        return _with_role(principal, *roles)


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header (RFC 6750 section 2.1), unverified; raises AssertionMissing."""
    scheme, _, unverified_assertion = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not unverified_assertion.strip():
        raise AssertionMissing
    return unverified_assertion.strip()


def _digest(unverified_assertion: str) -> bytes:
    return hashlib.sha256(unverified_assertion.encode("utf-8", "surrogatepass")).digest()


def _principal(claims: Mapping[str, Any]) -> Principal:
    scopes = frozenset(str(claims.get("scp", "")).split())
    object_id, application_id = claims.get("oid") or None, claims.get("azp") or claims.get("appid") or None
    roles = claims.get("roles", [])
    if not isinstance(object_id, str) or not isinstance(application_id, str) or not isinstance(roles, list):
        raise AssertionInvalid("It does not say who it is for.")
    # idtyp is an optional claim; without it an app-only token has no scp and its subject is itself.
    kind = claims.get("idtyp") or ("app" if not scopes and claims.get("sub") == object_id else "user")
    return Principal(
        object_id=object_id,
        application_id=application_id,
        roles=frozenset(str(role) for role in roles),
        scopes=scopes,
        is_application=kind == "app" and not scopes,
        username=str(claims.get("preferred_username") or claims.get("upn") or ""),
    )


def _with_role(principal: Principal, *roles: str) -> Principal:
    if principal.roles.isdisjoint(roles):
        raise RoleMissing(f"It is called {' or '.join(roles)}.").knowing(role=roles[0], caller=principal.object_id)
    return principal
