"""Who may ask Partner Center: people of the partner who signed in with MFA, and fifty times a second."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from local.entra.directory import Directory
from local.partner_center.refusals import MFA_REQUIRED, PartnerCenterError, unauthorized
from local.signing import SigningKeys
from local.world import PARTNER_TENANT, User

AUDIENCE = "https://api.partnercenter.microsoft.com"
SCOPE = "user_impersonation"
REQUESTS_A_SECOND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person a token is about, and the application that brought it."""

    user: User
    application_id: str


class Gate:
    """Lets in bearers of a delegated token (App+User) of the partner's tenant.

    With MFA, which Partner Center enforces since April 2026 (learn: partner-center-authentication).
    """

    def __init__(self, *, keys: SigningKeys, directory: Directory) -> None:
        self._keys = keys
        self._directory = directory

    def admit(self, authorization: str | None) -> Caller:
        """Whom an Authorization header proves; raises PartnerCenterError (401)."""
        scheme, _, unverified_token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not unverified_token:
            raise unauthorized("The request has no bearer token.")
        claims = self._verified(unverified_token)
        user = self._directory.person(str(claims.get("oid")))
        if claims.get("tid") != PARTNER_TENANT or user is None:
            raise unauthorized("The token is not of a person in the partner's tenant.")
        if SCOPE not in str(claims.get("scp", "")).split():
            raise unauthorized(f"The token has no delegated permission {SCOPE}.")
        if "mfa" not in claims.get("amr", []):
            raise unauthorized("The user has to sign in with multi-factor authentication.", code=MFA_REQUIRED)
        return Caller(user=user, application_id=str(claims["appid"]))

    def _verified(self, unverified_token: str) -> dict[str, Any]:
        try:
            claims = self._keys.verify(unverified_token, audience=AUDIENCE)
        except jwt.PyJWTError as error:
            raise unauthorized(f"The token is not valid: {error}.") from error
        if "exp" not in claims:
            raise unauthorized("The token is not valid: it has no end.")
        return claims


class RateLimit:
    """Fifty requests a second for each application, in real time (learn: control-panel-vendor-apis)."""

    def __init__(self, limit: int = REQUESTS_A_SECOND, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._taken: dict[str, deque[float]] = defaultdict(deque)

    def count(self, application_id: str) -> None:
        """Take one request; raises PartnerCenterError (429) over the limit, and such a request does not count."""
        taken, now = self._taken[application_id], self._monotonic()
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if len(taken) >= self._limit:
            raise PartnerCenterError(429, "Too many requests.", headers={"Retry-After": "1"})
        taken.append(now)
