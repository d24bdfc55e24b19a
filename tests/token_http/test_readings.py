"""Remembered readings: how fresh they are, what an outage changes, and that time set back lengthens nothing."""

import asyncio
from dataclasses import dataclass, field

import pytest

from shared.consents.errors import ConsentWithdrawn
from shared.errors import ConsentUnreadable
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.token_http.samples import MAX_AGE, STALE_LIMIT, HandClock
from token_http.readings import RETRY_AFTER_FAILURE, Readings

SECOND = 1.0


@dataclass(slots=True)
class Source:
    """Answers with what stands in `says`; `asked` counts the readings, and `gate` holds them up."""

    says: str | Exception = "first"
    asked: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def read(self, _key: str) -> str:
        self.asked += 1
        said = self.says
        await self.gate.wait()
        if isinstance(said, Exception):
            raise said
        return said


class Scene:
    """Readings of a source, and time in the test's hand."""

    def __init__(self) -> None:
        self.clock, self.source = HandClock(), Source()
        self.readings: Readings[str, str] = Readings(
            self.source.read, max_age=MAX_AGE, stale_limit=STALE_LIMIT, clock=self.clock
        )

    async def get(self) -> str:
        return await self.readings.get("key")

    async def settle(self) -> None:
        """Let what runs beside the test come to its end."""
        for _ in range(5):
            await asyncio.sleep(0)


def test_a_fresh_reading_is_not_read_again() -> None:
    async def scenario() -> None:
        scene = Scene()
        assert await scene.get() == "first"
        scene.source.says = "second"
        scene.clock.move(seconds=MAX_AGE.total_seconds() / 2)
        assert await scene.get() == "first"
        assert scene.source.asked == 1

    asyncio.run(scenario())


def test_a_reading_past_half_its_age_is_served_and_read_ahead() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = "second"
        scene.clock.move(seconds=MAX_AGE.total_seconds() / 2 + SECOND)
        assert await scene.get() == "first"
        await scene.settle()
        assert await scene.get() == "second"
        assert scene.source.asked == 2

    asyncio.run(scenario())


def test_a_reading_that_is_too_old_is_never_served_while_the_vault_answers() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = "second"
        scene.clock.move(seconds=MAX_AGE.total_seconds())
        assert await scene.get() == "second"

    asyncio.run(scenario())


def test_many_who_miss_at_once_cause_one_reading() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.source.gate.clear()
        waiting = [asyncio.create_task(scene.get()) for _ in range(50)]
        await scene.settle()
        scene.source.gate.set()
        assert set(await asyncio.gather(*waiting)) == {"first"}
        assert scene.source.asked == 1

    asyncio.run(scenario())


def test_the_last_good_reading_serves_through_an_outage_until_the_stale_limit() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = VaultUnavailable()
        scene.clock.move(seconds=STALE_LIMIT.total_seconds() - SECOND)
        assert await scene.get() == "first"
        scene.clock.move(seconds=SECOND)
        with pytest.raises(VaultUnavailable):
            await scene.get()

    asyncio.run(scenario())


def test_during_an_outage_the_vault_is_asked_now_and_then_and_not_by_everybody() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = VaultUnavailable()
        scene.clock.move(minutes=1)
        assert [await scene.get() for _ in range(10)] == ["first"] * 10
        assert scene.source.asked == 2
        scene.clock.move(seconds=RETRY_AFTER_FAILURE.total_seconds())
        scene.source.says = "second"
        assert await scene.get() == "second", "the end of an outage is noticed"

    asyncio.run(scenario())


def test_with_nothing_remembered_an_outage_is_an_outage_and_the_next_try_works() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.source.says = VaultUnavailable(retry_after=7)
        with pytest.raises(VaultUnavailable) as raised:
            await scene.get()
        assert raised.value.retry_after == 7
        scene.source.says = "second"
        assert await scene.get() == "second"

    asyncio.run(scenario())


@pytest.mark.parametrize("refusal", [ConsentWithdrawn, ConsentUnreadable])
def test_a_refusal_is_a_reading_as_good_as_any(refusal: type[ConsentWithdrawn | ConsentUnreadable]) -> None:
    """Otherwise a withdrawn consent would be read anew for every request, or be served again in an outage."""

    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = refusal("Its name is key.")
        scene.clock.move(seconds=MAX_AGE.total_seconds())
        for _ in range(3):
            with pytest.raises(refusal, match="Its name is key"):
                await scene.get()
        assert scene.source.asked == 2
        scene.source.says = VaultUnavailable()
        scene.clock.move(minutes=10)
        with pytest.raises(refusal):
            await scene.get()

    asyncio.run(scenario())


def test_a_vault_that_refuses_the_broker_is_no_outage() -> None:
    """What an administrator took away from the broker is not served on for an hour."""

    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = VaultRefused()
        scene.clock.move(minutes=1)
        with pytest.raises(VaultRefused):
            await scene.get()

    asyncio.run(scenario())


def test_what_was_forgotten_is_read_at_its_next_use() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = "second"
        scene.readings.forget("key")
        assert await scene.get() == "second"

    asyncio.run(scenario())


def test_a_reading_under_way_when_its_key_is_forgotten_is_not_remembered() -> None:
    """It may have seen the vault before the change that was the reason to forget."""

    async def scenario() -> None:
        scene = Scene()
        scene.source.gate.clear()
        early = asyncio.create_task(scene.get())
        await scene.settle()
        scene.source.says = "second"
        scene.readings.forget("key")
        late = asyncio.create_task(scene.get())
        await scene.settle()
        scene.source.gate.set()
        assert await early == "first", "who asked before the change may be told what was there before it"
        assert await late == "second"
        assert await scene.get() == "second"

    asyncio.run(scenario())


def test_a_reading_that_ends_late_does_not_replace_the_one_made_after_its_key_was_forgotten() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.source.gate.clear()
        early = asyncio.create_task(scene.get())
        await scene.settle()
        held_up, scene.source.gate = scene.source.gate, asyncio.Event()
        scene.source.gate.set()
        scene.source.says = "second"
        scene.readings.forget("key")
        assert await scene.get() == "second"
        held_up.set()
        assert await early == "first"
        assert await scene.get() == "second"

    asyncio.run(scenario())


@pytest.mark.parametrize("back", [31, 10 * 60, 24 * 3600])
def test_a_clock_set_back_does_not_keep_a_reading(back: int) -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = ConsentWithdrawn()
        scene.clock.move(seconds=-back)
        with pytest.raises(ConsentWithdrawn):
            await scene.get()

    asyncio.run(scenario())


def test_a_clock_set_back_after_an_outage_does_not_put_off_the_next_try() -> None:
    async def scenario() -> None:
        scene = Scene()
        await scene.get()
        scene.source.says = VaultUnavailable()
        scene.clock.move(minutes=20)
        assert await scene.get() == "first"
        scene.source.says = "second"
        scene.clock.move(minutes=-40)
        assert await scene.get() == "second"

    asyncio.run(scenario())
