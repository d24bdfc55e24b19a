"""Whose log line it is: the Functions host drops what an app logs outside the task or thread of a running handler.

The worker finds the invocation of a record by the asyncio task that logs (child tasks inherit it) or by a context
variable that it sets in the thread of a `def` handler; a record without one is sent on without an id, and the host
throws it away (azure-functions-python-worker issues 898, 1358, 1860). So does this host, or nobody would notice here.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import azure_functions_runtime as runtime

# What the host and the worker say of themselves is never an app's.
OWN = ("azure_functions_runtime", "local", "uvicorn", "asyncio")


class InvocationTask(asyncio.Task[Any]):
    """A task that knows the invocation it belongs to, as the worker's own tasks do."""

    invocation_id: str | None = None

    def __init__(self, coroutine: Coroutine[Any, Any, Any], **options: Any) -> None:  # noqa: ANN401 - asyncio's own
        super().__init__(coroutine, **options)
        parent = asyncio.current_task(self.get_loop())
        if isinstance(parent, InvocationTask):
            self.invocation_id = parent.invocation_id


class Attributed(logging.Filter):
    """Lets a record pass that an invocation can be found for, or that is not the app's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the real host would keep this record."""
        return record.name.partition(".")[0] in OWN or _invocation_id() is not None


def install() -> None:
    """Make every task of the running loop know its invocation, and drop what nobody can attribute."""
    asyncio.get_running_loop().set_task_factory(
        lambda loop, coroutine, **options: InvocationTask(coroutine, loop=loop, **options)
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(Attributed())


@contextmanager
def invocation(invocation_id: str) -> Iterator[None]:
    """What the current task, and the tasks it begins, log meanwhile belongs to this invocation."""
    task = asyncio.current_task()
    if not isinstance(task, InvocationTask):
        raise TypeError("install() comes before the first invocation")
    task.invocation_id = invocation_id
    try:
        yield
    finally:
        task.invocation_id = None


def _invocation_id() -> str | None:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    of_task = task.invocation_id if isinstance(task, InvocationTask) else None
    of_thread: str | None = runtime.invocation_id_cv.get(None)
    return of_task or of_thread
