"""How long one piece of work may take: what has not begun by then is not begun, wherever in it that would be.

The front end of the app ends an HTTP request after 230 seconds, and what goes on behind it tells nobody how it ended.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

NO_TIME = "There was no time left for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patience:
    until: float
    monotonic: Callable[[], float]


_patience: ContextVar[_Patience | None] = ContextVar("broker_patience", default=None)


@contextmanager
def within(seconds: float, monotonic: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Give the work inside so many seconds, whatever it had been given before; it runs on this thread."""
    token = _patience.set(_Patience(until=monotonic() + seconds, monotonic=monotonic))
    try:
        yield
    finally:
        _patience.reset(token)


def seconds_left() -> float:
    """Until when something may begin; without end where nobody has said how long the work may take."""
    given = _patience.get()
    return given.until - given.monotonic() if given else float("inf")


def is_over() -> bool:
    """Whether nothing more is to begin."""
    return seconds_left() <= 0
