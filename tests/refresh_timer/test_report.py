"""The report of a run: its record, and when it raises the alarm."""

import json
import logging

import pytest

from refresh_timer.report import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    PROVEN,
    SUPERSEDED,
    TRANSIENT,
    UNREADABLE,
    Outcome,
    RefreshAlarm,
    summarize,
)
from shared.errors import NewConsentNeeded
from shared.health import FAILING, LOST
from shared.stored_consent import Listing
from tests.refresh_timer.scene import DAY, Scene

NOTHING = Listing(entries=(), damaged=())


def test_a_report_counts_what_there_is_what_was_due_and_what_became_of_it() -> None:
    outcomes = [
        Outcome(name="a", what=PROVEN),
        Outcome(name="b", what=PROVEN),
        Outcome(name="c", what=LOST, newly_lost=True),
        Outcome(name="d", what=LOST),
    ]
    report = summarize(Listing(entries=(), damaged=("x",)), outcomes)
    assert report.fields() == {
        "consents": 0,
        "due": 4,
        "newly_lost": ["c"],
        "damaged": ["x"],
        "outcome_lost": 2,
        "outcome_proven": 2,
    }


def test_a_newly_lost_consent_raises_the_alarm_by_its_name() -> None:
    outcomes = [Outcome(name=name, what=LOST, newly_lost=name != "old") for name in ("first", "second", "old")]
    with pytest.raises(RefreshAlarm, match=r"consent lost: first; consent lost: second$"):
        summarize(NOTHING, outcomes).require_calm()


def test_a_misconfigured_application_raises_the_alarm() -> None:
    with pytest.raises(RefreshAlarm, match="misconfigured"):
        summarize(NOTHING, [Outcome(name="a", what=MISCONFIGURED)]).require_calm()


def test_a_failure_that_nobody_foresaw_raises_the_alarm() -> None:
    with pytest.raises(RefreshAlarm, match="unforeseen"):
        summarize(NOTHING, [Outcome(name="a", what=BROKEN)]).require_calm()


@pytest.mark.parametrize("what", [PROVEN, SUPERSEDED, TRANSIENT, CARRIED_OVER, FAILING, LOST, UNREADABLE])
def test_what_mends_itself_or_was_told_before_raises_no_alarm(what: str) -> None:
    report = summarize(NOTHING, [Outcome(name="a", what=what)])
    report.require_calm()
    assert report.outcomes[what] == 1


def test_the_alarm_is_raised_only_after_all_are_done() -> None:
    scene = Scene()
    for number in range(20):
        scene.give(f"c{number}")
    scene.authority.refuse = lambda asked: (
        NewConsentNeeded(authority_code=50173) if asked.refresh_token.startswith("c0-") else None
    )
    report = scene.run_after(DAY)
    assert report.outcomes == {LOST: 1, PROVEN: 19}
    with pytest.raises(RefreshAlarm, match=r"consent lost: c0$"):
        report.require_calm()


def test_a_run_leaves_one_record_of_itself_and_one_of_each_consent(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.give("good")
    scene.give("dead")
    scene.authority.refuse = lambda asked: (
        NewConsentNeeded(authority_code=50173) if asked.refresh_token.startswith("dead-") else None
    )
    with caplog.at_level(logging.INFO, "broker.audit"):
        scene.run_after(DAY)
    records = [json.loads(line) for line in caplog.messages]
    (run,) = [record for record in records if record["event"] == "refresh.run"]
    assert run == {
        "event": "refresh.run",
        "consents": 2,
        "due": 2,
        "newly_lost": ["dead"],
        "damaged": [],
        "outcome_lost": 1,
        "outcome_proven": 1,
    }
    consents = [record for record in records if record["event"] == "refresh.consent"]
    assert {record["consent"]: record["outcome"] for record in consents} == {"good": PROVEN, "dead": LOST}
    assert all(
        set(record) == {"event", "consent", "lineage", "outcome", "code", "authority_code"} for record in consents
    )
    assert "dead-l1" not in caplog.text, "no refresh token"
    assert "access-token" not in caplog.text
