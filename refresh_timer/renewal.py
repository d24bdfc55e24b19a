"""One run of the timer: prove every due consent by a real exchange, store what is due, record health, go on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from refresh_timer.due import Ages, Due, due, most_urgent_first
from refresh_timer.report import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    PROVEN,
    RECOVERED,
    STORED,
    SUPERSEDED,
    TRANSIENT,
    UNREADABLE,
    VAULT_REFUSED,
    Outcome,
    Report,
    summarize,
)
from shared.audit import record
from shared.authority_errors import is_known_dead
from shared.clock import Clock
from shared.consent import Renewal
from shared.consent_store import ConsentStore
from shared.errors import (
    ApplicationMisconfigured,
    BrokerError,
    ConsentUnreadable,
    ConsentUnusable,
    Unavailable,
    VaultRefused,
)
from shared.health import FAILING, LOST, OK, Health
from shared.mfa import mfa_of
from shared.stored_consent import Entry, Served, StoredRenewal
from shared.tokens import Exchanger

CONCURRENT = 8
# Well under the ten minutes that the platform gives a running function before an update ends it.
LONGEST_RUN = timedelta(minutes=8)
FAILURES_UNTIL_LOST = 3
# The tenant and the scope of a proof.
type Alike = tuple[str, str]


class RefreshRun:
    """A run reads what is due from the vault, so it can be cut anywhere and the next one carries on."""

    def __init__(self, *, store: ConsentStore, authority: Exchanger, ages: Ages, clock: Clock) -> None:
        self._store = store
        self._authority = authority
        self._ages = ages
        self._clock = clock

    def run(self) -> Report:
        """Do what is due, the most urgent first; raises what listing the vault raises, and nothing else."""
        listing = self._store.all()
        now = self._clock()
        entries = most_urgent_first(
            [entry for entry in listing.entries if due(entry, ages=self._ages, now=now) is not Due.NOTHING]
        )
        refused: set[Alike] = set()
        outcomes: list[Outcome] = []
        with ThreadPoolExecutor(CONCURRENT, thread_name_prefix="refresh") as pool:
            for outcome in pool.map(lambda entry: self._guarded(entry, refused, now + LONGEST_RUN), entries):
                # Here and not in the pool: the Functions host drops what threads other than a handler's own log.
                record("refresh.consent", outcome.fields())
                outcomes.append(outcome)
        report = summarize(listing, outcomes)
        record("refresh.run", report.fields())
        return report

    def _guarded(self, entry: Entry, refused: set[Alike], until: datetime) -> Outcome:
        """One consent; its failure stops nothing, except that a broken application fails for all alike.

        All alike are the consents of one tenant and scope: that one tenant is gone, or one resource not registered
        any more, is the application's fault by its number, and must not let the others die.
        """
        alike = (entry.person.tenant_id, entry.scope)
        if alike in refused or self._clock() >= until:
            return Outcome(entry=entry, what=CARRIED_OVER)
        try:
            return self._refresh(entry)
        except BrokerError as error:
            if isinstance(error, ApplicationMisconfigured):
                refused.add(alike)
            return Outcome(entry=entry, what=_kind(error), code=error.code, authority_code=error.authority_code)
        except Exception as error:  # noqa: BLE001 - it would take the report, and those who wait, along with it
            # The text of an unforeseen exception may quote what it choked on: its type alone is told.
            return Outcome(entry=entry, what=BROKEN, code=type(error).__name__)

    def _refresh(self, entry: Entry) -> Outcome:
        token, stored = self._refresh_token(entry)
        if token is None:
            return Outcome(entry=entry, what=SUPERSEDED)
        try:
            exchanged = self._authority.exchange(token, tenant_id=entry.person.tenant_id, scope=entry.scope)
        except (ApplicationMisconfigured, Unavailable, VaultRefused):
            # Said of the application's credential, which may lie in the vault too, and not of this consent.
            raise
        except BrokerError as error:
            return self._failed(entry, token, error)
        now, mfa = self._clock().replace(microsecond=0), mfa_of(exchanged.access_token)
        recovered = entry.health is not None and entry.health.status != OK
        if stored is None or entry.health is None or due(entry, ages=self._ages, now=now) is Due.STORE:
            health = Health(lineage=entry.lineage, renewed_on=now, proven_on=now, mfa=mfa)
            renewal = Renewal(lineage=entry.lineage, refresh_token=exchanged.refresh_token)
            self._store.store_renewal(entry.name, renewal, health, over=stored)
            return Outcome(entry=entry, what=RECOVERED if recovered else STORED)
        health = Health(
            lineage=entry.lineage,
            renewed_on=entry.health.renewed_on,
            proven_on=now,
            previous=stored.previous,
            mfa=mfa,
        )
        self._store.mark(entry.name, stored.version, health)
        return Outcome(entry=entry, what=RECOVERED if recovered else PROVEN)

    def _refresh_token(self, entry: Entry) -> tuple[str | None, StoredRenewal | None]:
        """The refresh token in force and the renewal it would go over; no token when the consent has changed since."""
        stored = self._store.renewal(entry.name) if entry.health else None
        if stored is not None and stored.renewal.lineage == entry.lineage:
            return stored.renewal.refresh_token, stored
        served = self._served(entry)
        return (served.refresh_token, served.stored) if served else (None, None)

    def _served(self, entry: Entry) -> Served | None:
        """What is in force now; None when it is not the consent of the listing any more."""
        try:
            served = self._store.load(entry.name)
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
        failures = before.failures + 1
        lost = before.status == LOST or is_known_dead(error) or failures >= FAILURES_UNTIL_LOST
        now = self._clock().replace(microsecond=0)
        health = replace(
            before,
            status=LOST if lost else FAILING,
            error=error.code,
            failures=failures,
            failing_since=before.failing_since or now,
            failed_on=now,
        )
        if newest.stored is not None and newest.from_renewal:
            self._store.mark(entry.name, newest.stored.version, replace(health, previous=newest.stored.previous))
        else:
            # Health lives on a renewal. The consent's own refresh token, copied into one, serves exactly as before.
            renewal = Renewal(lineage=entry.lineage, refresh_token=token)
            self._store.store_renewal(entry.name, renewal, health, over=newest.stored)
        newly_lost = lost and before.status != LOST
        return Outcome(
            entry=entry,
            what=health.status,
            newly_lost=newly_lost,
            code=error.code,
            authority_code=error.authority_code,
        )


def _kind(error: BrokerError) -> str:
    if isinstance(error, ApplicationMisconfigured):
        return MISCONFIGURED
    if isinstance(error, VaultRefused):
        return VAULT_REFUSED
    return TRANSIENT if error.transient else UNREADABLE
