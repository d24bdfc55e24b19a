"""The partner application watched by the timer: its credential's days left, and whether the authority takes it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from refresh_timer.alarms import crossed, days_left
from refresh_timer.outcome import MISCONFIGURED, WORKED, Outcome
from shared.clock import Clock
from shared.consents.application_health import MISCONFIGURED as FAULTY
from shared.consents.application_health import OK, ApplicationHealth
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.store import ConsentStore
from shared.entra.application_credential import ApplicationCredential
from shared.errors import BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReport:
    """What a run found of the application; `left` is None where nobody says when its credential ends."""

    credential: str
    left: int | None = None
    crossed: int | None = None
    health: ApplicationHealth
    recovered: bool = False


class ApplicationWatch:
    """Judges the application at the end of a run, and records what has changed since the last one."""

    def __init__(self, *, credential: ApplicationCredential, store: ConsentStore, clock: Clock) -> None:
        self._credential = credential
        self._store = store
        self._clock = clock

    def review(self, before: ApplicationHealth, outcomes: Sequence[Outcome]) -> ApplicationReport:
        """The report; raises nothing: what cannot be recorded now is found again by the next run."""
        now = self._clock().replace(microsecond=0)
        judged = _judged(before, outcomes, now)
        ends, is_known = self._ends()
        left = days_left(ends, now) if ends else None
        # Of a credential with another end, nothing has been told yet.
        warned = before.warned if before.ends == ends else None
        threshold = crossed(left, warned) if left is not None else None
        told = threshold or warned
        health = replace(judged, warned=told, ends=ends if told else None) if is_known else judged
        if health != before:
            with suppress(BrokerError):  # the vault is away or refuses: the run's outcomes say so
                self._store.mark_application(health)
        return ApplicationReport(
            credential=self._credential.kind,
            left=left,
            crossed=threshold,
            health=health,
            recovered=before.status != OK and health.status == OK,
        )

    def unasked(self, before: ApplicationHealth, outcomes: Sequence[Outcome]) -> ApplicationReport:
        """The report of a run that has no time left to ask or to record anything; the next run does."""
        health = _judged(before, outcomes, self._clock().replace(microsecond=0))
        recovered = before.status != OK and health.status == OK
        return ApplicationReport(credential=self._credential.kind, health=health, recovered=recovered)

    def _ends(self) -> tuple[datetime | None, bool]:
        """When the credential in use ends, and whether that could be told at all."""
        try:
            ends = self._credential.in_use().expires_on
        except BrokerError:
            return None, False  # every exchange of this run has met it too
        return ends.replace(microsecond=0) if ends else None, True


def _judged(before: ApplicationHealth, outcomes: Sequence[Outcome], now: datetime) -> ApplicationHealth:
    """Faulty when any consent was refused on its account, well when one worked; else what it was."""
    outcomes = [outcome for outcome in outcomes if outcome.entry.name != MANAGEMENT_NAME]
    faulty = next((outcome for outcome in outcomes if outcome.what == MISCONFIGURED), None)
    if faulty is not None:
        since = before.since if before.status == FAULTY else now
        return replace(before, status=FAULTY, error=faulty.code, authority_code=faulty.authority_code, since=since)
    if any(outcome.what in WORKED for outcome in outcomes):
        return replace(before, status=OK, error="", authority_code=None, since=None)
    return before
