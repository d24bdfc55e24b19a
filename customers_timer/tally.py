"""What a run has found so far: counts, and the names of those that fail since this run; threads share it."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.customers.result import HOST_UNKNOWN, Result

WORKING, FAILING, UNANSWERED, UNTRIED = "works", "failing", "unanswered", "untried"
# Records and summaries stay small whatever happens; the counts are whole.
MOST_TOLD = 100


@dataclass(slots=True, kw_only=True)
class Tally:
    """`states` counts all there is, `causes` what fails by its code, `outcomes` the tries of this run."""

    states: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    newly_failing: list[Result] = field(default_factory=list)
    newly_failing_count: int = 0
    recovered: int = 0
    broken: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def done(self) -> int:
        """How many were tried, whatever came of it."""
        return self.outcomes.total()

    def known(self, befores: Iterable[Result | None], now: datetime) -> None:
        """What was known before the run."""
        for before in befores:
            self._count(before, now, 1)

    def tried(self, before: Result | None, result: Result, now: datetime) -> None:
        """One more was tried, and its result is kept."""
        failed, fails = before is not None and before.is_failing(now), result.is_failing(now)
        with self._lock:
            self.outcomes[result.outcome if result.unanswered_since is None else UNANSWERED] += 1
            self._count(before, now, -1)
            self._count(result, now, 1)
            self.recovered += failed and not fails
            if fails and not failed:
                self.newly_failing_count += 1
                if len(self.newly_failing) < MOST_TOLD:
                    self.newly_failing.append(result)

    def not_kept(self, code: str) -> None:
        """One was tried, and nothing came of it for a reason that is no customer's."""
        with self._lock:
            self.outcomes[code] += 1

    def broke(self, error: Exception) -> None:
        """The broker itself failed; the text of an unforeseen exception may quote what it choked on."""
        with self._lock:
            self.outcomes["broken"] += 1
            self.broken.add(type(error).__name__)

    def _count(self, result: Result | None, now: datetime, by: int) -> None:
        self.states[_state(result, now)] += by
        if result is not None and result.is_failing(now):
            self.causes[result.outcome] += by


def _state(result: Result | None, now: datetime) -> str:
    if result is None or result.outcome == HOST_UNKNOWN:
        return UNTRIED
    if result.is_failing(now):
        return FAILING
    return WORKING if result.works else UNANSWERED
