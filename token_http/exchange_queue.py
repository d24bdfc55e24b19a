"""Who exchanges next: one exchange for all who want the same token, and turns that are fair to every caller."""

import asyncio
import itertools
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from token_http.refusals import TooManyRequests

# A morning of 400 customers and three resources is 1,200 at once; with 32 threads and a second each, 38 s.
MOST_WAITING, MOST_WAITING_IN_ALL = 2_000, 20_000


@dataclass(slots=True, kw_only=True, eq=False)
class _Flight[T]:
    work: Callable[[], Awaitable[T]]
    outcome: asyncio.Future[T] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    # In whose queues it waits; none once it has begun.
    callers: set[str] = field(default_factory=set)


class ExchangeQueue[K: Hashable, T]:
    """Runs at most `slots` exchanges at a time. A free slot goes to the waiting caller who has the fewest under way.

    Of several with as few, to the one whose last turn is the longest ago. So nobody waits behind another's long queue,
    no slot is idle while anybody waits, and while others wait nobody gets more than an even share of what becomes free.
    Belongs to one event loop and takes no lock.
    """

    def __init__(self, *, slots: int, most_waiting: int = MOST_WAITING, in_all: int = MOST_WAITING_IN_ALL) -> None:
        """`most_waiting` bounds the queue of one caller, `in_all` all queues together."""
        self._free = slots
        self._slots = slots
        self._most_waiting = most_waiting
        self._in_all = in_all
        self._flights: dict[K, _Flight[T]] = {}
        self._queues: dict[str, OrderedDict[K, _Flight[T]]] = {}
        self._under_way: Counter[str] = Counter()
        self._turns = itertools.count(1)
        self._last_turn: dict[str, int] = {}

    async def run(self, key: K, work: Callable[[], Awaitable[T]], *, caller: str) -> T:
        """The outcome of `work`, or of the work for this key that waits or is under way; raises TooManyRequests.

        One who gives up leaves the others their exchange.
        """
        return await asyncio.shield(self.start(key, work, caller=caller))

    def start(self, key: K, work: Callable[[], Awaitable[T]], *, caller: str) -> asyncio.Future[T]:
        """Take a turn for this key; nobody has to wait for it. Raises TooManyRequests.

        For what waits in another's queue already, the caller's own turn counts too: the earlier of the two does it.
        """
        flight = self._flights.get(key)
        if flight is None:
            self._require_room(caller)
            flight = _Flight(work=work)
            # What nobody waits for fails in silence; whoever asks next meets the failure itself.
            flight.outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._flights[key] = flight
            self._wait(key, flight, caller)
        elif flight.callers and self._has_room(caller):
            self._wait(key, flight, caller)
        self._fill()
        return flight.outcome

    def leave(self, is_over: Callable[[K], bool]) -> None:
        """Whoever asks from now on for one of these keys begins anew; those who wait get what is under way."""
        # What has not begun yet will be as new as what anybody else would begin.
        for key in [key for key, flight in self._flights.items() if not flight.callers and is_over(key)]:
            del self._flights[key]

    def _wait(self, key: K, flight: _Flight[T], caller: str) -> None:
        flight.callers.add(caller)
        self._queues.setdefault(caller, OrderedDict()).setdefault(key, flight)

    def _has_room(self, caller: str) -> bool:
        own = len(self._queues.get(caller, ()))
        # Whoever has nothing waiting gets a turn, however much the others have.
        return own == 0 or (own < self._most_waiting and len(self._flights) < self._in_all)

    def _require_room(self, caller: str) -> None:
        if not self._has_room(caller):
            raise TooManyRequests(retry_after=max(1, len(self._queues[caller]) // self._slots))

    def _fill(self) -> None:
        while self._free and self._queues:
            caller = min(self._queues, key=lambda name: (self._under_way[name], self._last_turn.get(name, 0)))
            key, flight = next(iter(self._queues[caller].items()))
            self._leave_queues(key, flight)
            self._last_turn[caller] = next(self._turns)
            self._begin(key, flight, caller)

    def _leave_queues(self, key: K, flight: _Flight[T]) -> None:
        for caller in flight.callers:
            queue = self._queues[caller]
            del queue[key]
            if not queue:
                del self._queues[caller]
        flight.callers.clear()

    def _begin(self, key: K, flight: _Flight[T], caller: str) -> None:
        self._free -= 1
        self._under_way[caller] += 1
        task = asyncio.ensure_future(_awaited(flight.work))
        task.add_done_callback(lambda done: self._end(key, flight, caller, done))

    def _end(self, key: K, flight: _Flight[T], caller: str, done: asyncio.Task[T]) -> None:
        self._free += 1
        self._under_way[caller] -= 1
        if not self._under_way[caller]:
            del self._under_way[caller]
            if caller not in self._queues:
                del self._last_turn[caller]
        if self._flights.get(key) is flight:
            del self._flights[key]
        if done.cancelled():
            flight.outcome.cancel()
        elif error := done.exception():
            flight.outcome.set_exception(error)
        else:
            flight.outcome.set_result(done.result())
        self._fill()


async def _awaited[T](work: Callable[[], Awaitable[T]]) -> T:
    return await work()
