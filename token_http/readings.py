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

type Outcome[T] = T | ConsentUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered[T]:
    """A reading, or what it said instead, from when to when; `failed_on`: when the vault last did not answer since."""

    outcome: Outcome[T]
    read_on: datetime
    done_on: datetime
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
        self._flights: SingleFlight[K, Outcome[T]] = SingleFlight()
        self._forgotten = 0

    def at_hand(self, key: K, *, since: datetime | None = None) -> Outcome[T] | None:
        """What may be served now without reading; None when it must be read. Never waits, on the event loop alone.

        A reading that came to its end after `since` counts, however long it took: one waits for it and goes on.
        """
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        # A clock that was set back must not make a reading fresh for longer.
        age = abs(now - kept.read_on)
        if age < self._max_age:
            if age > self._ahead:
                self._flights.start(key, lambda: self._reading(key))
            return kept.outcome
        if since is not None and kept.done_on >= since:
            return kept.outcome
        just_failed = kept.failed_on is not None and abs(now - kept.failed_on) < RETRY_AFTER_FAILURE
        return kept.outcome if just_failed and age < self._stale_limit else None

    def begin(self, key: K) -> None:
        """Read this key, unless that is under way; nobody waits for it."""
        self._flights.start(key, lambda: self._reading(key))

    def remembered(self, key: K) -> Outcome[T] | None:
        """The last reading, however old; None where it was forgotten. Nobody is to be served by it."""
        kept = self._kept.get(key)
        return kept.outcome if kept else None

    async def get(self, key: K) -> T:
        """The value, at most `max_age` old unless the vault is away; raises what the reading raised."""
        at_hand = self.at_hand(key)
        if at_hand is not None:
            return value_of(at_hand)
        try:
            return value_of(await self._flights.run(key, lambda: self._reading(key)))
        except Unavailable:
            self._put_off(key)
            kept = self._kept.get(key)
            if kept is None or abs(self._clock() - kept.read_on) >= self._stale_limit:
                raise
            return value_of(kept.outcome)

    def forget(self, key: K) -> None:
        """Read this key again at its next use; what a reading under way may have seen already does not count."""
        self._kept.pop(key, None)
        self._flights.leave(key)
        self._forgotten += 1

    async def _reading(self, key: K) -> Outcome[T]:
        asked_on, forgotten = self._clock(), self._forgotten
        try:
            outcome: Outcome[T] = await self._read(key)
        except ConsentUnusable as refusal:
            outcome = refusal.afresh()
        except Unavailable:
            self._put_off(key)
            raise
        if forgotten == self._forgotten:
            self._drop_what_is_over()
            self._kept[key] = _Remembered(outcome=outcome, read_on=asked_on, done_on=self._clock())
        return outcome

    def _drop_what_is_over(self) -> None:
        """A refresh token lies in memory no longer than it may be served."""
        now, longest = self._clock(), max(self._max_age, self._stale_limit)
        for key in [key for key, kept in self._kept.items() if abs(now - kept.read_on) >= longest]:
            self._kept.pop(key, None)

    def _put_off(self, key: K) -> None:
        kept = self._kept.get(key)
        if kept is not None:
            self._kept[key] = replace(kept, failed_on=self._clock())


def value_of[T](outcome: Outcome[T]) -> T:
    """The value of a reading; raises the refusal if that is what it said."""
    if isinstance(outcome, ConsentUnusable):
        raise outcome.afresh()
    return outcome
