"""The tokens Entra ID signs: the claims of access tokens (versions 1 and 2) and id_tokens."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from local.entra.sessions import Session
from local.ledger import Ledger
from local.signing import SigningKeys
from local.world import BROKER_API, TOKEN_EXCHANGE, Application, Resource, Tenant, User

# Real tokens are back-dated by five minutes, for resources whose clock is behind.
BACKDATED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client that may ask; `strength` is how it proved itself: 0 not at all (public), 1 a secret, 2 an assertion."""

    application: Application
    strength: str

    @property
    def is_page(self) -> bool:
        """Whether it is the single-page part of an application that is confidential otherwise."""
        return self.strength == "0" and not self.application.public


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Who an app-only token is about; `arm_id` is a managed identity's resource id in Azure.

    `roles` are those on the broker API, `assigned` those on the API that the token is for.
    """

    object_id: str
    client_id: str
    strength: str
    roles: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()
    arm_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a token is for: the issuing tenant, the API, and the `aud` it is to carry."""

    tenant: Tenant
    resource: Resource
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed access token; `expires_on` is its `exp`, `expires_in` the seconds until then."""

    token: str
    expires_on: int
    expires_in: int


class Issuance:
    """Signs tokens with the stack's newest key; `entra` is the base URL that version 2 issuers begin with."""

    def __init__(self, *, entra: str, keys: SigningKeys, ledger: Ledger) -> None:
        self._entra = entra
        self._keys = keys
        self._ledger = ledger

    def user_token(self, session: Session, client: Client, target: Target, *, scopes: tuple[str, ...]) -> AccessToken:
        """A delegated access token, valid for 60 to 90 minutes by chance as the real ones are."""
        claims = {
            **_person(session.user, target.tenant, pairwise_with=target.resource.app_id),
            **_client(target, client.application.client_id, client.strength),
            **_names(session, target),
            **_roles(session.user.roles, target),
            "scp": " ".join(scopes),
            "idtyp": "user",
        }
        return self._access_token(claims, target, lifetime=3600 + secrets.randbelow(1801))

    def app_token(self, workload: Workload, target: Target, *, lifetime: int | None = None) -> AccessToken:
        """An app-only access token; `lifetime` in seconds, 60 to 90 minutes by chance when absent."""
        claims = {
            "oid": workload.object_id,
            "sub": workload.object_id,
            "idp": f"https://sts.windows.net/{target.tenant.id}/",
            **_client(target, workload.client_id, workload.strength),
            **({"roles": list(workload.assigned)} if workload.assigned else _roles(workload.roles, target)),
            "idtyp": "app",
        }
        if workload.arm_id is not None:
            claims["xms_mirid"] = workload.arm_id
        return self._access_token(claims, target, lifetime=lifetime or 3600 + secrets.randbelow(1801))

    def id_token(self, session: Session, *, client_id: str, tenant: Tenant, nonce: str, profile: bool) -> str:
        """A version 2 id_token for the client; name, user name and object id come with the `profile` scope."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": client_id,
            "iss": f"{self._entra}/{tenant.id}/v2.0",
            **_times(now, lifetime=3600),
            **_person(session.user, tenant, pairwise_with=client_id),
            "preferred_username": session.user.username,
            "tid": tenant.id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }
        if nonce:
            claims["nonce"] = nonce
        if session.user.roles and client_id == BROKER_API:  # the one registration with app roles
            claims["roles"] = list(session.user.roles)
        if not profile:
            claims = {name: value for name, value in claims.items() if name not in _PROFILE_CLAIMS}
        return self._signed("id_token", claims)

    def _access_token(self, claims: dict[str, Any], target: Target, *, lifetime: int) -> AccessToken:
        now, version2 = int(time.time()), target.resource.version > 1
        whole = {
            "aud": target.audience,
            "iss": f"{self._entra}/{target.tenant.id}/v2.0"
            if version2
            else f"https://sts.windows.net/{target.tenant.id}/",
            **_times(now, lifetime=lifetime),
            **claims,
            "tid": target.tenant.id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0" if version2 else "1.0",
        }
        # What a managed identity gets for token exchange serves it as a client assertion, and nothing else.
        token = self._signed("client_assertion" if target.audience == TOKEN_EXCHANGE else "access_token", whole)
        return AccessToken(token=token, expires_on=now + lifetime, expires_in=lifetime)

    def _signed(self, kind: str, claims: dict[str, Any]) -> str:
        token = self._keys.sign(claims)
        self._ledger.record(kind, token)
        return token


_PROFILE_CLAIMS = frozenset({"name", "oid", "preferred_username"})


def client_info(user: User) -> str:
    """The `client_info` of a token response: who the account is, at home."""
    raw = json.dumps({"uid": user.object_id, "utid": user.tenant_id}).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _times(now: int, *, lifetime: int) -> dict[str, int]:
    return {"iat": now - BACKDATED, "nbf": now - BACKDATED, "exp": now + lifetime}


def _person(user: User, tenant: Tenant, *, pairwise_with: str) -> dict[str, str]:
    subject = hashlib.sha256(f"{user.object_id} {pairwise_with}".encode()).digest()
    return {
        "name": user.display_name,
        "oid": user.object_id_in(tenant.id),
        "sub": base64.urlsafe_b64encode(subject).decode().rstrip("="),
    }


def _client(target: Target, client_id: str, strength: str) -> dict[str, str]:
    if target.resource.version > 1:
        return {"azp": client_id, "azpacr": strength}
    return {"appid": client_id, "appidacr": strength}


def _names(session: Session, target: Target) -> dict[str, Any]:
    user = session.user
    if target.resource.version > 1:
        return {"preferred_username": user.username}
    foreign = {} if user.tenant_id == target.tenant.id else {"idp": f"https://sts.windows.net/{user.tenant_id}/"}
    # Only version 1 access tokens say how the person signed in.
    return {"acr": "1", "amr": list(session.amr), "unique_name": user.username, "upn": user.username, **foreign}


def _roles(roles: tuple[str, ...], target: Target) -> dict[str, Any]:
    # The made-up world assigns roles to people and identities on one API only.
    return {"roles": list(roles)} if roles and target.resource.app_id == BROKER_API else {}
