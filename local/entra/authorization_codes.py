"""Authorization codes: ten minutes, one use, one client, one tenant path, one redirect URI, one code verifier."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.entra.aadsts import EntraError
from local.entra.directory import HOME_OF_THE_USER
from local.entra.parameters import Parameters
from local.entra.sessions import Session
from local.entra.sign_in_request import SignInRequest
from local.ledger import Ledger
from local.world import Tenant

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """What a code stands for."""

    session: Session
    request: SignInRequest
    tenant: Tenant
    issued: datetime


class AuthorizationCodes:
    """The codes of this process; they die with it, as nobody can tell from a code that took too long."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._grants: dict[str, CodeGrant] = {}
        self._redeemed: set[str] = set()

    def issue(self, session: Session, request: SignInRequest, *, tenant: Tenant) -> str:
        """A code for the person who has just signed in to this tenant."""
        code = f"1.A{secrets.token_urlsafe(96)}"
        self._grants[code] = CodeGrant(session=session, request=request, tenant=tenant, issued=datetime.now(UTC))
        self._ledger.record("code", code)
        return code

    def redeem(self, parameters: Parameters, *, client_id: str, tenant: Tenant | None) -> CodeGrant:
        """What the code grants; raises AADSTS70000, 54005, 70008, 700005, 500112 or 501481.

        `tenant` is that of the path the code came back to, None for common and organizations.
        """
        code = parameters.required("code")
        grant = self._grants.get(code)
        if grant is None or grant.request.client_id != client_id:
            raise EntraError(70000, parameter="code")
        if code in self._redeemed:
            raise EntraError(54005)
        if datetime.now(UTC) - grant.issued > LIFETIME:
            raise EntraError(70008)
        _check_tenant(grant, tenant)
        if (given := parameters.required("redirect_uri")) != grant.request.redirect_uri:
            raise EntraError(500112, given=given, expected=grant.request.redirect_uri)
        self._check_verifier(grant.request.code_challenge, parameters.get("code_verifier"))
        self._redeemed.add(code)
        return grant

    def _check_verifier(self, challenge: str, verifier: str) -> None:
        self._ledger.record("code_verifier", verifier)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        # A verifier nobody announced is refused as well: RFC 9700 section 4.8.2, PKCE downgrade.
        if (digest if verifier else "") != challenge:
            raise EntraError(501481)


def _check_tenant(grant: CodeGrant, tenant: Tenant | None) -> None:
    from_common = grant.request.tenant_segment.lower() in HOME_OF_THE_USER
    if tenant != grant.tenant and not (from_common and tenant is None):
        raise EntraError(700005)
