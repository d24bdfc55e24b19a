"""Work of the host that no request waits for: timers, and functions started through the admin routes."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks that are let finish when the host stops; `closing` tells those that would go on for ever."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def start[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` from now on."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait until all work is done, begun by telling it to end."""
        self.closing.set()
        if self._tasks:
            await asyncio.wait(self._tasks)
