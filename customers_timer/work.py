"""The tries of one run: each is tried by whoever is free, at its turn, and kept before the next."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from customers_timer.attempt import Attempts
from customers_timer.bounds import Bounds
from customers_timer.pace import Pace
from customers_timer.tally import Tally
from customers_timer.target import Target
from shared.clock import Clock
from shared.customers.application_grants import Grant
from shared.customers.result import Result
from shared.customers.results import Results
from shared.errors import AuthorityUnavailable, BrokerError

# The application asks the same too often; requests were throttled: both come without HTTP 429.
THROTTLED = frozenset({50196, 90055})


# By the customer and the resource.
type GrantOf = Callable[[str, str], Grant | None]


class Queue:
    """Targets in their order, each handed out once; what is handed out is not held any more."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._targets = deque(targets)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._targets)

    def next(self) -> Target | None:
        """The next one; None when there is none."""
        with self._lock:
            return self._targets.popleft() if self._targets else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the threads of a run share; `grant_of` says what the grant set asks for of a resource."""

    queue: Queue
    attempts: Attempts
    results: Results
    grant_of: GrantOf
    bounds: Bounds
    pace: Pace
    tally: Tally
    clock: Clock

    def run(self) -> None:
        """Try one after the other until there is none, or no time."""
        while self.clock() < self.bounds.until and (target := self.queue.next()) is not None:
            if self.bounds.stops(target):
                continue
            if target.has_host:
                self._guarded(target, partial(self._tried, turn=self.pace.turn()))
            else:
                self._guarded(target, self._untried)

    def _guarded(self, target: Target, act: Callable[[Target], None]) -> None:
        """One target; its failure stops nothing, except that some are everybody's."""
        try:
            act(target)
        except BrokerError as error:
            self.bounds.failed(target.part.consent, error)
            self.tally.not_kept(error.code)
        except Exception as error:  # noqa: BLE001 - it would take this thread's share of the run along with it
            self.tally.broke(error)

    def _tried(self, target: Target, turn: float) -> None:
        result, error = self.attempts.tried(target, self.grant_of(target.tenant_id, target.resource))
        if error is not None and _asks_to_wait(error):
            self.pace.throttled(turn)
        self._keep(target, result)
        self.bounds.judged(target, result)

    def _untried(self, target: Target) -> None:
        """Nobody is asked, and it is nobody's turn."""
        result = self.attempts.untried(target)
        self._keep(target, result)
        self.bounds.untried(result.outcome)

    def _keep(self, target: Target, result: Result) -> None:
        now = self.clock()
        self.results.put(result, now=now)
        self.tally.tried(target.before, result, now)


def _asks_to_wait(error: BrokerError) -> bool:
    # Entra ID's 429 says how long; a 503 that does means the same.
    if not isinstance(error, AuthorityUnavailable):
        return False
    return error.retry_after is not None or error.authority_code in THROTTLED
