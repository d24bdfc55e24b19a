"""How often something may be done: a budget for any stretch of time, spent by whoever asks first."""

import threading
import time
from collections import deque
from collections.abc import Callable


class Budget:
    """At most `limit` in any `seconds`; whoever comes too early waits for its turn."""

    def __init__(
        self,
        limit: int,
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._spent: deque[float] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Return when it is this one's turn; turns are given in the order of asking."""
        with self._lock:
            now = self._monotonic()
            full = len(self._spent) == self._spent.maxlen
            turn = max(now, self._spent[0] + self._seconds) if full else now
            self._spent.append(turn)
        if turn > now:
            self._sleep(turn - now)

    def take(self) -> float:
        """Spend one and return 0; or spend none, and return in how many seconds there is one again."""
        with self._lock:
            now = self._monotonic()
            full = len(self._spent) == self._spent.maxlen
            left = self._spent[0] + self._seconds - now if full else 0.0
            if left <= 0:
                self._spent.append(now)
            # What is rounded in a sum of seconds is no longer wait.
            return min(max(0.0, left), self._seconds)
