"""A customer's tenant is forgotten by every instance, and nobody who asks for a token waits for that."""

import asyncio
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.forgetting import MARKED_FOR, Forgetting
from shared.marks import FORGET_TENANT, Marks
from shared.pool import Pool
from shared.rows import Row
from shared.rows_errors import RowsUnavailable
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERY = timedelta(seconds=15)
CONTOSO, TAILSPIN = "contoso-id", "tailspin-id"


class Instance:
    """One of several over the same rows; `forgotten` is what it was told to forget, in order."""

    def __init__(self, rows: MemoryRows, *, every: timedelta = EVERY) -> None:
        self.forgotten: list[str] = []
        self.heard: asyncio.Queue[Collection[str]] = asyncio.Queue()
        self.seconds = 0.0
        marks = Marks(rows, max_age=every, clock=self.clock, monotonic=lambda: self.seconds)
        self.forgetting = Forgetting(
            marks, forget=self._forget, every=every, pool=Pool("marks", threads=2), clock=self.clock
        )

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def _forget(self, tenant_ids: Collection[str]) -> None:
        self.forgotten += sorted(tenant_ids)
        self.heard.put_nowait(tenant_ids)

    async def look(self) -> list[str]:
        """What a look, one interval later, makes it forget."""
        before = len(self.forgotten)
        self.seconds += EVERY.total_seconds()
        await self.forgetting.look()
        return self.forgotten[before:]


class HeldRows(MemoryRows):
    """Rows that answer nobody before they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def put(self, table: str, row: Row) -> None:
        assert self.gate.wait(20)
        super().put(table, row)

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        assert self.gate.wait(20)
        return super().select(table, partition, prefix=prefix, after=after, limit=limit)


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows()


def test_one_instance_forgets_at_once_and_the_others_with_their_next_look(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one, other = Instance(rows), Instance(rows)
        assert await other.look() == []
        await one.forgetting.everywhere(CONTOSO)
        assert (one.forgotten, other.forgotten) == ([CONTOSO], [])
        assert await other.look() == [CONTOSO]

    asyncio.run(scenario())


def test_a_mark_is_obeyed_once_and_one_that_is_made_anew_again(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one, other = Instance(rows), Instance(rows)
        await one.forgetting.everywhere(CONTOSO)
        assert await other.look() == [CONTOSO]
        assert await other.look() == []
        assert await one.look() == [], "it has forgotten when it was told"
        await one.forgetting.everywhere(CONTOSO)
        await one.forgetting.everywhere(TAILSPIN)
        assert await other.look() == [CONTOSO, TAILSPIN]

    asyncio.run(scenario())


@pytest.mark.parametrize("behind", [0, 40])
def test_a_second_act_is_obeyed_though_its_clock_is_behind_the_first_ones(rows: MemoryRows, behind: int) -> None:
    async def scenario() -> None:
        fast, slow, other = Instance(rows), Instance(rows), Instance(rows)
        fast.seconds = behind
        await fast.forgetting.everywhere(CONTOSO)
        assert await other.look() == [CONTOSO]
        await slow.forgetting.everywhere(CONTOSO)
        assert await other.look() == [CONTOSO]
        assert await other.look() == []

    asyncio.run(scenario())


def test_a_thread_has_every_instance_forget_with_its_next_look(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one, other = Instance(rows), Instance(rows)
        await asyncio.to_thread(one.forgetting.with_next_look, CONTOSO)
        assert one.forgotten == []
        assert (await one.look(), await other.look()) == ([CONTOSO], [CONTOSO])

    asyncio.run(scenario())


def test_a_mark_ends(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one, late = Instance(rows), Instance(rows)
        await one.forgetting.everywhere(CONTOSO)
        late.seconds = MARKED_FOR.total_seconds()
        assert await late.look() == []

    asyncio.run(scenario())


def test_an_operator_hears_that_the_others_could_not_be_told(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one = Instance(rows)
        rows.away = True
        with pytest.raises(RowsUnavailable):
            await one.forgetting.everywhere(CONTOSO)
        assert one.forgotten == [CONTOSO]

    asyncio.run(scenario())


def test_what_the_others_could_not_be_told_is_told_with_a_later_look(rows: MemoryRows) -> None:
    async def scenario() -> None:
        one, other = Instance(rows), Instance(rows)
        rows.away = True
        one.forgetting.soon(CONTOSO)
        one.forgetting.soon(TAILSPIN)
        await settle()
        with pytest.raises(RowsUnavailable):
            await one.look()
        rows.away = False
        assert await one.look() == []
        assert await other.look() == [CONTOSO, TAILSPIN]

    asyncio.run(scenario())


def test_nobody_waits_for_rows_that_do_not_answer() -> None:
    async def scenario() -> None:
        rows = HeldRows()
        one, other = Instance(rows), Instance(rows)
        other.forgetting.watch()
        one.forgetting.soon(CONTOSO)
        assert one.forgotten == [CONTOSO]
        rows.gate.set()
        await settle()
        assert await other.look() == [CONTOSO]

    asyncio.run(scenario())


def test_an_instance_that_watches_looks_again_and_again_whatever_the_rows_do(rows: MemoryRows) -> None:
    async def scenario() -> None:
        watching = Instance(rows, every=timedelta(milliseconds=1))
        rows.away = True
        watching.forgetting.watch()
        watching.forgetting.watch()
        await asyncio.sleep(0.01)
        rows.away = False
        other = Marks(rows, max_age=EVERY, clock=watching.clock)
        for number in range(2):
            watching.seconds += EVERY.total_seconds()
            other.set(FORGET_TENANT, f"tenant-{number}", until=NOON + MARKED_FOR)
            assert await asyncio.wait_for(watching.heard.get(), 20) == {f"tenant-{number}"}

    asyncio.run(scenario())


async def settle() -> None:
    """Let whatever runs beside the test come to its end."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
