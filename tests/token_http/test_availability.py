"""Probes: how often the parts are asked, and what is said of them."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from shared.errors import AuthorityUnavailable, BrokerError
from shared.pool import Pool
from shared.vault_errors import VaultRefused
from tests.token_http.samples import HandClock
from token_http.availability import PROBE_EVERY, TOO_OLD, Availability, Probes


class Part:
    """Something that is probed; counts how often."""

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
    """Two parts behind one set of probes."""

    def __init__(self, **patience: float) -> None:
        self.clock, self.vault, self.authority = HandClock(), Part(), Part()
        parts: dict[str, Callable[[], object]] = {"vault": self.vault, "authority": self.authority}
        self._probes = Probes(parts, pool=Pool("vault", threads=2), clock=self.clock, **patience)

    async def found(self) -> Availability:
        return await self._probes.availability()

    async def settle(self) -> None:
        """Let the look in the background come to its end."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)


def test_parts_that_work_are_available() -> None:
    async def scenario() -> None:
        found = await Scene().found()
        assert found.available
        assert dict(found.parts) == {"vault": "", "authority": ""}

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [VaultRefused(), AuthorityUnavailable()])
def test_one_part_that_fails_is_named_and_the_other_is_not(error: BrokerError) -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.vault.fails = error
        found = await scene.found()
        assert not found.available
        assert dict(found.parts) == {"vault": error.code, "authority": ""}

    asyncio.run(scenario())


def test_however_often_it_is_asked_the_parts_are_probed_at_most_once_in_fifteen_seconds() -> None:
    async def scenario() -> None:
        scene = Scene()
        await asyncio.gather(*(scene.found() for _ in range(100)))
        scene.clock.move(seconds=14.9)
        await asyncio.gather(*(scene.found() for _ in range(100)))
        assert (scene.vault.asked, scene.authority.asked) == (1, 1)
        scene.clock.move(seconds=0.1)
        await asyncio.gather(*(scene.found() for _ in range(100)))
        await scene.settle()
        await asyncio.gather(*(scene.found() for _ in range(100)))
        await scene.settle()
        assert (scene.vault.asked, scene.authority.asked) == (2, 2)
        scene.clock.now += TOO_OLD
        await asyncio.gather(*(scene.found() for _ in range(100)))
        assert (scene.vault.asked, scene.authority.asked) == (3, 3)

    asyncio.run(scenario())


def test_an_outage_and_its_end_are_both_looked_for_at_the_first_question_after_fifteen_seconds() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.found()
        for error, available in ((VaultRefused(), False), (None, True)):
            scene.vault.fails = error
            scene.clock.now += PROBE_EVERY
            await scene.found()
            await scene.settle()
            assert (await scene.found()).available == available

    asyncio.run(scenario())


def test_an_outage_and_its_end_are_both_in_the_answer_to_a_question_that_comes_after_a_minute() -> None:
    async def scenario() -> None:
        scene = Scene()
        for error, available in ((None, True), (VaultRefused(), False), (None, True)):
            scene.vault.fails = error
            assert (await scene.found()).available == available
            scene.clock.now += TOO_OLD

    asyncio.run(scenario())


def test_nobody_waits_for_a_slow_part_until_the_last_finding_is_a_minute_old() -> None:
    """A load balancer takes a health answer that is late for one that is missing."""

    async def scenario() -> None:
        scene = Scene()
        first = await scene.found()
        scene.vault.gate.clear()
        scene.clock.move(seconds=59.9)
        assert [await scene.found() for _ in range(5)] == [first] * 5
        scene.clock.move(seconds=0.1)
        waiting = asyncio.create_task(scene.found())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        scene.vault.gate.set()
        assert (await waiting).probed_on == scene.clock()
        assert scene.vault.asked == 2

    asyncio.run(scenario())


def test_a_part_that_fails_as_nobody_foresaw_is_down_and_its_words_are_not_told() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.vault.fails = TypeError("words of a library")
        found = await scene.found()
        assert not found.available
        assert dict(found.parts) == {"vault": BrokerError.code, "authority": ""}

    asyncio.run(scenario())


def test_a_clock_set_back_does_not_stop_the_probes() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.found()
        scene.clock.move(hours=-1)
        await scene.found()
        assert scene.vault.asked == 2

    asyncio.run(scenario())


def test_a_part_that_hangs_does_not_hang_whoever_asks() -> None:
    async def scenario() -> None:
        scene = Scene(patience=0.05)
        scene.vault.gate.clear()
        found = await asyncio.gather(*(scene.found() for _ in range(20)))
        assert not any(one.available for one in found)
        assert scene.vault.asked == 1
        scene.vault.gate.set()
        await scene.settle()
        assert (await scene.found()).available

    asyncio.run(scenario())
