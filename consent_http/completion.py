"""The end that every act of consent comes to: checked, proven, looked at again, stored, on record."""

from dataclasses import dataclass

from consent_http.acceptance import Acceptance, Accepted
from consent_http.link import Link
from consent_http.link_standing import Standings
from shared.audit import record
from shared.clock import Clock
from shared.consents.applications import Applications
from shared.consents.consent import Act, Consent, Renewal, Withdrawal, new_lineage
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.entra.place import Place
from shared.entra.tokens import TokenSet
from shared.errors import BrokerError, ConsentRefused, Unavailable

BROWSER, DEVICE, IMPORT, RESTORE = "browser", "device", "import", "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """How an act came about, for the record: the way, the operator's object id ("" for a link), the correlation id."""

    way: str
    operator: str = ""
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The consent that was given, and the act in force after it was stored: usually the same.

    `was_stored` is False where it was in force already, and nothing was done.
    """

    consent: Consent
    in_force: Consent | Withdrawal
    was_stored: bool = True


class Completion:
    """Everything here may block; nothing is stored before every check has passed."""

    def __init__(
        self,
        *,
        applications: Applications,
        store: ConsentStore,
        standings: Standings,
        acceptance: Acceptance,
        clock: Clock,
    ) -> None:
        self._applications = applications
        self._store = store
        self._standings = standings
        self._acceptance = acceptance
        self._clock = clock

    def complete(
        self, redeemed: TokenSet, *, link: Link, scope: str, nonce: str | None, in_force: Act | None, occasion: Occasion
    ) -> Confirmation:
        """Check a sign-in, prove it and store it; raises the refusal that says what to do, with nothing stored.

        `in_force` is the act that `link` was held against before the sign-in was redeemed.
        """
        try:
            accepted = self._acceptance.check(redeemed, nonce=nonce, link=link, in_force=in_force)
        except ConsentRefused as error:
            record("consent.refused", _refused(error, link, occasion))
            raise
        proof = self._applications.of(link.name).authority.exchange(
            redeemed.refresh_token,
            tenant_id=link.tenant_id,
            scope=scope,
            place=Place.SIGN_IN,
            person=accepted.person.object_id,
        )
        consent = self._consent(link, scope, redeemed, accepted)
        # Again, and just before storing: the sign-in took a person's time.
        link.require_in_force(self._standings.now(link.name), names_person=True)
        return self.store(consent, proof, occasion)

    def store(self, consent: Consent, proof: TokenSet, occasion: Occasion) -> Confirmation:
        """Store a proven consent and its first renewal; VaultUnavailable: it may be stored or not."""
        stored = self._stored(consent, occasion)
        if stored.lineage == consent.lineage:
            self._store_first_renewal(consent, proof)
            stored = self._newest(stored)
        return Confirmation(consent=consent, in_force=stored)

    def _consent(self, link: Link, scope: str, redeemed: TokenSet, accepted: Accepted) -> Consent:
        return Consent(
            name=link.name,
            lineage=new_lineage(),
            refresh_token=redeemed.refresh_token,
            person=accepted.person,
            scope=scope,
            mfa=accepted.mfa,
            link_id=link.id,
            consented_on=self._clock().replace(microsecond=0),
        )

    def _stored(self, consent: Consent, occasion: Occasion) -> Consent | Withdrawal:
        """The act in force once the consent is stored; on record too when nobody can tell whether it was."""
        try:
            stored = self._store.store_consent(consent)
        except Unavailable:
            record("consent.in_doubt", _fields(consent, occasion, in_force=None))
            raise
        finally:
            self._standings.forget(consent.name)
        record("consent.stored", _fields(consent, occasion, in_force=stored.lineage == consent.lineage))
        return stored

    def _store_first_renewal(self, consent: Consent, proof: TokenSet) -> None:
        """The proof's newer refresh token, and a first health. Without it the timer finds the consent due at once."""
        now = self._clock().replace(microsecond=0)
        health = Health(lineage=consent.lineage, renewed_on=now, proven_on=now, mfa=consent.mfa)
        renewal = Renewal(lineage=consent.lineage, refresh_token=proof.refresh_token)
        try:
            self._store.store_renewal(consent.name, renewal, health, over=self._store.readable_renewal(consent.name))
        except BrokerError as error:
            record("renewal.deferred", {"consent": consent.name, "lineage": consent.lineage, "outcome": error.code})

    def _newest(self, stored: Consent | Withdrawal) -> Consent | Withdrawal:
        """One last look: of two people within a second, both should be told who is in force."""
        try:
            return self._store.in_force(stored.name) or stored
        except BrokerError:
            return stored  # it was stored, and nobody is told that it was not


def _refused(error: ConsentRefused, link: Link, occasion: Occasion) -> dict[str, str | None]:
    return {
        "consent": link.name,
        "tenant": link.tenant_id,
        "person": error.person,
        "outcome": error.code,
        "link": link.id,
        "way": occasion.way,
        "operator": occasion.operator,
        "correlation_id": occasion.correlation,
    }


def _fields(consent: Consent, occasion: Occasion, *, in_force: bool | None) -> dict[str, str | bool | None]:
    return {
        "consent": consent.name,
        "lineage": consent.lineage,
        "in_force": in_force,
        "tenant": consent.person.tenant_id,
        "person": consent.person.object_id,
        "mfa": consent.mfa,
        "scope": consent.scope,
        "link": consent.link_id,
        "way": occasion.way,
        "operator": occasion.operator,
        "correlation_id": occasion.correlation,
    }
