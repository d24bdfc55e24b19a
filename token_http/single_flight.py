"""Many who want the same thing at the same moment cause one piece of work, and all get its outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable


class SingleFlight[K: Hashable, T]:
    """One task for each key at a time; a waiter that is cancelled leaves the others their task."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[T]] = {}

    async def run(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of `work` for this key, or of the work that is under way for it."""
        return await asyncio.shield(self.start(key, work))

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
