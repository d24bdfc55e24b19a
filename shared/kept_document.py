"""A document of somebody else's that is kept: one look at a time, the last good one for a bounded time, no guessing.

"Could not find out" is never "no": while nothing good is known, or a look for something new has just failed, whoever
asks is told to come again.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from shared.errors import AuthorityUnavailable, Unavailable

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """Seconds. `fresh`: then it is looked for anew, in the background; `last_good`: how long it serves at most.

    `again`: how soon after a good look somebody who misses something may cause another; `failed`: after a failed one;
    `patience`: how long anybody waits for a look.
    """

    last_good: float
    fresh: float = DAY
    again: float = 60.0
    failed: float = 5.0
    patience: float = 16.0


def in_a_thread(work: Callable[[], None]) -> None:
    """Begin at once, and wait for nothing."""
    threading.Thread(target=work, name="broker-look", daemon=True).start()


class KeptDocument[T]:
    """What `read` answered last; `read` may block, and raises Unavailable when there is nothing to believe."""

    def __init__(
        self,
        read: Callable[[], T],
        *,
        ages: Ages,
        monotonic: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._read = read
        self._ages = ages
        self._monotonic = monotonic
        self._start = start
        self._good: tuple[T, float] | None = None  # and when
        self._failed_on = self._looked_on = float("-inf")
        self._under_way: Future[T] | None = None
        self._lock = threading.Lock()

    @property
    def known(self) -> T | None:
        """The last good one, if it may still serve; never blocks."""
        good = self._good
        return good[0] if good and self._monotonic() - good[1] < self._ages.last_good else None

    def get(self) -> T:
        """The document; waits only while none is known. Raises AuthorityUnavailable."""
        if self.known is None:
            return self._looked()
        now = self._monotonic()
        if self._good and now - self._good[1] >= self._ages.fresh and now - self._looked_on >= self._ages.again:
            self._look()
        return self.known or self._looked()

    def newest(self) -> T:
        """The document for somebody who misses something in it: looked for anew, unless that was just done.

        One who asks waits for that look; the others come again, so that made-up key ids fill no pool of threads.
        """
        known = self.known
        if known is not None and self._monotonic() - self._looked_on < self._ages.again and not self._has_failed():
            return known
        if known is not None and self._under_way is not None:
            raise AuthorityUnavailable(retry_after=1)
        return self._looked()

    def _has_failed(self) -> bool:
        return self._failed_on >= self._looked_on

    def _looked(self) -> T:
        """What one look finds, shared by all who wait for it; a failure is shared for some seconds more."""
        left = self._ages.failed - (self._monotonic() - self._failed_on)
        if self._has_failed() and left > 0:
            raise AuthorityUnavailable(retry_after=max(1, round(left)))
        try:
            return self._look().result(self._ages.patience)
        except TimeoutError as error:
            raise AuthorityUnavailable from error
        except Unavailable as error:
            raise error.afresh() from error

    def _look(self) -> Future[T]:
        with self._lock:
            if self._under_way is not None:
                return self._under_way
            look = self._under_way = Future()
        try:
            self._start(lambda: self._run(look))
        except RuntimeError:  # no thread to be had: those who wait must hear of it, and others may look again
            self._end(failed=True)
            look.set_exception(AuthorityUnavailable())
        return look

    def _run(self, look: Future[T]) -> None:
        try:
            found = self._read()
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._end(failed=True)
            look.set_exception(error if isinstance(error, Unavailable) else AuthorityUnavailable())
        else:
            self._good = (found, self._monotonic())
            self._end(failed=False)
            look.set_result(found)

    def _end(self, *, failed: bool) -> None:
        with self._lock:
            # From its end, not from its beginning: those who waited for a slow look must not repeat it one by one.
            self._looked_on = self._monotonic()
            self._failed_on = self._looked_on if failed else float("-inf")
            self._under_way = None
