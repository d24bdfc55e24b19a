"""The browser's way from link to stored consent: open, begin, complete."""

import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from consent_http.completion import BROWSER, Completion, Confirmation, Occasion
from consent_http.link import Link, Links
from consent_http.link_standing import Standings
from consent_http.refused_codes import RefusedCodes
from consent_http.sign_in_errors import sign_in_refusal
from consent_http.sign_in_refusals import SignInLost, WrongTenant
from shared.clock import Clock
from shared.consents.applications import Applications
from shared.consents.consent import Act
from shared.entra.sign_in_refusals import SignInSpent
from shared.entra.tokens import SignIn, TokenSet
from shared.errors import BrokerError, ConsentRefused
from shared.seal import SealExpired, Seals
from shared.settings import Settings

PURPOSE = "sign-in"
# The fact under which a refusal knows who made the link. No act has such a parameter: it reaches pages alone.
ASKER = "asker"
# As long as Entra ID keeps an authorization code, and a little time to type a password.
SIGN_IN_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the cookie that it must bring back."""

    address: str = field(repr=False)
    cookie_suffix: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link that may be used, and the act that is in force as long as nobody uses it."""

    link: Link
    in_force: Act | None


class ConsentFlow:
    """Everything here may block; nothing is stored before every check has passed."""

    def __init__(
        self,
        *,
        settings: Settings,
        applications: Applications,
        standings: Standings,
        links: Links,
        seals: Seals,
        completion: Completion,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._applications = applications
        self._standings = standings
        self._links = links
        self._seals = seals
        self._completion = completion
        self._clock = clock
        self._refused_codes = RefusedCodes(clock=clock)

    def open(self, unverified_link: str) -> Opened:
        """The link, if it may still be used; changes nothing, since mail scanners open links too."""
        link = self._links.open(unverified_link)
        with _telling_who_asked(link):
            standing = self._standings.lately(link.id, link.name)
            link.require_in_force(standing)
        return Opened(link=link, in_force=standing.act)

    def begin(self, unverified_link: str) -> Begun:
        """A sign-in at the link's tenant, never at `common`."""
        link = self.open(unverified_link).link
        state = secrets.token_hex(16)
        address, sign_in = self._applications.of(link.name).authority.begin_sign_in(
            tenant_id=link.tenant_id,
            scope=self._settings.consent_scope,
            redirect_uri=f"{self._settings.public_url}/api/consent/redirect",
            state=state,
            login_hint=link.login_hint or None,
        )
        content = {"sign_in": asdict(sign_in), "link": asdict(link)}
        cookie = self._seals.seal(PURPOSE, content, expires_on=self._clock() + SIGN_IN_LIFETIME)
        return Begun(address=address, cookie_suffix=cookie_suffix(state), cookie=cookie)

    def complete(
        self, unverified_response: Mapping[str, str], unverified_cookie: str | None, *, correlation: str
    ) -> Confirmation:
        """Redeem, check, prove, store; raises the refusal that says what to do, with nothing stored."""
        sign_in, link = self._begun(unverified_response, unverified_cookie)
        with _telling_who_asked(link):
            return self._completed(unverified_response, sign_in, link, correlation)

    def _completed(
        self, unverified_response: Mapping[str, str], sign_in: SignIn, link: Link, correlation: str
    ) -> Confirmation:
        # Before the authority's word: whoever reloads the last page is told that the consent is stored.
        # What is a moment old will do: just before anything is stored it is read anew.
        standing = self._standings.lately(link.id, link.name)
        link.require_in_force(standing)
        _require_success(unverified_response, sign_in, self._settings)
        return self._completion.complete(
            self._redeemed(sign_in, link, unverified_response["code"]),
            link=link,
            scope=sign_in.scope,
            nonce=sign_in.nonce,
            in_force=standing.act,
            occasion=Occasion(way=BROWSER, correlation=correlation),
        )

    def _redeemed(self, sign_in: SignIn, link: Link, code: str) -> TokenSet:
        """What the code yields; raises LinkUsed when the same redirect, opened twice, has stored it in the meantime.

        A sign-in whose code was refused a moment ago is refused unasked: whoever has a link could ask without end.
        """
        self._refused_codes.require_none(sign_in.state)
        try:
            return self._applications.of(link.name).authority.redeem(sign_in, code)
        except ConsentRefused as error:
            if isinstance(error, SignInSpent):
                link.require_in_force(self._standings.now(link.name))
            self._refused_codes.remember(sign_in.state, error)
            raise

    def _begun(self, unverified_response: Mapping[str, str], unverified_cookie: str | None) -> tuple[SignIn, Link]:
        """What was sealed into the cookie, if this response belongs to it (RFC 9700 section 2.1: bound state)."""
        try:
            content = self._seals.open(PURPOSE, unverified_cookie) if unverified_cookie else None
            sealed = content or {}
            sign_in, link = SignIn(**sealed["sign_in"]), Link(**sealed["link"])
        except (SealExpired, LookupError, TypeError):  # too old, not ours, or sealed by another version of the broker
            raise SignInLost from None
        if not hmac.compare_digest(sign_in.state.encode(), unverified_response.get("state", "").encode()):
            raise SignInLost
        return sign_in, link


@contextmanager
def _telling_who_asked(link: Link) -> Iterator[None]:
    """Whatever is refused inside is refused with the name of whom to turn to."""
    try:
        yield
    except BrokerError as error:
        if link.asker_name:
            error.knowing(**{ASKER: link.asker_name})
        raise


def cookie_suffix(unverified_state: str) -> str:
    """What tells the cookies of two tabs apart: the first eight of the state's hex digits."""
    return "".join(character for character in unverified_state[:8] if character in "0123456789abcdef")


def _require_success(unverified_response: Mapping[str, str], sign_in: SignIn, settings: Settings) -> None:
    """Raise unless the authority answered with a code (RFC 6749 section 4.1.2.1), and was the one asked (RFC 9207)."""
    issuer = unverified_response.get("iss")
    if issuer is not None and issuer != f"{settings.authority_host}/{sign_in.tenant_id}/v2.0":
        raise WrongTenant
    if unverified_response.get("error") or not unverified_response.get("code"):
        raise sign_in_refusal(unverified_response, tenant_id=sign_in.tenant_id)
