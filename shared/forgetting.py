"""A customer's tenant is forgotten: by this instance at once, by the others when they read the mark that says so."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from datetime import timedelta

from shared.clock import Clock
from shared.marks import FORGET_TENANT, Mark, Marks
from shared.pool import Pool

# Long enough for an instance that could not read for a while, and short enough for the marks to be few.
MARKED_FOR = timedelta(hours=1)


class Forgetting:
    """Nobody who asks for a token waits for a mark. Takes no lock: all but `with_next_look` is for one event loop."""

    def __init__(
        self,
        marks: Marks,
        *,
        forget: Callable[[Collection[str]], None],
        every: timedelta,
        pool: Pool,
        clock: Clock,
    ) -> None:
        """`forget` lets go of what this instance holds of tenants; `every`: how often the others' marks are read."""
        self._marks = marks
        self._forget = forget
        self._every = every.total_seconds()
        self._pool = pool
        self._clock = clock
        self._untold: set[str] = set()
        # The acts of marking that have been obeyed, each by itself: a mark that is made anew is obeyed anew.
        self._obeyed: frozenset[str] = frozenset()
        self._watches = False
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self) -> None:
        """Read the marks again and again from now on; costs nothing once begun."""
        if not self._watches:
            self._watches = True
            self._look_later()

    def soon(self, tenant_id: str) -> None:
        """Forget it here, and have the others told; each look tries again until they are."""
        self._forget({tenant_id})
        self._untold.add(tenant_id)
        self._begin(self._tell())

    async def everywhere(self, tenant_id: str) -> None:
        """Forget it here, and tell the others; raises RowsUnavailable or RowsRefused when these are not told."""
        self._forget({tenant_id})
        await self._mark({tenant_id})

    def with_next_look(self, tenant_id: str) -> None:
        """Have every instance forget it with its next look, this one too; raises as `everywhere`.

        For whoever is not on the event loop: any thread may call it, and it blocks.
        """
        self._set({tenant_id})

    async def look(self) -> None:
        """Tell what is not told yet, and obey the others' marks; raises as `everywhere`."""
        await self._tell()
        marks = await self._pool.run(lambda: self._marks.in_force(FORGET_TENANT))
        new = {tenant_id for tenant_id, mark in marks.items() if not mark.acts <= self._obeyed}
        self._obeyed = _acts(marks.values())
        if new:
            self._forget(new)

    async def _tell(self) -> None:
        untold, self._untold = self._untold, set()
        try:
            await self._mark(untold)
        except BaseException:
            self._untold |= untold
            raise

    async def _mark(self, tenant_ids: Collection[str]) -> None:
        if tenant_ids:
            marks = await self._pool.run(lambda: self._set(tenant_ids))
            self._obeyed |= _acts(marks)

    def _set(self, tenant_ids: Collection[str]) -> Sequence[Mark]:
        until = self._clock() + MARKED_FOR
        return [self._marks.set(FORGET_TENANT, tenant_id, until=until) for tenant_id in tenant_ids]

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(self._every, lambda: self._begin(self._look_again()))

    async def _look_again(self) -> None:
        try:
            await self.look()
        finally:
            self._look_later()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop alone would let go of it
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # A table that is away is no error of whoever asks for a token: the next look tries again.
        if not task.cancelled():
            task.exception()


def _acts(marks: Iterable[Mark]) -> frozenset[str]:
    return frozenset(act for mark in marks for act in mark.acts)
