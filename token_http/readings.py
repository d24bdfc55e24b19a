"""Values read from a vault and remembered: fresh for seconds, read ahead, the last good one kept through an outage."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cachetools import LRUCache

from shared.clock import Clock
from shared.errors import ConsentUnusable, Unavailable
from token_http.single_flight import SingleFlight

KEYS_KEPT = 10_000
RETRY_AFTER_FAILURE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered[T]:
    """A reading, or what it said instead; `failed_on` is when the vault last did not answer since."""

    outcome: T | ConsentUnusable
    read_on: datetime
    failed_on: datetime | None = None


class Readings[K: Hashable, T]:
    """Readings by key. A reading older than `max_age` is never served while the vault answers.

    While it does not (Unavailable), the last good one is served until it is `stale_limit` old. That a consent is
    absent or withdrawn is a reading too.
    """

    def __init__(
        self,
        read: Callable[[K], Awaitable[T]],
        *,
        max_age: timedelta,
        stale_limit: timedelta,
        clock: Clock,
    ) -> None:
        self._read = read
        self._max_age = max_age
        self._ahead = max_age / 2
        self._stale_limit = stale_limit
        self._clock = clock
        self._kept: LRUCache[K, _Remembered[T]] = LRUCache(KEYS_KEPT)
        self._flights: SingleFlight[K, _Remembered[T]] = SingleFlight()
        self._forgotten = 0

    async def get(self, key: K) -> T:
        """The value, at most `max_age` old unless the vault is away; raises what the reading raised."""
        kept, now = self._kept.get(key), self._clock()
        # A clock that was set back must not make a reading fresh for longer.
        age = abs(now - kept.read_on) if kept else None
        if kept is None or age is None:
            return _value(await self._flights.run(key, lambda: self._reading(key)))
        if age < self._max_age:
            if age > self._ahead:
                self._flights.start(key, lambda: self._reading(key))
            return _value(kept)
        just_failed = kept.failed_on is not None and abs(now - kept.failed_on) < RETRY_AFTER_FAILURE
        if age < self._stale_limit and just_failed:
            return _value(kept)
        try:
            return _value(await self._flights.run(key, lambda: self._reading(key)))
        except Unavailable:
            if age >= self._stale_limit:
                raise
            return _value(kept)

    def forget(self, key: K) -> None:
        """Read this key again at its next use; what a reading under way may have seen already does not count."""
        self._kept.pop(key, None)
        self._flights.leave(key)
        self._forgotten += 1

    async def _reading(self, key: K) -> _Remembered[T]:
        asked_on, forgotten = self._clock(), self._forgotten
        try:
            outcome: T | ConsentUnusable = await self._read(key)
        except ConsentUnusable as refusal:
            outcome = refusal.afresh()
        except Unavailable:
            self._put_off(key)
            raise
        remembered = _Remembered(outcome=outcome, read_on=asked_on)
        if forgotten == self._forgotten:
            self._kept[key] = remembered
        return remembered

    def _put_off(self, key: K) -> None:
        kept = self._kept.get(key)
        if kept is not None:
            self._kept[key] = replace(kept, failed_on=self._clock())


def _value[T](remembered: _Remembered[T]) -> T:
    if isinstance(remembered.outcome, ConsentUnusable):
        raise remembered.outcome.afresh()
    return remembered.outcome
