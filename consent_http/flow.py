"""The browser's way from link to stored consent: open, begin, complete."""

import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from consent_http.acceptance import Acceptance, Accepted
from consent_http.link import Link, Links
from consent_http.refusals import SignInDeclined, SignInFailed, SignInLost, WrongTenant
from consent_http.seal import SealExpired, Seals
from shared.audit import record
from shared.authority import Authority
from shared.authority_errors import is_of_registration
from shared.clock import Clock
from shared.consent import Consent, Renewal, Withdrawal, new_lineage
from shared.consent_store import ConsentStore
from shared.errors import BrokerError, Unavailable
from shared.health import Health
from shared.settings import Settings
from shared.tokens import Exchanged, Redeemed, SignIn

PURPOSE = "sign-in"
# As long as Entra ID keeps an authorization code, and a little time to type a password.
SIGN_IN_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the cookie that it must bring back."""

    address: str = field(repr=False)
    cookie_suffix: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The consent that was given, and the act in force after it was stored: usually the same."""

    consent: Consent
    in_force: Consent | Withdrawal


class ConsentFlow:
    """Everything here may block; nothing is stored before every check has passed."""

    def __init__(
        self,
        *,
        settings: Settings,
        authority: Authority,
        store: ConsentStore,
        links: Links,
        seals: Seals,
        acceptance: Acceptance,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._authority = authority
        self._store = store
        self._links = links
        self._seals = seals
        self._acceptance = acceptance
        self._clock = clock

    def open(self, unverified_link: str) -> Link:
        """The link, if it may still be used; changes nothing, since mail scanners open links too."""
        link = self._links.open(unverified_link)
        link.require_in_force(self._store.act(link.name))
        return link

    def begin(self, unverified_link: str) -> Begun:
        """A sign-in at the link's tenant, never at `common`."""
        link = self.open(unverified_link)
        state = secrets.token_hex(16)
        address, sign_in = self._authority.begin_sign_in(
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
    ) -> Completed:
        """Redeem, check, prove, store; raises the refusal that says what to do, with nothing stored."""
        sign_in, link = self._begun(unverified_response, unverified_cookie)
        _require_success(unverified_response, sign_in, self._settings)
        in_force = self._store.act(link.name)
        link.require_in_force(in_force)
        with _refusals_of_the_authority():
            redeemed = self._authority.redeem(sign_in, unverified_response["code"])
        accepted = self._acceptance.check(redeemed, sign_in=sign_in, link=link, in_force=in_force)
        with _refusals_of_the_authority():
            proof = self._authority.exchange(redeemed.refresh_token, tenant_id=sign_in.tenant_id, scope=sign_in.scope)
        consent = self._consent(link, sign_in, redeemed, accepted)
        # Again, and just before storing: the sign-in took a person's time.
        link.require_in_force(self._store.act(link.name))
        stored = self._stored(consent, correlation)
        if stored.lineage == consent.lineage:
            self._store_first_renewal(consent, proof)
        return Completed(consent=consent, in_force=stored)

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

    def _consent(self, link: Link, sign_in: SignIn, redeemed: Redeemed, accepted: Accepted) -> Consent:
        return Consent(
            name=link.name,
            lineage=new_lineage(),
            refresh_token=redeemed.refresh_token,
            person=accepted.person,
            scope=sign_in.scope,
            mfa=accepted.mfa,
            link_id=link.id,
            consented_on=self._clock().replace(microsecond=0),
        )

    def _stored(self, consent: Consent, correlation: str) -> Consent | Withdrawal:
        """The act in force once the consent is stored; on record too when nobody can tell whether it was."""
        try:
            stored = self._store.store_consent(consent)
        except Unavailable:
            self._audit("consent.in_doubt", consent, correlation, in_force=None)
            raise
        self._audit("consent.stored", consent, correlation, in_force=stored.lineage == consent.lineage)
        return stored

    def _store_first_renewal(self, consent: Consent, proof: Exchanged) -> None:
        """The proof's newer refresh token, and a first health. Without it the timer finds the consent due at once."""
        health = Health(
            lineage=consent.lineage, renewed_on=consent.consented_on, proven_on=consent.consented_on, mfa=consent.mfa
        )
        renewal = Renewal(lineage=consent.lineage, refresh_token=proof.refresh_token)
        try:
            self._store.store_renewal(consent.name, renewal, health, over=self._store.readable_renewal(consent.name))
        except BrokerError as error:
            record("renewal.deferred", {"consent": consent.name, "lineage": consent.lineage, "outcome": error.code})

    def _audit(self, event: str, consent: Consent, correlation: str, *, in_force: bool | None) -> None:
        record(
            event,
            {
                "consent": consent.name,
                "lineage": consent.lineage,
                "in_force": in_force,
                "tenant": consent.person.tenant_id,
                "person": consent.person.object_id,
                "mfa": consent.mfa,
                "scope": consent.scope,
                "link": consent.link_id,
                "correlation_id": correlation,
            },
        )


def cookie_suffix(unverified_state: str) -> str:
    """What tells the cookies of two tabs apart: the first eight of the state's hex digits."""
    return "".join(character for character in unverified_state[:8] if character in "0123456789abcdef")


@contextmanager
def _refusals_of_the_authority() -> Iterator[None]:
    """Tell the person what the authority said of this sign-in, not what it would mean for a stored consent."""
    try:
        yield
    except Unavailable:
        raise
    except BrokerError as error:
        if is_of_registration(error):
            raise  # nothing that the person could mend
        raise SignInFailed(authority_code=error.authority_code) from error


def _require_success(unverified_response: Mapping[str, str], sign_in: SignIn, settings: Settings) -> None:
    """Raise unless the authority answered with a code (RFC 6749 section 4.1.2.1), and was the one asked (RFC 9207)."""
    issuer = unverified_response.get("iss")
    if issuer is not None and issuer != f"{settings.authority_host}/{sign_in.tenant_id}/v2.0":
        raise WrongTenant
    if unverified_response.get("error") == "access_denied":
        raise SignInDeclined
    if unverified_response.get("error") or not unverified_response.get("code"):
        raise SignInFailed
