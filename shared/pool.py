"""Blocking work beside the event loop: a pool of threads for one kind of it, whose audit records are not lost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from shared.audit import Record, gathered, record


class Pool:
    """Threads for one kind of work: what waits for one service must not hold up what waits for another."""

    def __init__(self, kind: str, *, threads: int) -> None:
        """No thread is started before there is work for it."""
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"broker-{kind}")

    async def run[T](self, work: Callable[[], T]) -> T:
        """The outcome of `work`, which may block; its audit records are written on the caller's task, come what may."""
        records: list[Record] = []

        def gathering() -> T:
            with gathered() as found:
                try:
                    return work()
                finally:
                    records.extend(found)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, gathering)
        finally:
            for event, fields in records:
                record(event, fields)
