"""How fast a run tries: so many in a second, half as many each time that the authority asks to wait."""

import threading
import time
from collections.abc import Callable

# Slower than this it never gets; after a quiet minute it is twice as fast again.
SLOWEST = 1.0
QUIET_SECONDS = 60.0


class Pace:
    """Turns, given in the order of asking; threads share it.

    What was begun before the pace was halved does not halve it again: however many are under way, they count once.
    """

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fastest = self._rate = per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = self._changed_on = monotonic()
        self._lock = threading.Lock()

    @property
    def per_second(self) -> float:
        """How many it gives in a second now."""
        return self._rate

    def turn(self) -> float:
        """Return when it is this one's turn; the moment, which `throttled` is told."""
        with self._lock:
            now = self._monotonic()
            if self._rate < self._fastest and now - self._changed_on >= QUIET_SECONDS:
                self._change(min(self._fastest, self._rate * 2), now)
            turn = max(now, self._next)
            self._next = turn + 1 / self._rate
        if turn > now:
            self._sleep(turn - now)
        return turn

    def throttled(self, turn: float) -> None:
        """What began at this turn was asked to wait."""
        with self._lock:
            if turn >= self._changed_on:
                self._change(max(SLOWEST, self._rate / 2), self._monotonic())

    def _change(self, rate: float, now: float) -> None:
        self._rate, self._changed_on = rate, now
