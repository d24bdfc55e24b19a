"""A run ends in time and tells what it has, whatever hangs: the listing, the authority, the vault, the credential."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from refresh_timer.outcome import CARRIED_OVER, PROVEN, TRANSIENT
from refresh_timer.run import UNFINISHED
from shared.audit import record
from shared.crew import Crew, Limits
from shared.entra.application_credential import Proof
from shared.vault_errors import VaultUnavailable
from tests.fakes.fixed_credential import FixedCredential
from tests.infra.project import ROOT
from tests.refresh_timer.scene import CONCURRENT, DAY, Scene

SOON = Limits(begin=0.2, consents=0.4, end=0.6)
MANY = 3 * CONCURRENT


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What hangs, hangs until the test has ended."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def scene() -> Scene:
    scene = Scene(limits=SOON)
    for number in range(MANY):
        scene.give(f"c{number:02}")
    return scene


def hang(released: threading.Event) -> None:
    released.wait()


@dataclass(slots=True)
class HangingCredential(FixedCredential):
    """Nobody says what it is until `released`."""

    released: threading.Event = field(default_factory=threading.Event)

    def in_use(self) -> Proof:
        """See ApplicationCredential."""
        self.released.wait()
        return self.proofs()[0]


def test_an_authority_that_hangs_leaves_the_rest_to_the_next_run(
    scene: Scene, released: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene.authority.refuse = lambda _asked: hang(released)
    report = scene.run_after(DAY)
    assert report.outcomes == {TRANSIENT: CONCURRENT, CARRIED_OVER: MANY - CONCURRENT}
    told = [json.loads(line) for line in caplog.messages]
    assert [line["event"] for line in told] == ["refresh.consent"] * MANY + ["refresh.run"]
    assert {line["code"] for line in told if line.get("outcome") == TRANSIENT} == {UNFINISHED}


def test_what_has_ended_is_told_beside_what_hangs(scene: Scene, released: threading.Event) -> None:
    scene.authority.refuse = lambda asked: hang(released) if asked.refresh_token.startswith("c00") else None
    assert scene.run_after(DAY).outcomes == {TRANSIENT: 1, PROVEN: MANY - 1}


def test_what_hung_is_tried_again_after_the_others(scene: Scene, released: threading.Event) -> None:
    scene.concurrency = 1
    scene.authority.refuse = lambda _asked: hang(released)
    timer = scene.timer()
    scene.clock.now += DAY
    timer.run()
    (hung,) = scene.authority.asked
    scene.authority.asked.clear()
    scene.authority.refuse = lambda _asked: None
    assert timer.run().outcomes == {PROVEN: MANY}
    assert scene.authority.asked[-1] == hung


def test_a_listing_that_hangs_fails_the_run(scene: Scene, released: threading.Event) -> None:
    scene.vault.before = lambda _operation, _name: hang(released)
    with pytest.raises(VaultUnavailable):
        scene.run_after(DAY)


def test_a_credential_that_hangs_does_not_take_the_report_along(scene: Scene, released: threading.Event) -> None:
    scene.credential = HangingCredential(["secret"], released=released)
    report = scene.run_after(DAY)
    assert report.outcomes == {PROVEN: MANY}
    assert (report.application.health.status, report.application.left) == ("ok", None)


def test_the_limits_are_well_within_what_the_platform_gives() -> None:
    limits = Limits()
    assert limits.begin < limits.consents < limits.end
    hours, minutes, seconds = json.loads((ROOT / "host.json").read_text())["functionTimeout"].split(":")
    given = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    assert timedelta(seconds=limits.end) <= given - timedelta(seconds=30)


def test_what_a_thread_records_is_written_by_the_one_that_asked(caplog: pytest.LogCaptureFixture) -> None:
    """The Functions host drops what other threads log."""
    caplog.set_level(logging.INFO, "broker.audit")
    with Crew(1, seconds=60) as crew:
        crew.outcome(crew.begin(lambda: record("credential.unusable", {})))
    assert [line.thread for line in caplog.records] == [threading.get_ident()]
