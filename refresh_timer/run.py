"""One run of the timer: every due consent, the most urgent first, within bounds; then the report."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from refresh_timer.application import ApplicationWatch
from refresh_timer.backoff import Backoff
from refresh_timer.due import Due, due, most_urgent_first
from refresh_timer.outcome import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    TRANSIENT,
    UNDONE,
    UNREADABLE,
    VAULT_REFUSED,
    Outcome,
)
from refresh_timer.renewal import Renewals
from refresh_timer.report import Report, summarize
from shared.audit import record
from shared.clock import Clock
from shared.consents.stored_consent import Entry
from shared.entra.authority_errors import is_of_credential
from shared.entra.errors import ApplicationMisconfigured
from shared.errors import BrokerError, Unavailable
from shared.vault_errors import VaultRefused

# Well under the ten minutes that the platform gives a running function before an update ends it.
LONGEST_RUN = timedelta(minutes=8)
PROGRESS_EVERY = timedelta(seconds=30)
# One secret may be guarded by itself; so many in a row, and it is the broker's role on the vault.
MOST_VAULT_REFUSALS = 50
# The tenant and the scope of a proof.
type Alike = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class _Bounds:
    """What ends a run early: its time, a service that does not answer, an application that is refused everywhere.

    Refused alike are the consents of one tenant and scope: that one tenant is gone, or one resource not registered any
    more, is the application's fault by its number, and must not let the others die. A wrong credential fails for all,
    and so does a role on the vault that is gone.
    """

    until: datetime
    backoff: Backoff
    refused: set[Alike] = field(default_factory=set)
    refused_everywhere: bool = False
    vault_refusals: int = 0


class RefreshRun:
    """A run reads what is due from the vault, so it can be cut anywhere and the next one carries on."""

    def __init__(
        self,
        *,
        renewals: Renewals,
        watch: ApplicationWatch,
        concurrency: int,
        clock: Clock,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._renewals = renewals
        self._watch = watch
        self._concurrency = concurrency
        self._clock = clock
        self._backoff = backoff
        # What could not be done goes last until it can: however urgent, it must not keep the others from their turn.
        self._put_off: frozenset[str] = frozenset()

    def run(self) -> Report:
        """Do what is due, the most urgent first; raises what listing the vault raises, and nothing else."""
        begun = self._clock()
        listing = self._renewals.store.all()
        now = self._clock()
        ages = self._renewals.ages
        entries = most_urgent_first(
            [entry for entry in listing.entries if due(entry, ages=ages, now=now) is not Due.NOTHING]
        )
        entries.sort(key=lambda entry: entry.name in self._put_off)
        bounds = _Bounds(until=begun + LONGEST_RUN, backoff=self._backoff())
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="refresh") as pool:
            outcomes = list(self._recorded(pool.map(lambda entry: self._guarded(entry, bounds), entries), len(entries)))
        self._put_off = frozenset(outcome.entry.name for outcome in outcomes if self._in_vain(outcome))
        application = self._watch.review(listing.application, outcomes)
        report = summarize(listing, outcomes, application=application, now=self._clock())
        record("refresh.run", {**report.fields(), "seconds": int((self._clock() - begun).total_seconds())})
        return report

    def _in_vain(self, outcome: Outcome) -> bool:
        """Whether it was tried and not done, in this run or before; those that nobody got to keep their place."""
        was_tried = outcome.what != CARRIED_OVER or outcome.entry.name in self._put_off
        return was_tried and outcome.what in UNDONE

    def _recorded(self, outcomes: Iterable[Outcome], due_now: int) -> Iterator[Outcome]:
        """Each outcome on record, and the progress of a long run now and then.

        Here and not in the pool: the Functions host drops what threads other than a handler's own log.
        """
        told = self._clock()
        for done, outcome in enumerate(outcomes, start=1):
            record("refresh.consent", outcome.fields())
            if self._clock() - told >= PROGRESS_EVERY:
                told = self._clock()
                record("refresh.progress", {"done": done, "due": due_now})
            yield outcome

    def _guarded(self, entry: Entry, bounds: _Bounds) -> Outcome:
        """One consent; its failure stops nothing, except that a broken application fails for all alike."""
        alike = (entry.person.tenant_id, entry.scope)
        wave = bounds.backoff.wait()
        if wave is None or bounds.refused_everywhere or alike in bounds.refused or self._clock() >= bounds.until:
            return Outcome(entry=entry, what=CARRIED_OVER)
        try:
            outcome = self._renewals.refresh(entry)
        except BrokerError as error:
            _note(error, alike, wave, bounds)
            return Outcome(entry=entry, what=_kind(error), code=error.code, authority_code=error.authority_code)
        except Exception as error:  # noqa: BLE001 - it would take the report, and those who wait, along with it
            # The text of an unforeseen exception may quote what it choked on: its type alone is told.
            return Outcome(entry=entry, what=BROKEN, code=type(error).__name__)
        bounds.backoff.succeeded(wave)
        bounds.vault_refusals = 0
        return outcome


def _note(error: BrokerError, alike: Alike, wave: int, bounds: _Bounds) -> None:
    if isinstance(error, Unavailable):
        bounds.backoff.failed(wave, retry_after=error.retry_after)
    if isinstance(error, ApplicationMisconfigured):
        bounds.refused.add(alike)
        # No `|=`: it would write back what it had read before another thread found out.
        if is_of_credential(error):
            bounds.refused_everywhere = True
    if isinstance(error, VaultRefused):
        bounds.vault_refusals += 1
        if bounds.vault_refusals >= MOST_VAULT_REFUSALS:
            bounds.refused_everywhere = True


def _kind(error: BrokerError) -> str:
    if isinstance(error, ApplicationMisconfigured):
        return MISCONFIGURED
    if isinstance(error, VaultRefused):
        return VAULT_REFUSED
    return TRANSIENT if error.transient else UNREADABLE
