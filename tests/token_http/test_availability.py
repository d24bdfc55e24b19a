"""Looks at the parts: how often they are asked, by whom it is not decided, and what is said of them."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import AuthorityUnavailable, BrokerError
from shared.pool import Pool
from shared.vault_errors import VaultRefused
from tests.token_http.samples import HandClock
from token_http.availability import APART, AT_LATEST, TOO_OLD, UNSEEN, WANTED_FOR, Availability, Probes

NOBODY_LOOKED = {"vault": UNSEEN, "authority": UNSEEN}


class Part:
    """Something that is looked at; counts how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.asked += 1
        assert self.gate.wait(20)
        if self.fails is not None:
            raise self.fails


class Scene:
    """Two parts behind one set of probes, on a loop whose timers go off when the clock is moved by `pass_time`."""

    def __init__(self) -> None:
        self.clock, self.vault, self.authority = HandClock(), Part(), Part()
        parts: dict[str, Callable[[], object]] = {"vault": self.vault, "authority": self.authority}
        self._probes = Probes(parts, pool=Pool("health", threads=2), clock=self.clock)
        self._timers: list[tuple[float, Callable[[], object]]] = []
        asyncio.get_running_loop().call_later = self._call_later  # type: ignore[method-assign,assignment]

    def _call_later(self, delay: float, callback: Callable[[], object], *_: object, **__: object) -> None:
        self._timers.append((self.clock().timestamp() + delay, callback))

    def asks(self) -> Availability:
        return self._probes.availability()

    async def seen(self) -> Availability:
        """What is said once the look that this question may have caused is over."""
        self.asks()
        await self.settle()
        return self.asks()

    async def settle(self) -> None:
        """Let the look come to its end."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def pass_time(self, by: timedelta) -> None:
        """Nobody asks meanwhile."""
        end = self.clock().timestamp() + by.total_seconds()
        while due := [timer for timer in self._timers if timer[0] <= end]:
            first = min(due, key=lambda timer: timer[0])
            self._timers.remove(first)
            self.clock.now += timedelta(seconds=max(0.0, first[0] - self.clock().timestamp()))
            first[1]()
            await self.settle()
        self.clock.now += timedelta(seconds=end - self.clock().timestamp())


def test_parts_that_work_are_available() -> None:
    async def scenario() -> None:
        found = await Scene().seen()
        assert found.available
        assert dict(found.parts) == {"vault": "", "authority": ""}

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [VaultRefused(), AuthorityUnavailable()])
def test_one_part_that_fails_is_named_and_the_other_is_not(error: BrokerError) -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.vault.fails = error
        found = await scene.seen()
        assert not found.available
        assert dict(found.parts) == {"vault": error.code, "authority": ""}

    asyncio.run(scenario())


def test_before_anybody_has_looked_no_part_is_said_to_work() -> None:
    async def scenario() -> None:
        scene = Scene()
        found = scene.asks()
        assert (found.available, dict(found.parts)) == (False, NOBODY_LOOKED)
        await scene.settle()
        assert scene.asks().available

    asyncio.run(scenario())


def test_however_often_it_is_asked_the_parts_are_asked_at_most_once_in_fifteen_seconds() -> None:
    async def scenario() -> None:
        scene = Scene()
        for looks in (1, 2, 3):
            for _ in range(100):
                await scene.seen()
            scene.clock.now += APART - timedelta(seconds=0.1)
            for _ in range(100):
                await scene.seen()
            assert (scene.vault.asked, scene.authority.asked) == (looks, looks)
            scene.clock.move(seconds=0.1)

    asyncio.run(scenario())


def test_while_it_is_wanted_it_is_looked_at_without_being_asked() -> None:
    """So that a monitor that comes every few minutes is told what was seen half a minute ago, and waits for nothing."""

    async def scenario() -> None:
        scene = Scene()
        await scene.seen()
        await scene.pass_time(timedelta(minutes=15))
        assert scene.asks().available
        assert scene.vault.asked == 1 + timedelta(minutes=15) // AT_LATEST
        scene.vault.fails = VaultRefused()
        await scene.pass_time(AT_LATEST)
        assert not scene.asks().available

    asyncio.run(scenario())


def test_what_nobody_has_wanted_for_a_while_is_not_looked_at_any_more() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.seen()
        await scene.pass_time(WANTED_FOR + AT_LATEST)
        asked = scene.vault.asked
        await scene.pass_time(timedelta(days=1))
        assert scene.vault.asked == asked
        assert dict(scene.asks().parts) == NOBODY_LOOKED
        await scene.settle()
        assert scene.asks().available

    asyncio.run(scenario())


def test_an_outage_and_its_end_are_both_seen_by_the_first_look_after_it() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.seen()
        for error, available in ((VaultRefused(), False), (None, True)):
            scene.vault.fails = error
            scene.clock.now += APART
            assert scene.asks().available != available, "what was last seen"
            await scene.settle()
            assert scene.asks().available == available

    asyncio.run(scenario())


def test_what_was_seen_a_minute_ago_is_not_said_any_more() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.seen()
        scene.vault.gate.clear()
        scene.clock.now += TOO_OLD - timedelta(seconds=0.1)
        assert scene.asks().available
        scene.clock.move(seconds=0.1)
        assert dict(scene.asks().parts) == NOBODY_LOOKED
        scene.vault.gate.set()
        await scene.settle()

    asyncio.run(scenario())


def test_a_part_that_hangs_is_looked_at_once_and_holds_up_nobody() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.vault.gate.clear()
        for _ in range(20):
            assert dict(scene.asks().parts) == NOBODY_LOOKED
            await asyncio.sleep(0)
            scene.clock.now += APART
        scene.vault.gate.set()
        await scene.settle()
        assert scene.vault.asked == 1
        assert (await scene.seen()).available

    asyncio.run(scenario())


def test_a_part_that_fails_as_nobody_foresaw_is_down_and_its_words_are_not_told() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.vault.fails = TypeError("words of a library")
        found = await scene.seen()
        assert not found.available
        assert dict(found.parts) == {"vault": BrokerError.code, "authority": ""}

    asyncio.run(scenario())


def test_a_clock_set_back_does_not_stop_the_looks() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.seen()
        scene.clock.move(hours=-1)
        await scene.seen()
        assert scene.vault.asked == 2

    asyncio.run(scenario())
