"""One piece of work for many who want the same, and what becomes of it when it fails or somebody leaves."""

import asyncio

import pytest

from shared.errors import Unavailable
from token_http.single_flight import SingleFlight


class Work:
    """Counts how often it is begun, and ends when the gate opens."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.begun += 1
        outcome = self.begun
        await self.gate.wait()
        if self._error is not None:
            raise self._error
        return outcome


def test_a_hundred_who_want_the_same_cause_one_piece_of_work() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        work = Work()
        waiting = [asyncio.create_task(flights.run("key", work)) for _ in range(100)]
        await asyncio.sleep(0)
        work.gate.set()
        assert await asyncio.gather(*waiting) == [1] * 100
        assert work.begun == 1

    asyncio.run(scenario())


def test_those_who_want_something_else_do_not_wait_for_it() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        slow, quick = Work(), Work()
        quick.gate.set()
        waiting = asyncio.create_task(flights.run("slow", slow))
        assert await flights.run("quick", quick) == 1
        assert not waiting.done()
        slow.gate.set()
        await waiting

    asyncio.run(scenario())


def test_a_failure_reaches_everybody_who_waits_and_nobody_who_asks_later() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        failing, working = Work(LookupError("gone")), Work()
        waiting = [asyncio.create_task(flights.run("key", failing)) for _ in range(3)]
        await asyncio.sleep(0)
        failing.gate.set()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LookupError] * 3
        assert failing.begun == 1
        working.gate.set()
        assert await flights.run("key", working) == 1

    asyncio.run(scenario())


def test_one_who_stops_waiting_leaves_the_others_their_work() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        work = Work()
        leaving = asyncio.create_task(flights.run("key", work))
        staying = asyncio.create_task(flights.run("key", work))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        work.gate.set()
        assert await staying == 1
        assert work.begun == 1

    asyncio.run(scenario())


def test_work_that_everybody_left_ends_and_the_next_begins_anew() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        work = Work()
        leaving = asyncio.create_task(flights.run("key", work))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        work.gate.set()
        await asyncio.sleep(0.001)
        assert await flights.run("key", work) == 2

    asyncio.run(scenario())


def test_work_nobody_waits_for_may_fail_without_a_word() -> None:
    """Asyncio would complain of a failure that nobody looks at, and warnings are errors here."""

    async def scenario() -> list[str]:
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(str(context)))
        flights: SingleFlight[str, int] = SingleFlight()
        work = Work(LookupError("gone"))
        work.gate.set()
        task = flights.start("key", work)
        await asyncio.wait({task})
        del task
        await asyncio.sleep(0)
        return complaints

    assert asyncio.run(scenario()) == []


def test_whoever_asks_after_the_work_was_left_begins_anew_and_the_old_work_takes_nothing_along() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight()
        old, new, late = Work(), Work(), Work()
        first = asyncio.create_task(flights.run("key", old))
        await asyncio.sleep(0)
        flights.leave("key")
        second = asyncio.create_task(flights.run("key", new))
        await asyncio.sleep(0)
        old.gate.set()
        assert await first == 1
        third = asyncio.create_task(flights.run("key", late))
        await asyncio.sleep(0)
        new.gate.set()
        assert (await second, await third) == (1, 1)
        assert (new.begun, late.begun) == (1, 0), "the end of the old work does not end the flight of the new"

    asyncio.run(scenario())


def test_nobody_waits_longer_than_their_own_time_and_the_work_goes_on() -> None:
    async def scenario() -> None:
        flights: SingleFlight[str, int] = SingleFlight(patience=0.05)
        work = Work()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await flights.run("key", work)
        work.gate.set()
        assert await flights.run("key", work) == 1
        assert work.begun == 1

    asyncio.run(scenario())
