"""Threads that a run works with, and that it stops waiting for: what hangs must not take the report with it."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from shared.audit import Record, gathered, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds since a run began: when it begins no more, waits for nobody any more, and for nothing at all.

    The platform gives a running function ten minutes before an update ends it; the last half minute is for the report.
    """

    begin: float = 480.0
    consents: float = 540.0
    end: float = 560.0


@dataclass(frozen=True, slots=True)
class Task[T]:
    """Work that was handed over, and the audit records that it has left."""

    future: Future[T]
    records: list[Record]


class Crew:
    """Threads whose work is waited for until a moment; what runs on then ends by itself, since each call is bounded."""

    def __init__(self, threads: int, *, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="run")
        self._until = time.monotonic() + seconds

    def __enter__(self) -> Self:
        """Its threads start with the first work."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Begin nothing more, and wait for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin[T](self, work: Callable[[], T]) -> Task[T]:
        """Hand work over; it begins when a thread is free."""
        records: list[Record] = []

        def gathering() -> T:
            with gathered() as found:
                try:
                    return work()
                finally:
                    records.extend(found)

        return Task(self._pool.submit(gathering), records)

    def outcome[T](self, task: Task[T]) -> T:
        """What came of it; raises what it raised, and TimeoutError when it has not ended in time.

        Its audit records are written here: the Functions host drops what threads other than a handler's own log.
        """
        found = task.future.exception(max(0.0, self._until - time.monotonic()))
        for event, fields in task.records:
            record(event, fields)
        if found is not None:
            raise found
        return task.future.result()
