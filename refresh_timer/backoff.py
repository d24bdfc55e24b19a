"""How a run holds back while a service does not answer: all wait together, and after a while it stops asking."""

import threading
import time
from collections.abc import Callable

LONGEST_WAIT = 30.0
MOST_WAVES = 5


class Backoff:
    """What is under way at one time is one wave: however many of it fail, they count once.

    The wait is what the service asks for, or twice the last one, at most half a minute; five waves in a row without
    one success, and nothing more is asked in this run.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._wave = 0
        self._failures = 0
        self._resume_at = 0.0
        self._lock = threading.Lock()

    def wait(self) -> int | None:
        """Wait as long as was asked for; the wave that begins then, None when nothing is to be asked any more."""
        with self._lock:
            if self._failures >= MOST_WAVES:
                return None
            wait, wave = self._resume_at - self._monotonic(), self._wave
        if wait > 0:
            self._sleep(wait)
        return wave

    def succeeded(self, wave: int) -> None:
        """Somebody of this wave was answered; of the one that a failure has just ended, too: it was not in vain."""
        with self._lock:
            if wave >= self._wave - 1:
                self._failures = 0

    def failed(self, wave: int, *, retry_after: int | None) -> None:
        """Somebody of this wave was not; `retry_after` in seconds, if the service said so."""
        with self._lock:
            if wave != self._wave:
                return
            self._wave += 1
            self._failures += 1
            asked = float(retry_after) if retry_after else 2.0**self._failures
            self._resume_at = self._monotonic() + min(asked, LONGEST_WAIT)
