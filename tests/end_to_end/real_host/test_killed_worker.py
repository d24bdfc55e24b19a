"""A worker of the real host that is killed under load: who notices, when the broker is back, and what is lost."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from local.parts import Parts
from local.person import usual_trust
from local.state import StackState
from local.workload import fire_timer
from tests.end_to_end.test_main_job import Life

CALLERS = 4
# Seconds that a machine with much else to do may need; nothing is measured by it.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a token: when it was sent and answered (monotonic seconds), and the status; 0 when cut off."""

    sent: float
    answered: float
    status: int


@dataclass(slots=True)
class Load:
    """What callers have asked so far, each anew as soon as it is answered."""

    state: StackState
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def call(self, assertion: str) -> None:
        content = {"tenant": "contoso", "resource": "graph"}
        headers = {"Authorization": f"Bearer {assertion}"}
        with httpx.Client(headers=headers, trust_env=False, timeout=PATIENCE, verify=usual_trust()) as client:
            while not self.stopped.is_set():
                sent = time.monotonic()
                try:
                    status = client.post(f"{self.state.host}/api/token", json=content).status_code
                except httpx.TransportError:
                    status = 0
                self.asked.append(Asked(sent=sent, answered=time.monotonic(), status=status))

    def is_served(self, *, since: float) -> bool:
        """Whether a request that was sent later has been answered with a token."""
        return any(one.sent > since and one.status == httpx.codes.OK for one in list(self.asked))


@contextmanager
def running(load: Load, assertion: str) -> Iterator[None]:
    callers = [threading.Thread(target=load.call, args=(assertion,)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        load.stopped.set()
        for caller in callers:
            caller.join()


def worker_of(state: StackState) -> int:
    """The process that runs the app of this stack; the host started it."""
    started_as = str(state.folder / "worker-python").encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if started_as in (process / "cmdline").read_bytes().split(b"\0"):
                return int(process.name)
        except OSError:  # it has ended meanwhile
            continue
    raise LookupError("no worker runs")


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_killed_worker_costs_the_requests_in_flight_and_nothing_else(
    real: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    life = Life(real.state)
    assert "Your consent is stored" in life.consent().text
    before, load, first = life.shown(), Load(real.state), worker_of(real.state)
    with running(load, life.reports.assertion()):
        wait_for(lambda: load.is_served(since=0))
        killed = time.monotonic()
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: load.is_served(since=killed))
    failed = [one for one in load.asked if one.status != httpx.codes.OK]
    back = min(one.answered for one in load.asked if one.sent > killed and one.status == httpx.codes.OK)
    with capsys.disabled():
        print(f"\n{len(failed)} requests failed; {back - killed:.1f} s until a token was given again")  # noqa: T201
    # A caller waits for its answer, so it has one request in flight.
    assert len(failed) <= CALLERS
    assert worker_of(real.state) != first
    assert life.shown() == before
    assert fire_timer(real.state) == "Success"
    assert life.reports.token("contoso", "graph").is_success
