"""Many who want the same thing at the same moment cause one piece of work, and all get its outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from shared.errors import Unavailable

# Longer than any one answer may take (shared/connections.py), so that only what queues behind others meets it; well
# under the 230 s after which the platform hangs up (learn: functions-scale).
PATIENCE = 40.0


class SingleFlight[K: Hashable, T]:
    """One task for each key at a time; a waiter that is cancelled leaves the others their task."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        """`patience` in seconds."""
        self._patience = patience
        self._flights: dict[K, asyncio.Task[T]] = {}

    async def run(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of `work` for this key, or of the work that is under way for it.

        Each waits its own time at most, however long ago the work began; the work goes on. Raises Unavailable.
        """
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(self.start(key, work))
        except TimeoutError as error:
            raise Unavailable("It took too long.") from error

    def start(self, key: K, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Begin the work for this key unless it is under way; nobody has to wait for it."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(_awaited(work))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        return flight

    def leave(self, key: K) -> None:
        """Whoever asks from now on begins anew; those who wait already get what is under way."""
        self._flights.pop(key, None)

    def _land(self, key: K, done: asyncio.Task[T]) -> None:
        if self._flights.get(key) is done:
            del self._flights[key]
        if not done.cancelled():
            # Work that nobody waits for fails in silence here; whoever asks next meets the failure itself.
            done.exception()


async def _awaited[T](work: Callable[[], Awaitable[T]]) -> T:
    return await work()
