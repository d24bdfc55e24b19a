"""Kills the host at a chosen step of an act: at each request that it makes of the services around it.

The steps are those of one run that is left alone. Each run has a host that has just started and knows nothing yet, so
that all of them make the same requests. The broker keeps nothing between two requests: killed before it asks is the
same as killed after it was answered the time before.
"""

import os
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import httpx

from local.parts import Parts
from local.state import StackState
from tests.local_control import Controls

type Act = Callable[[str], httpx.Response]
DOORS = ("token_vault", "entra", "managed_identity")
NAME = "{name}"
# The host would wait no longer than the first for an answer; the second is time enough to stop it.
HELD_SECONDS, SLOW_SECONDS = 10.0, 0.5
GLIMPSE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The `nth` request of a kind at one door (a field of the state), from 1; the consent's name stands as `{name}`."""

    door: str
    method: str
    path: str
    nth: int

    def is_write_of(self, secret: str) -> bool:
        """Whether it writes the secret that begins with this (`consent-`, `renewal-`)."""
        return (self.method, self.path) == ("PUT", f"/secrets/{secret}{NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the host is killed: its request was never served or, if `unheard`, served and the answer never read."""

    step: Step
    unheard: bool


def moments_of(parts: Parts, name: str, act: Act) -> list[Moment]:
    """Let a fresh host do the act for the consent `name`, undisturbed: the moments at which it could have died.

    A request that only reads leaves the same behind whether it was served or not, so it has one moment and not two.
    """
    restart(parts)
    _forget(parts.state)
    assert act(name).is_success
    steps = [
        Step(door=door, method=method, path=path.replace(name, NAME), nth=nth)
        for door in DOORS
        for (method, path), count in _asked(parts.state, door).items()
        for nth in range(1, count + 1)
    ]
    return [
        Moment(step=step, unheard=unheard)
        for step in steps
        for unheard in ((False,) if step.method == "GET" else (False, True))
    ]


def kill_at(parts: Parts, moment: Moment, name: str, act: Act) -> httpx.Response | None:
    """Do the act and kill the host at this moment, then start it again; what the actor was answered, None for nothing.

    The host must be a fresh one, and the one that is left is.
    """
    state, step = parts.state, moment.step
    _forget(state)
    _hold(state, moment, name)
    written = _written(state, step, name)
    with ThreadPoolExecutor(1) as actor:
        answer = actor.submit(act, name)
        kind = (step.method, step.path.replace(NAME, name))
        _wait(lambda: _asked(state, step.door)[kind] >= step.nth, answer, moment)
        if moment.unheard:
            _stop_host(parts)
            _wait(lambda: _written(state, step, name) >= written + step.nth, answer, moment)
        parts.kill("host")
        failure = answer.exception()
    _forget(state)
    parts.start("host")
    assert failure is None or isinstance(failure, httpx.TransportError), failure
    return answer.result() if failure is None else None


def restart(parts: Parts) -> None:
    """Make the host a fresh one."""
    parts.kill("host")
    parts.start("host")


def versions(state: StackState, secret: str) -> int:
    """How many versions of a secret the token vault holds, asked behind the broker's back."""
    with closing(sqlite3.connect(state.folder / "token-vault.sqlite")) as vault:
        (count,) = vault.execute("SELECT count(*) FROM version WHERE name = ?", (secret,)).fetchone()
        return int(count)


def leaks(state: StackState) -> set[tuple[str, str]]:
    """The kind of each secret that stands in a log, and the log's name."""
    lines = state.ledger_file.read_text().splitlines()
    secrets = {(kind, secret) for kind, _, secret in (line.partition(" ") for line in lines)}
    assert "refresh_token" in {kind for kind, _ in secrets}
    logs = {file.name: file.read_text() for file in (state.folder / "log").glob("*.log")}
    assert "host.log" in logs
    return {(kind, log) for kind, secret in secrets for log, text in logs.items() if secret in text}


def _hold(state: StackState, moment: Moment, name: str) -> None:
    step = moment.step
    controls = Controls(state, getattr(state, step.door))
    met = {"method": step.method, "path": re.escape(step.path.replace(NAME, name))}
    controls.post("faults", {**met, "times": step.nth - 1})  # these pass
    slow = {"delay": SLOW_SECONDS} if moment.unheard else {"delay": HELD_SECONDS, "drop": "before"}
    controls.post("faults", {**met, **slow})


def _forget(state: StackState) -> None:
    for door in DOORS:
        controls = Controls(state, getattr(state, door))
        controls.clear("faults")
        controls.clear("requests")


def _asked(state: StackState, door: str) -> Counter[tuple[str, str]]:
    return Controls(state, getattr(state, door)).requests()


def _written(state: StackState, step: Step, name: str) -> int:
    """What each request of this kind leaves one more of: versions of a secret, or refresh tokens of Entra ID's."""
    if step.method == "PUT":
        return versions(state, step.path.replace(NAME, name).removeprefix("/secrets/"))
    ledger = state.ledger_file.read_text() if state.ledger_file.exists() else ""
    return sum(line.startswith("refresh_token ") for line in ledger.splitlines())


def _stop_host(parts: Parts) -> None:
    """SIGSTOP: its connections stay open, so that its request is served, and it never reads another answer."""
    process = parts._processes["host"]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)


def _wait(until: Callable[[], bool], answer: Future[httpx.Response], moment: Moment) -> None:
    while not until():
        assert not answer.done(), f"it was over before {moment}: {answer}"
        time.sleep(GLIMPSE)
