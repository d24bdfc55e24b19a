"""The way in: to Entra ID and back, with what has to come back unchanged sealed into a cookie of its own."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from console_http.menu import ANYBODY
from console_http.refusals import SignInAgain, SignInNotDone
from console_http.session import Session
from shared.clock import Clock
from shared.entra.person_sign_in import PersonSignIn
from shared.entra.tokens import SignIn
from shared.errors import ConsentRefused, NotAuthenticated
from shared.keys.signed_claims import verified_claims
from shared.keys.signing_keys import SigningKeys
from shared.seal import SealExpired, Seals
from shared.settings import Settings

PURPOSE = "console-sign-in"
LIFETIME = timedelta(minutes=15)
HOME = "/api/console"
# Of several accounts the person chooses; to confirm a session, nobody is asked anything.
CHOOSE, SILENT = "select_account", "none"
# Browsers keep no cookie beyond 4,096 characters: a longer address would let nobody arrive.
LONGEST_RETURN = 1_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the cookie that it must bring back."""

    address: str = field(repr=False)
    cookie_suffix: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A session that has begun, or was confirmed, and the page that was asked for."""

    session: Session
    return_to: str


class SignInFlow:
    """Everything here may block; nobody is signed in before every check has passed."""

    def __init__(
        self, *, settings: Settings, sign_in: PersonSignIn, keys: SigningKeys, seals: Seals, clock: Clock
    ) -> None:
        self._settings = settings
        self._sign_in = sign_in
        self._keys = keys
        self._seals = seals
        self._clock = clock

    def begin(self, *, return_to: str = HOME, session: Session | None = None) -> Begun:
        """A sign-in at the home tenant; of a `session` that has to be confirmed, without asking the person."""
        state = secrets.token_hex(16)
        address, sign_in = self._sign_in.begin(
            tenant_id=self._settings.home_tenant,
            redirect_uri=f"{self._settings.public_url}{HOME}/redirect",
            state=state,
            prompt=SILENT if session else CHOOSE,
            login_hint=session.username if session else None,
        )
        content = {
            "sign_in": asdict(sign_in),
            "return_to": own_page(return_to),
            "session": session.to_json() if session else None,
        }
        cookie = self._seals.seal(PURPOSE, content, expires_on=self._clock() + LIFETIME)
        return Begun(address=address, cookie_suffix=cookie_suffix(state), cookie=cookie)

    def complete(self, unverified_response: Mapping[str, str], unverified_cookie: str | None) -> Arrived:
        """Redeem and verify; raises SignInNotDone, and whatever the authority's being away raises.

        Of a session that was to be confirmed it is SignInAgain: Entra ID wants the person, or another one came.
        """
        sign_in, session, return_to = self._begun(unverified_response, unverified_cookie)
        try:
            return self._arrived(sign_in, session, return_to, unverified_response)
        except SignInNotDone as error:
            if session is None:
                raise
            raise SignInAgain(authority_code=error.authority_code) from error

    def _arrived(
        self, sign_in: SignIn, session: Session | None, return_to: str, unverified_response: Mapping[str, str]
    ) -> Arrived:
        if unverified_response.get("error") or not unverified_response.get("code"):
            raise SignInNotDone
        claims = self._claims(sign_in, unverified_response["code"])
        told = claims.get("roles", [])
        # Of a registration with many app roles for callers, a cookie would not hold all.
        roles = frozenset(role for role in ANYBODY if role in told) if isinstance(told, list) else frozenset()
        object_id, username = claims["oid"], str(claims.get("preferred_username") or claims["oid"])
        now = self._clock().replace(microsecond=0)
        if session is None:
            begun = Session.begun(object_id=object_id, username=username, roles=roles, now=now)
            return Arrived(session=begun, return_to=return_to)
        if not _same(session.object_id, object_id):
            raise SignInNotDone  # the browser's person at Entra ID has changed in the meantime
        return Arrived(session=session.confirmed(username=username, roles=roles, now=now), return_to=return_to)

    def _claims(self, sign_in: SignIn, code: str) -> Mapping[str, Any]:
        settings, tenant = self._settings, sign_in.tenant_id
        try:
            claims = verified_claims(
                self._sign_in.redeem(sign_in, code),
                keys=self._keys,
                tenant_id=tenant,
                issuers=[f"{settings.authority_host}/{tenant}/v2.0"],
                audiences=[settings.broker_client_id],
            )
        except (ConsentRefused, NotAuthenticated) as error:
            raise SignInNotDone(authority_code=error.authority_code) from error
        # MSAL sends the SHA-256 of the nonce it was given.
        expected = hashlib.sha256(sign_in.nonce.encode("ascii")).hexdigest()
        if not _same(str(claims.get("nonce", "")), expected) or not isinstance(claims.get("oid"), str):
            raise SignInNotDone
        return claims

    def _begun(
        self, unverified_response: Mapping[str, str], unverified_cookie: str | None
    ) -> tuple[SignIn, Session | None, str]:
        """What was sealed into the cookie, if this response belongs to it (RFC 9700 section 2.1: bound state)."""
        try:
            sealed = (self._seals.open(PURPOSE, unverified_cookie) if unverified_cookie else None) or {}
            sign_in = SignIn(**sealed["sign_in"])
            session = Session.from_json(sealed["session"]) if sealed["session"] else None
        except (SealExpired, LookupError, TypeError, ValueError):
            raise SignInNotDone from None
        issuer = unverified_response.get("iss")
        is_asked = issuer is None or issuer == f"{self._settings.authority_host}/{sign_in.tenant_id}/v2.0"  # RFC 9207
        if not is_asked or not _same(sign_in.state, unverified_response.get("state", "")):
            raise SignInNotDone
        return sign_in, session, sealed["return_to"]


def cookie_suffix(unverified_state: str) -> str:
    """What tells the cookies of two tabs apart: the first eight of the state's hex digits."""
    return "".join(character for character in unverified_state[:8] if character in "0123456789abcdef")


def own_page(unverified_path: str) -> str:
    """The path, if it is one of the console's own pages; its first page otherwise."""
    is_own = unverified_path == HOME or unverified_path.startswith((f"{HOME}/", f"{HOME}?"))
    is_plain = unverified_path.isascii() and unverified_path.isprintable() and "\\" not in unverified_path
    return unverified_path if is_own and is_plain and len(unverified_path) <= LONGEST_RETURN else HOME


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
