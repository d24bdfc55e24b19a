"""A host that is killed amid a run of the timer: every consent still gives tokens, and the next run does the rest."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from local.stack import running_parts
from local.state import StackState
from local.workload import fire_timer
from tests.end_to_end.hosts import Host, another_host
from tests.end_to_end.killing import leaks, versions
from tests.end_to_end.refreshing import ISSUED, PROOF_DAY, STORE_DAY, Scene, now, permit, records, since
from tests.local_control import Controls

CONSENTS, KILLS = 30, 50
NAMES = [f"killed-{number:02}" for number in range(CONSENTS)]
DOORS = ("token_vault", "entra", "managed_identity")
# Longer than it takes to see that the request has come; what is held is never served.
HELD_SECONDS = 5.0
GLIMPSE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the host is killed: a run after `day` has asked at one door (a field of the state) for the `nth` time.

    That request is never served, and none that comes later. (A host that dies before it reads an answer leaves the same
    behind as one that dies before its next request.)
    """

    day: timedelta
    door: str
    nth: int


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Consents that have been stored and proven for a while, so that a run does all that it ever does."""
    folder = tmp_path_factory.mktemp("killed-refreshing") / "state"
    with running_parts(folder, keeps_ledger=True, settings={"AzureWebJobs.refresh.Disabled": "true"}) as parts:
        permit(parts.state, NAMES)
        scene = Scene(parts=parts, state=parts.state, names=iter(NAMES))
        scene.give(CONSENTS)
        for _ in range(2):
            scene.pass_time(STORE_DAY)
            assert scene.run().counts() == {"stored": CONSENTS}
        yield scene


@pytest.fixture(scope="module")
def seed() -> int:
    """Printed with each failure; the variable KILL_SEED gives it back."""
    chosen = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(2**32))
    print(f"KILL_SEED={chosen}")  # noqa: T201 - whoever sees a failure needs it
    return chosen


@pytest.mark.timeout(600)
def test_killed_at_fifty_moments_of_a_run_no_consent_is_hurt_and_the_next_run_does_the_rest(
    scene: Scene, seed: int
) -> None:
    state = scene.state
    with ExitStack() as hosts:
        host = hosts.enter_context(another_host(state))
        moments = _moments(scene, host, seed)
        stored = 2 + 1  # before, and by the run that was left alone
        for moment in moments:
            scene.pass_time(moment.day)
            _kill_at(scene, host, moment)
            host = hosts.enter_context(another_host(state))
            done = _all_is_whole(scene, host, moment)
            _the_next_run_does_the_rest(scene.at(host), moment, done)
            stored += moment.day == STORE_DAY
            assert _versions(state) == {(1, 1 + stored): CONSENTS}, f"stored once each, {moment}"
    assert leaks(state) == set()


def _moments(scene: Scene, host: Host, seed: int) -> list[Moment]:
    """From all requests of an ordinary day's run, and of one that stores, each left alone."""
    every = []
    for day in (PROOF_DAY, STORE_DAY):
        assert scene.at(host).issues(*NAMES)  # as before each run that is killed
        scene.pass_time(day)
        _forget(scene.state)
        assert scene.at(host).run().report["due"] == CONSENTS
        asked = {door: _asked(scene.state, door) for door in DOORS}
        assert asked["token_vault"] >= (2 if day == PROOF_DAY else 4) * CONSENTS
        assert asked["entra"] >= CONSENTS
        every += [Moment(day=day, door=door, nth=nth) for door in DOORS for nth in range(1, asked[door] + 1)]
    return random.Random(seed).sample(every, KILLS)  # noqa: S311 - a sample, not a secret


def _kill_at(scene: Scene, host: Host, moment: Moment) -> None:
    controls = Controls(scene.state, getattr(scene.state, moment.door))
    _forget(scene.state)
    log = host.state.log_file("host")
    begun = log.stat().st_size
    controls.post("faults", {"times": moment.nth - 1})  # these pass
    controls.post("faults", {"times": -1, "delay": HELD_SECONDS, "drop": "before"})
    with ThreadPoolExecutor(1) as timer:
        invocation = timer.submit(fire_timer, host.state)
        _wait_for(moment, scene.state, invocation)
        host.kill()
        assert isinstance(invocation.exception(), httpx.TransportError), moment
    controls.clear("faults")
    assert records(since(begun, log), "refresh.run") == [], moment


def _wait_for(moment: Moment, state: StackState, invocation: Future[str]) -> None:
    while _asked(state, moment.door) < moment.nth:
        assert not invocation.done(), f"it was over before {moment}"
        time.sleep(GLIMPSE)


def _all_is_whole(scene: Scene, host: Host, moment: Moment) -> set[str]:
    """Every consent is as well as before, and the names of those that the run had come to the end with."""
    listed = scene.listed()
    assert listed["damaged"] == [], moment
    states = {shown["name"]: (shown["status"], shown["failures"], shown["error"]) for shown in listed["consents"]}
    assert states == dict.fromkeys(NAMES, ("ok", 0, None)), moment
    assert scene.at(host).tokens(NAMES) == dict.fromkeys(NAMES, ISSUED), moment
    an_hour_ago = now(scene.state) - timedelta(hours=1)
    proven_on = {shown["name"]: datetime.fromisoformat(shown["proven_on"]) for shown in listed["consents"]}
    return {name for name in NAMES if proven_on[name] > an_hour_ago}


def _the_next_run_does_the_rest(scene: Scene, moment: Moment, done: set[str]) -> None:
    what = "stored" if moment.day == STORE_DAY else "proven"
    run = scene.run()
    assert run.invocation == "Success", moment
    assert run.outcomes == {name: what for name in NAMES if name not in done}, moment
    assert scene.run().report["due"] == 0, moment


def _versions(state: StackState) -> Counter[tuple[int, int]]:
    """How many consents have so many versions of their own and of their renewal; the first came with the import."""
    return Counter((versions(state, f"consent-{name}"), versions(state, f"renewal-{name}")) for name in NAMES)


def _forget(state: StackState) -> None:
    for door in DOORS:
        Controls(state, getattr(state, door)).clear("requests")


def _asked(state: StackState, door: str) -> int:
    return Controls(state, getattr(state, door)).requests().total()
