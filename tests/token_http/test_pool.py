"""Work in a pool of threads: its outcome comes back, and its audit records are written where the host keeps them."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from shared.audit import record
from shared.pool import Pool


class Written(logging.Handler):
    """Notes each audit line with the thread and the task that wrote it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, threading.Thread, asyncio.Task[object] | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note it."""
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        self.lines.append((record.getMessage(), threading.current_thread(), task))

    @property
    def events(self) -> list[str]:
        """What the lines tell of, in their order."""
        return [line.split('"')[3] for line, _, _ in self.lines]


@pytest.fixture
def written() -> Iterator[Written]:
    handler, log = Written(), logging.getLogger("broker.audit")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


class Failed(Exception):
    """What work in a pool may raise."""


def three_records() -> str:
    for event in ("first", "second", "third"):
        record(event, {})
    return threading.current_thread().name


def three_records_and_a_failure() -> None:
    three_records()
    raise Failed


def test_work_runs_in_a_thread_of_its_kind_and_its_outcome_comes_back() -> None:
    assert asyncio.run(Pool("vault", threads=1).run(lambda: threading.current_thread().name)).startswith("broker-vault")


def test_records_made_in_a_pool_are_written_in_order_by_the_task_that_awaits(written: Written) -> None:
    """The Functions host drops what any other thread logs."""

    async def scenario() -> None:
        name = await Pool("vault", threads=1).run(three_records)
        assert name != threading.current_thread().name
        assert {(thread, task) for _, thread, task in written.lines} == {
            (threading.current_thread(), asyncio.current_task())
        }

    asyncio.run(scenario())
    assert written.events == ["first", "second", "third"]


def test_records_of_work_that_fails_are_written_before_its_failure_is_met(written: Written) -> None:
    async def scenario() -> None:
        with pytest.raises(Failed):
            await Pool("vault", threads=1).run(three_records_and_a_failure)
        assert written.events == ["first", "second", "third"]
        assert {task for _, _, task in written.lines} == {asyncio.current_task()}

    asyncio.run(scenario())


def test_each_task_writes_the_records_of_its_own_work(written: Written) -> None:
    meeting = threading.Barrier(8)

    def work(number: int) -> None:
        record(f"begun-{number}", {})
        meeting.wait(20)
        record(f"ended-{number}", {})

    async def scenario() -> None:
        pool = Pool("vault", threads=8)
        tasks = [asyncio.create_task(pool.run(partial(work, number))) for number in range(8)]
        await asyncio.gather(*tasks)
        for number, task in enumerate(tasks):
            own = [line.split('"')[3] for line, _, by in written.lines if by is task]
            assert own == [f"begun-{number}", f"ended-{number}"]

    asyncio.run(scenario())


def test_a_thread_gathers_nothing_for_the_next_work_that_it_does(written: Written) -> None:
    async def scenario() -> None:
        pool = Pool("vault", threads=1)
        with pytest.raises(Failed):
            await pool.run(three_records_and_a_failure)
        await pool.run(lambda: record("fourth", {}))

    asyncio.run(scenario())
    assert written.events == ["first", "second", "third", "fourth"]


def test_what_is_recorded_outside_a_pool_is_written_at_once(written: Written) -> None:
    record("alone", {})
    assert written.events == ["alone"]


def test_a_pool_that_is_full_holds_up_no_other() -> None:
    async def scenario() -> None:
        exchanges, vault = Pool("exchange", threads=1), Pool("vault", threads=1)
        released = threading.Event()
        waiting = asyncio.create_task(exchanges.run(lambda: released.wait(20)))
        assert await vault.run(lambda: "read") == "read"
        assert not waiting.done()
        released.set()
        assert await waiting

    asyncio.run(scenario())
