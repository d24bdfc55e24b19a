"""The renewal of one consent: proven by a real exchange, stored when it is due, its health recorded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from refresh_timer.alarms import alarmed
from refresh_timer.due import Ages, Due, due
from refresh_timer.outcome import PROVEN, RECOVERED, STORED, SUPERSEDED, Outcome
from shared.clock import Clock
from shared.consents.consent import Renewal
from shared.consents.health import FAILING, LOST, OK, Health
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Entry, Served, StoredRenewal
from shared.entra.authority_errors import is_known_dead
from shared.entra.errors import AccountRefused, NewConsentNeeded
from shared.entra.mfa import mfa_of
from shared.entra.place import Place
from shared.entra.tokens import Exchanger, TokenSet
from shared.errors import BrokerError, ConsentUnreadable, ConsentUnusable

FAILURES_UNTIL_LOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewals:
    """Refreshes consents one at a time; may block, and raises what is not to be blamed on the consent.

    `authority_of` a consent's name is the authority as the application uses it to which the consent was given;
    `left_alone` are the names of consents to an application that the settings do not name.
    """

    store: ConsentStore
    authority_of: Callable[[str], Exchanger]
    ages: Ages
    clock: Clock
    left_alone: frozenset[str] = frozenset()

    def refresh(self, entry: Entry) -> Outcome:
        """Prove the consent, and store what came if that is due.

        Raises what tells nothing of this consent: the application's trouble, the authority's, the vault's, a value
        that cannot be read.
        """
        token, stored = self._refresh_token(entry)
        if token is None:
            return Outcome(entry=entry, what=SUPERSEDED)
        try:
            exchanged = self.authority_of(entry.name).exchange(
                token,
                tenant_id=entry.person.tenant_id,
                scope=entry.scope,
                place=Place.HOME,
                person=entry.person.object_id,
            )
        except (NewConsentNeeded, AccountRefused) as error:
            return self._failed(entry, token, error)
        return self._proven(entry, exchanged, stored)

    def _proven(self, entry: Entry, exchanged: TokenSet, stored: StoredRenewal | None) -> Outcome:
        now, mfa = self.clock().replace(microsecond=0), mfa_of(exchanged.access_token)
        recovered = entry.health is not None and entry.health.status != OK
        if stored is None or entry.health is None or due(entry, ages=self.ages, now=now) is Due.STORE:
            health = Health(lineage=entry.lineage, renewed_on=now, proven_on=now, mfa=mfa)
            renewal = Renewal(lineage=entry.lineage, refresh_token=exchanged.refresh_token)
            left = self.store.store_renewal(entry.name, renewal, health, over=stored)
            return Outcome(entry=entry, what=RECOVERED if recovered else STORED, code=left)
        renewed_on = entry.health.renewed_on
        health = Health(lineage=entry.lineage, renewed_on=renewed_on, proven_on=now, previous=stored.previous, mfa=mfa)
        self.store.mark(entry.name, stored.version, health)
        return Outcome(entry=entry, what=RECOVERED if recovered else PROVEN)

    def _refresh_token(self, entry: Entry) -> tuple[str | None, StoredRenewal | None]:
        """The refresh token in force and the renewal it would go over; no token when the consent has changed since."""
        stored = self.store.renewal(entry.name) if entry.health else None
        if stored is not None and stored.renewal.lineage == entry.lineage:
            return stored.renewal.refresh_token, stored
        served = self._served(entry)
        return (served.refresh_token, served.stored) if served else (None, None)

    def _served(self, entry: Entry) -> Served | None:
        """What is in force now; None when it is not the consent of the listing any more."""
        try:
            served = self.store.load(entry.name)
        except ConsentUnreadable:
            raise
        except ConsentUnusable:
            return None
        return served if served.consent.lineage == entry.lineage else None

    def _failed(self, entry: Entry, token: str, error: BrokerError) -> Outcome:
        """Record a failure, unless a newer refresh token or consent was stored while this one was tried."""
        newest = self._served(entry)
        if newest is None or newest.refresh_token != token:
            return Outcome(entry=entry, what=SUPERSEDED)
        before = entry.health or Health(lineage=entry.lineage, renewed_on=entry.consented_on)
        now = self.clock().replace(microsecond=0)
        health, threshold, tells = alarmed(_failing(before, error, now), now)
        if newest.stored is not None and newest.from_renewal:
            self.store.mark(entry.name, newest.stored.version, replace(health, previous=newest.stored.previous))
        else:
            # Health lives on a renewal. The consent's own refresh token, copied into one, serves exactly as before.
            renewal = Renewal(lineage=entry.lineage, refresh_token=token)
            self.store.store_renewal(entry.name, renewal, health, over=newest.stored)
        return Outcome(
            entry=entry,
            what=health.status,
            newly_lost=tells and before.status != LOST,
            still_lost=tells and before.status == LOST,
            crossed=threshold,
            code=error.code,
            authority_code=error.authority_code,
        )


def _failing(before: Health, error: BrokerError, now: datetime) -> Health:
    """The health after one more failure: lost at once for a known dead number, after three failures otherwise."""
    failures = before.failures + 1
    lost = before.status == LOST or is_known_dead(error) or failures >= FAILURES_UNTIL_LOST
    return replace(
        before,
        status=LOST if lost else FAILING,
        error=error.code,
        authority_code=error.authority_code,
        failures=failures,
        failing_since=before.failing_since or now,
        failed_on=now,
    )
