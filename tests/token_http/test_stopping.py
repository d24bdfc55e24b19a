"""The stops of the application's own tokens: the operators' one, and that of tenants that are customers no more."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.application_stops import ApplicationStopped, ApplicationStops, Stops
from shared.customers.offboarded import CustomerOffboarded
from shared.rows import Row
from tests.fakes.memory_rows import MemoryRows
from tests.token_http.samples import CONTOSO_ID, NORTHWIND_ID, OTHER_ID, HandClock, Scene, caller, request, row
from tests.token_http.test_as_application import as_application, own_row, scene_of
from tests.token_http.test_issuer import play
from tests.token_http.test_one_look import Held
from token_http import stop_readings
from token_http.message import Issued
from token_http.refusals import CustomerLeft, StopUnknown
from token_http.wanted import Wanted

BOTH = ["contoso", "northwind"]


def stopping() -> Scene:
    return scene_of(own_row(tenants=BOTH), row(tenants=BOTH))


def test_one_stop_is_for_every_token_of_the_application_and_for_no_persons() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask(as_application())
        scene.stops.stop(by=OTHER_ID)
        scene.issuer.forget_stops()
        for tenant in BOTH:
            with pytest.raises(ApplicationStopped):
                await scene.ask(as_application(tenant))
        assert await scene.ask(request())
        scene.stops.resume(by=OTHER_ID)
        scene.issuer.forget_stops()
        assert (await scene.ask(as_application())).from_cache

    play(scenario, stopping)


def test_another_instances_stop_is_seen_within_half_a_minute() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask(as_application())
        scene.stops.stop(by=OTHER_ID)
        scene.clock.move(seconds=30)
        with pytest.raises(ApplicationStopped):
            await scene.ask(as_application())

    play(scenario, stopping)


@pytest.mark.parametrize("stop", ["all", "left"])
def test_a_stop_reaches_the_token_that_is_on_its_way(stop: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.stops.seen({CONTOSO_ID}, reaches=lambda _tenant: True)
        scene.authority.refuse = held = Held()
        waiting = asyncio.create_task(scene.ask(as_application()))
        await held.under_way()
        if stop == "all":
            scene.stops.stop(by=OTHER_ID)
        else:
            scene.stops.seen(set(), reaches=lambda _tenant: True)
        scene.issuer.forget_stops()
        held.released.set()
        with pytest.raises(ApplicationStopped if stop == "all" else CustomerLeft):
            await waiting

    play(scenario, stopping)


def test_a_tenant_that_has_left_is_refused_and_every_other_is_not() -> None:
    async def scenario(scene: Scene) -> None:
        scene.stops.seen({CONTOSO_ID, NORTHWIND_ID}, reaches=lambda _tenant: True)
        scene.stops.seen({NORTHWIND_ID}, reaches=lambda _tenant: True)
        with pytest.raises(CustomerLeft):
            await scene.ask(as_application())
        assert await scene.ask(as_application("northwind"))
        scene.stops.seen({CONTOSO_ID, NORTHWIND_ID}, reaches=lambda _tenant: True)
        scene.issuer.forget_stops()
        assert await scene.ask(as_application())

    play(scenario, stopping)


@pytest.mark.parametrize("hangs", [False, True])
def test_where_the_store_was_never_readable_no_token_of_the_application_is_issued(
    monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    monkeypatch.setattr(stop_readings, "PATIENCE", 0.05)

    async def scenario(scene: Scene) -> None:
        scene.rows.away = not hangs
        with scene.rows.held() if hangs else scene.rows.free(), pytest.raises(StopUnknown) as refused:
            await scene.ask(as_application())
        assert (refused.value.transient, refused.value.status) == (True, 503)
        assert not scene.authority.asked, "nobody was asked for what may be stopped"
        scene.rows.away = False
        assert await scene.ask(as_application())

    play(scenario, stopping)


def test_a_stop_that_was_read_lasts_while_the_store_is_away_and_then_nothing_is_issued() -> None:
    async def scenario(scene: Scene) -> None:
        assert await scene.ask(as_application())
        scene.rows.away = True
        scene.clock.move(minutes=50)
        assert await scene.ask(as_application()), "what was read serves as long as a policy does"
        scene.clock.move(minutes=20)
        with pytest.raises(StopUnknown):
            await scene.ask(as_application())
        scene.rows.away = False
        scene.stops.stop(by=OTHER_ID)
        scene.clock.move(seconds=10)
        with pytest.raises(ApplicationStopped):
            await scene.ask(as_application())
        scene.rows.away = True
        scene.clock.move(minutes=30)
        with pytest.raises(ApplicationStopped):
            await scene.ask(as_application())

    play(scenario, stopping)


@pytest.mark.parametrize("hangs", [False, True])
def test_a_persons_token_waits_for_a_store_that_is_away_once_and_then_for_nobody(
    monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    monkeypatch.setattr(stop_readings, "PATIENCE", 0.05)

    async def scenario(scene: Scene) -> None:
        scene.rows.away = not hangs
        with scene.rows.held() if hangs else scene.rows.free():
            assert await scene.ask(request())
            scene.clock.move(seconds=20)
            wanted = Wanted(principal=caller(), request=request())
            assert isinstance(scene.issuer.look(wanted), Issued), "out of one look at memory"

    play(scenario, stopping)


def test_nobody_gets_a_token_for_a_customer_that_was_offboarded_until_that_is_taken_back() -> None:
    async def scenario(scene: Scene) -> None:
        asked = [as_application(), request()]
        for one in asked:
            await scene.ask(one)
        scene.stops.offboard(CONTOSO_ID, by=OTHER_ID)
        scene.clock.move(seconds=30)
        for one in asked:
            with pytest.raises(CustomerOffboarded):
                await scene.ask(one)
        assert await scene.ask(request("northwind"))
        assert await scene.ask(as_application("northwind"))
        # The nightly check still sees a relationship, and changes nothing.
        scene.stops.seen({CONTOSO_ID}, reaches=lambda _tenant: True)
        scene.rows.away = True
        scene.issuer.forget_stops()
        with pytest.raises(CustomerOffboarded):
            await scene.ask(request())
        scene.rows.away = False
        assert scene.stops.take_back(CONTOSO_ID)
        assert not scene.stops.take_back(CONTOSO_ID)
        scene.issuer.forget_stops()
        for one in asked:
            assert await scene.ask(one)

    play(scenario, stopping)


@pytest.mark.parametrize("as_whom", ["application", "person"])
def test_an_offboarding_reaches_the_token_that_is_on_its_way(as_whom: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = held = Held()
        waiting = asyncio.create_task(scene.ask(as_application() if as_whom == "application" else request()))
        await held.under_way()
        scene.stops.offboard(CONTOSO_ID, by=OTHER_ID)
        scene.issuer.forget_stops()
        held.released.set()
        with pytest.raises(CustomerOffboarded):
            await waiting

    play(scenario, stopping)


def test_who_was_offboarded_is_told_with_who_did_it_and_what_it_came_to() -> None:
    stops = ApplicationStops(MemoryRows(), clock=HandClock())
    stops.offboard(NORTHWIND_ID, by=OTHER_ID)
    stops.offboard(CONTOSO_ID, by=OTHER_ID, outcome="incomplete")
    told = [(one.tenant_id, one.by, one.outcome) for one in stops.offboarded()]
    assert told == [(CONTOSO_ID, OTHER_ID, "incomplete"), (NORTHWIND_ID, OTHER_ID, "")]
    assert stops.is_offboarded(CONTOSO_ID)
    assert not stops.is_offboarded(OTHER_ID)


def test_a_row_that_cannot_be_read_stops() -> None:
    rows = MemoryRows()
    rows.put("brokerstops", Row(partition="application", key="everywhere", fields={"state": "nonsense"}))
    assert ApplicationStops(rows, clock=HandClock()).read().is_stopped


TENANTS = [CONTOSO_ID, NORTHWIND_ID]


@settings(deadline=None, max_examples=100)
@given(seen=st.lists(st.sets(st.sampled_from(TENANTS)), max_size=5), reached=st.sets(st.sampled_from(TENANTS)))
def test_whoever_was_a_customer_and_is_none_has_left_whatever_came_between(
    seen: list[set[str]], reached: set[str]
) -> None:
    stops = ApplicationStops(MemoryRows(), clock=HandClock())
    for customers in seen:
        stops.seen(customers, reaches=lambda tenant: tenant in reached)
    ever = {tenant for customers in seen for tenant in customers} & reached
    assert stops.read() == Stops(left=frozenset(ever - (seen[-1] if seen else set())))
