"""Acts that were pressed, in process: done once, kept for a day, for whoever pressed, whatever they came to."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console_http.deeds import KEPT_FOR, LONGEST, MOST, TABLE, Deed, Deeds, Visited
from console_http.refusals import ConsoleBusy
from shared.customers.errors import PartnerCenterUnavailable
from shared.errors import InvalidRequest
from shared.pool import Pool
from shared.rows import Row
from shared.rows_errors import RowsUnavailable
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, REX = "ada", "rex"
TENANT = "bbbb0000-0000-4000-8000-000000000001"
DEED = Deed(id="0" * 32, kind="check", tenant=TENANT, consent="partner", begun_on=NOON)


@dataclass(slots=True)
class Bench:
    now: datetime = NOON
    rows: MemoryRows = field(default_factory=MemoryRows)
    done: int = 0

    def deeds(self) -> Deeds:
        """Of one instance; another one has the same rows."""
        return Deeds(rows=self.rows, clock=lambda: self.now, pool=Pool("test-deeds", threads=2))

    async def work(self) -> Mapping[str, Any]:
        self.done += 1
        await asyncio.sleep(0.01)
        return {"works": self.done}

    async def press(
        self,
        deeds: Deeds,
        deed: Deed = DEED,
        *,
        who: str = ADA,
        work: Callable[[], Awaitable[Mapping[str, Any]]] | None = None,
        is_slow: bool = True,
    ) -> Deed | None:
        visited = Visited(who=who, route="test", correlation="c")
        await deeds.once(deed, work or self.work, visit=visited, is_slow=is_slow)
        return deeds.find(who, deed.id)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def run[T](work: Awaitable[T]) -> T:
    async def ran() -> T:
        return await work

    return asyncio.run(ran())


def test_what_is_pressed_twice_is_done_once_at_once_later_and_on_another_instance(bench: Bench) -> None:
    async def pressed() -> list[Deed | None]:
        deeds = bench.deeds()
        both = await asyncio.gather(bench.press(deeds), bench.press(deeds))
        return [*both, await bench.press(deeds), await bench.press(bench.deeds())]

    found = run(pressed())
    assert bench.done == 1
    assert [one and one.told for one in found] == [{"works": 1}] * 4


def test_what_reaches_two_instances_at_once_is_done_by_one_of_them(bench: Bench) -> None:
    """A button that was pressed twice, and a front end that sends each request elsewhere; both have found nothing."""
    both_looked = threading.Barrier(2)

    class AtOnce(MemoryRows):
        def get(self, table: str, partition: str, key: str) -> Row | None:
            found = super().get(table, partition, key)
            if bench.done == 0 and found is None:
                both_looked.wait(20)
            return found

    bench.rows = AtOnce()

    async def pressed() -> None:
        visited = Visited(who=ADA, route="test", correlation="c")
        both = (bench.deeds().once(DEED, bench.work, visit=visited, is_slow=True) for _ in range(2))
        await asyncio.gather(*both)

    run(pressed())
    assert bench.done == 1
    found = bench.deeds().find(ADA, DEED.id)
    assert found is not None
    assert found.told == {"works": 1}


def test_what_it_came_to_is_for_whoever_pressed_and_for_a_day(bench: Bench) -> None:
    deeds = bench.deeds()
    run(bench.press(deeds))
    assert deeds.find(REX, DEED.id) is None
    bench.now += KEPT_FOR
    assert deeds.find(ADA, DEED.id) is None
    run(bench.press(deeds, replace(DEED, id="1" * 32, begun_on=bench.now)))
    assert [row.key for row in bench.rows.select(TABLE, ADA)] == ["1" * 32], "and taken away with the next one"


def test_a_refusal_is_what_it_came_to_with_what_mends_it(bench: Bench) -> None:
    async def refused() -> Mapping[str, Any]:
        raise PartnerCenterUnavailable("There was no time left for it.")

    found = run(bench.press(bench.deeds(), work=refused))
    assert found is not None
    assert found.state(NOON) == "refused"
    assert found.error is not None
    assert found.error["code"] == "partner_center_unavailable"
    assert found.error["detail"] == "There was no time left for it."
    assert found.error["remedy"]


def test_what_breaks_is_told_as_broken_and_ends(bench: Bench) -> None:
    async def broken() -> Mapping[str, Any]:
        raise KeyError("a secret")

    deeds = bench.deeds()
    with pytest.raises(KeyError):
        run(bench.press(deeds, work=broken))
    found = deeds.find(ADA, DEED.id)
    assert found is not None
    assert found.error is not None
    assert found.error["code"] == "internal_error"
    assert "a secret" not in str(found)


def test_one_customer_is_worked_on_once_at_a_time_and_few_at_all(bench: Bench) -> None:
    async def pressed() -> None:
        deeds, gate = bench.deeds(), asyncio.Event()

        async def waiting() -> Mapping[str, Any]:
            await gate.wait()
            return {}

        def at(number: int) -> Deed:
            return replace(DEED, id=f"{number:032x}", tenant=TENANT[:-1] + str(number))

        going = [asyncio.ensure_future(bench.press(deeds, at(number), work=waiting)) for number in range(MOST)]
        await asyncio.sleep(0)
        with pytest.raises(ConsoleBusy, match="this customer"):
            await bench.press(deeds, replace(at(0), id="e" * 32))
        with pytest.raises(ConsoleBusy, match=str(MOST)):
            await bench.press(deeds, at(9))
        assert await bench.press(deeds, replace(at(0), id="f" * 32), is_slow=False), "what is quick waits for nothing"
        gate.set()
        await asyncio.gather(*going)
        assert await bench.press(deeds, replace(at(0), id="e" * 32)), "and then it is free"

    run(pressed())


def test_what_was_cut_is_told_as_unknown_once_it_cannot_go_on_any_more(bench: Bench) -> None:
    async def cut() -> Mapping[str, Any]:
        raise asyncio.CancelledError

    deeds = bench.deeds()
    with pytest.raises(asyncio.CancelledError):
        run(bench.press(deeds, work=cut))
    found = deeds.find(ADA, DEED.id)
    assert found is not None
    assert [found.state(NOON), found.state(NOON + LONGEST)] == ["going", "lost"]


def test_without_the_rows_nothing_is_begun(bench: Bench) -> None:
    bench.rows.away = True
    with pytest.raises(RowsUnavailable):
        run(bench.press(bench.deeds()))
    assert bench.done == 0


def test_a_long_answer_is_kept_whole(bench: Bench) -> None:
    told = {"grants": [{"there": [f"Scope.{number}.\U0001f600" for number in range(8_000)]}]}

    async def long() -> Mapping[str, Any]:
        return told

    found = run(bench.press(bench.deeds(), work=long))
    assert found is not None
    assert found.told == told


@pytest.mark.parametrize("odd", ["", "x", "A" * 32, "0" * 33, "../" + "0" * 29])
def test_an_id_that_no_form_has_is_refused(bench: Bench, odd: str) -> None:
    with pytest.raises(InvalidRequest):
        run(bench.press(bench.deeds(), replace(DEED, id=odd)))
    with pytest.raises(InvalidRequest):
        bench.deeds().find(ADA, odd)


@pytest.mark.parametrize("fields", [{}, {"piece0": "x"}, {"piece0": "[]"}, {"piecex": "{}"}])
def test_a_row_that_somebody_else_put_there_is_no_deed(bench: Bench, fields: dict[str, str]) -> None:
    bench.rows.put(TABLE, Row(partition=ADA, key=DEED.id, fields=fields))
    assert bench.deeds().find(ADA, DEED.id) is None
