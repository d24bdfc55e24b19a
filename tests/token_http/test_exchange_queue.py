"""Turns: one exchange for all who want the same, no slot idle, no caller behind another's queue, and bounds."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from token_http.exchange_queue import ExchangeQueue
from token_http.refusals import TooManyRequests


@dataclass(slots=True)
class Desk:
    """A queue whose exchanges end when the test says so; `begun` has who began what, in order."""

    slots: int
    most_waiting: int = 2_000
    in_all: int = 20_000
    begun: list[tuple[str, str]] = field(default_factory=list)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    queue: ExchangeQueue[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.queue = ExchangeQueue(slots=self.slots, most_waiting=self.most_waiting, in_all=self.in_all)

    def ask(self, caller: str, key: str) -> asyncio.Future[str]:
        async def work() -> str:
            self.begun.append((caller, key))
            await self.gates.setdefault(key, asyncio.Event()).wait()
            return f"token of {key}"

        return self.queue.start(key, work, caller=caller)

    @property
    def under_way(self) -> list[str]:
        return [key for _, key in self.begun if not self.gates.setdefault(key, asyncio.Event()).is_set()]

    async def end(self, key: str) -> None:
        self.gates.setdefault(key, asyncio.Event()).set()
        await settle()


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def test_a_newcomer_gets_the_next_free_slot_however_many_of_another_wait() -> None:
    async def scenario() -> None:
        desk = Desk(slots=4)
        for number in range(300):
            desk.ask("busy", f"busy-{number}")
        await settle()
        assert len(desk.under_way) == 4, "alone, one caller has them all"
        desk.ask("other", "wanted")
        await desk.end("busy-0")
        assert desk.begun[-1] == ("other", "wanted")

    asyncio.run(scenario())


@settings(deadline=None, max_examples=100)
@given(
    slots=st.integers(1, 8),
    asked=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 40)), min_size=1, max_size=60),
    ends=st.randoms(use_true_random=False),
)
def test_no_slot_is_idle_while_anybody_waits_and_none_is_given_to_whoever_has_more_under_way(
    slots: int, asked: list[tuple[str, int]], ends: object
) -> None:
    async def scenario() -> None:
        desk = Desk(slots=slots)
        outcomes = {}
        for caller, number in asked:
            key = f"{caller}-{number}"
            outcomes[key] = desk.ask(caller, key)
        await settle()
        while desk.under_way:
            left = len(outcomes) - len(desk.begun)
            assert len(desk.under_way) == min(slots, len(desk.under_way) + left)
            before = len(desk.begun)
            ended = ends.choice(desk.under_way)  # type: ignore[attr-defined]
            await desk.end(ended)
            running = Counter(key[0] for key in desk.under_way)
            begun_keys = {key for _, key in desk.begun}
            waiting = {key[0] for key in outcomes if key not in begun_keys}
            for caller, _ in desk.begun[before:]:
                assert all(running[caller] - 1 <= running[other] for other in waiting)
        assert {key: done.result() for key, done in outcomes.items()} == {key: f"token of {key}" for key in outcomes}
        assert Counter(key for _, key in desk.begun) == Counter(dict.fromkeys(outcomes, 1))

    asyncio.run(scenario())


def test_who_joins_a_flight_moves_it_to_the_earlier_turn() -> None:
    async def scenario() -> None:
        desk = Desk(slots=1)
        for number in range(50):
            desk.ask("busy", f"busy-{number}")
        joined = desk.ask("other", "busy-49")
        await settle()
        await desk.end("busy-0")
        assert desk.begun[-1][1] == "busy-49", "the other's first turn, and not the fiftieth of the busy one"
        await desk.end("busy-49")
        assert await joined == "token of busy-49"
        assert [key for _, key in desk.begun].count("busy-49") == 1

    asyncio.run(scenario())


def test_a_morning_of_four_hundred_customers_and_three_resources_is_not_refused() -> None:
    async def scenario() -> None:
        desk = Desk(slots=32)
        outcomes = [desk.ask("reports", f"{tenant}-{resource}") for tenant in range(400) for resource in "xyz"]
        await settle()
        while desk.under_way:
            for key in list(desk.under_way):
                desk.gates[key].set()
            await settle()
        assert all(done.result() for done in outcomes)

    asyncio.run(scenario())


def test_beyond_its_bound_a_caller_is_told_when_to_come_again_and_others_are_not() -> None:
    async def scenario() -> None:
        desk = Desk(slots=1, most_waiting=10)
        for number in range(11):
            desk.ask("busy", f"busy-{number}")
        with pytest.raises(TooManyRequests) as raised:
            desk.ask("busy", "one-more")
        assert (raised.value.status, raised.value.retry_after) == (429, 10)
        joined = desk.ask("busy", "busy-5")
        assert not joined.done(), "what is on its way already may be waited for"
        desk.ask("other", "wanted")
        await settle()
        await desk.end("busy-0")
        assert desk.begun[-1] == ("other", "wanted")

    asyncio.run(scenario())


def test_when_all_queues_are_full_whoever_has_nothing_waiting_still_gets_a_turn() -> None:
    async def scenario() -> None:
        desk = Desk(slots=1, in_all=6)
        for caller in "abc":
            desk.ask(caller, f"{caller}-1")
            desk.ask(caller, f"{caller}-2")
        with pytest.raises(TooManyRequests):
            desk.ask("a", "a-3")
        desk.ask("late", "wanted")

    asyncio.run(scenario())


def test_one_who_gives_up_leaves_the_others_their_exchange() -> None:
    async def scenario() -> None:
        desk = Desk(slots=1)

        async def work() -> str:
            await desk.gates.setdefault("key", asyncio.Event()).wait()
            return "token"

        first = asyncio.create_task(desk.queue.run("key", work, caller="a"))
        second = asyncio.create_task(desk.queue.run("key", work, caller="b"))
        await settle()
        first.cancel()
        await settle()
        await desk.end("key")
        assert await second == "token"

    asyncio.run(scenario())


def test_a_failure_is_everybodys_who_waits_and_frees_the_slot() -> None:
    async def scenario() -> None:
        queue: ExchangeQueue[str, str] = ExchangeQueue(slots=1)

        async def fails() -> str:
            await asyncio.sleep(0)
            raise ValueError("refused")

        async def works() -> str:
            return "token"

        waiting = [asyncio.create_task(queue.run("key", fails, caller=caller)) for caller in "ab"]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ValueError, ValueError]
        assert await queue.run("key", works, caller="a") == "token"

    asyncio.run(scenario())


def test_who_asks_after_a_key_was_left_begins_anew_and_who_waits_gets_what_is_under_way() -> None:
    async def scenario() -> None:
        desk = Desk(slots=2)
        early = desk.ask("one", "contoso")
        await settle()
        desk.queue.leave(lambda key: key == "contoso")
        late = desk.ask("two", "contoso")
        await settle()
        assert desk.begun == [("one", "contoso"), ("two", "contoso")]
        await desk.end("contoso")
        assert early.done()
        assert late.done()
        assert desk.ask("one", "contoso") is not late, "nothing is left behind"

    asyncio.run(scenario())


def test_what_has_not_begun_when_its_key_is_left_is_done_once() -> None:
    async def scenario() -> None:
        desk = Desk(slots=1)
        desk.ask("one", "busy")
        early = desk.ask("one", "contoso")
        desk.queue.leave(lambda key: key == "contoso")
        assert desk.ask("two", "contoso") is early

    asyncio.run(scenario())
