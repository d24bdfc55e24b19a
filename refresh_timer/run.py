"""One run of the timer: every due consent, the most urgent first, within bounds; then the report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from refresh_timer.application import ApplicationReport, ApplicationWatch
from refresh_timer.backoff import Backoff
from refresh_timer.bounds import Bounds, BoundsOfEach
from refresh_timer.due import Due, due, most_urgent_first
from refresh_timer.outcome import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    MISMATCHED,
    REFUSED,
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
from shared.consents.stored_consent import Entry, Listing
from shared.crew import Crew, Limits, Task
from shared.entra.errors import AnswerMismatched, ApplicationMisconfigured, ApplicationRefused, ScopeRefused
from shared.entra.home_errors import HomeTenantRefused
from shared.errors import BrokerError, ConsentUnusable
from shared.vault_errors import VaultRefused, VaultUnavailable

# The code of a consent whose calls had not ended when the run did.
UNFINISHED = "unfinished"
PROGRESS_EVERY = timedelta(seconds=30)


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
        limits: Limits | None = None,
    ) -> None:
        self._renewals = renewals
        self._watch = watch
        self._concurrency = concurrency
        self._clock = clock
        self._backoff = backoff
        self._limits = limits or Limits()
        # What could not be done goes last until it can: however urgent, it must not keep the others from their turn.
        self._put_off: frozenset[str] = frozenset()

    def run(self) -> Report:
        """Do what is due, the most urgent first; raises what listing the vault raises, and nothing else.

        It ends within `limits.end`, whatever hangs.
        """
        begun, limits = self._clock(), self._limits
        bounds = BoundsOfEach(until=begun + timedelta(seconds=limits.begin), backoff=self._backoff())
        with (
            Crew(1, seconds=limits.begin) as lister,
            Crew(self._concurrency, seconds=limits.consents) as renewers,
            Crew(1, seconds=limits.end) as reviewer,
        ):
            listing = self._listed(lister)
            entries = self._due(listing)
            outcomes = list(self._recorded(self._worked_on(entries, bounds, renewers), len(entries)))
            self._put_off = frozenset(outcome.entry.name for outcome in outcomes if self._in_vain(outcome))
            application = self._reviewed(listing, outcomes, reviewer)
        report = summarize(listing, outcomes, application=application, now=self._clock())
        record("refresh.run", {**report.fields(), "seconds": int((self._clock() - begun).total_seconds())})
        return report

    def _listed(self, crew: Crew) -> Listing:
        try:
            return crew.outcome(crew.begin(self._renewals.store.all))
        except TimeoutError as error:
            raise VaultUnavailable("The listing of the token vault did not end in time.") from error

    def _due(self, listing: Listing) -> list[Entry]:
        now, ages = self._clock(), self._renewals.ages
        entries = most_urgent_first(
            [
                entry
                for entry in listing.entries
                if entry.name not in self._renewals.left_alone and due(entry, ages=ages, now=now) is not Due.NOTHING
            ]
        )
        return sorted(entries, key=lambda entry: entry.name in self._put_off)

    def _worked_on(self, entries: Iterable[Entry], bounds: BoundsOfEach, crew: Crew) -> Iterator[Outcome]:
        """The outcome of each consent, in their order; nobody is waited for when the run has to end."""
        tasks = [(entry, crew.begin(partial(self._guarded, entry, bounds.of(entry.name)))) for entry in entries]
        for entry, task in tasks:
            yield _outcome(entry, task, crew)

    def _reviewed(self, listing: Listing, outcomes: Sequence[Outcome], crew: Crew) -> ApplicationReport:
        try:
            return crew.outcome(crew.begin(partial(self._watch.review, listing.application, outcomes)))
        except TimeoutError:
            return self._watch.unasked(listing.application, outcomes)

    def _in_vain(self, outcome: Outcome) -> bool:
        """Whether it was tried and not done, in this run or before; those that nobody got to keep their place."""
        was_tried = outcome.what != CARRIED_OVER or outcome.entry.name in self._put_off
        return was_tried and outcome.what in UNDONE

    def _recorded(self, outcomes: Iterable[Outcome], due_now: int) -> Iterator[Outcome]:
        """Each outcome on record, and the progress of a long run now and then."""
        told = self._clock()
        for done, outcome in enumerate(outcomes, start=1):
            record("refresh.consent", outcome.fields())
            if self._clock() - told >= PROGRESS_EVERY:
                told = self._clock()
                record("refresh.progress", {"done": done, "due": due_now})
            yield outcome

    def _guarded(self, entry: Entry, bounds: Bounds) -> Outcome:
        """One consent; its failure stops nothing, except that a broken application fails for all alike."""
        alike = (entry.person.tenant_id, entry.scope)
        wave = bounds.backoff.wait()
        if wave is None or bounds.stops(alike) or self._clock() >= bounds.until:
            return Outcome(entry=entry, what=CARRIED_OVER)
        try:
            outcome = self._renewals.refresh(entry)
        except BrokerError as error:
            bounds.failed(error, name=entry.name, alike=alike, wave=wave)
            return Outcome(entry=entry, what=_kind(error), code=error.code, authority_code=error.authority_code)
        except Exception as error:  # noqa: BLE001 - it would take the report, and those who wait, along with it
            # The text of an unforeseen exception may quote what it choked on: its type alone is told.
            return Outcome(entry=entry, what=BROKEN, code=type(error).__name__)
        bounds.answered(outcome, alike, wave)
        return outcome


def _outcome(entry: Entry, task: Task[Outcome], crew: Crew) -> Outcome:
    try:
        return crew.outcome(task)
    except TimeoutError:
        # Not begun, or amid its calls: those end by themselves, and the next run finds what they have stored.
        what, code = (CARRIED_OVER, "") if task.future.cancel() else (TRANSIENT, UNFINISHED)
        return Outcome(entry=entry, what=what, code=code)


def _kind(error: BrokerError) -> str:
    match error:
        case AnswerMismatched():
            return MISMATCHED
        case ApplicationRefused():
            return REFUSED
        case ApplicationMisconfigured() | HomeTenantRefused() | ScopeRefused():
            return MISCONFIGURED
        case VaultRefused():
            return VAULT_REFUSED
        case ConsentUnusable():
            return UNREADABLE
    return TRANSIENT if error.transient else BROKEN
