"""The report of a run: its record, and when it raises the alarm."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from refresh_timer.application import ApplicationReport
from refresh_timer.outcome import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    PROVEN,
    RECOVERED,
    REFUSED,
    STORED,
    SUPERSEDED,
    TRANSIENT,
    UNREADABLE,
    VAULT_REFUSED,
    Outcome,
)
from refresh_timer.report import RefreshAlarm, Report
from refresh_timer.report import summarize as summary
from shared.consents.application_health import ApplicationHealth
from shared.consents.consent import Person
from shared.consents.health import FAILING, LOST
from shared.consents.stored_consent import Entry, Listing
from shared.entra.errors import NewConsentNeeded
from shared.errors import AuthorityUnavailable, BrokerError
from tests.fakes.scripted_authority import Asked
from tests.refresh_timer.scene import DAY, HOME_ID, NOON, PERSON_ID, SCOPE, Scene

NOTHING = Listing(entries=(), damaged=())
WELL = ApplicationReport(credential="federated", health=ApplicationHealth())


def summarize(listing: Listing, outcomes: list[Outcome], application: ApplicationReport = WELL) -> Report:
    return summary(listing, outcomes, application=application, now=NOON)


def outcome(name: str, what: str, *, newly_lost: bool = False, code: str = "") -> Outcome:
    entry = Entry(
        name=name,
        lineage=f"lineage-of-{name}",
        withdrawn=False,
        person=Person(tenant_id=HOME_ID, object_id=PERSON_ID, username="ada@partner.example"),
        scope=SCOPE,
        mfa="yes",
        consented_on=NOON,
        health=None,
    )
    return Outcome(entry=entry, what=what, newly_lost=newly_lost, code=code)


def test_a_report_counts_what_there_is_what_was_due_and_what_became_of_it() -> None:
    outcomes = [
        outcome("a", PROVEN),
        outcome("b", PROVEN),
        outcome("c", LOST, newly_lost=True),
        outcome("d", LOST),
        outcome("e", UNREADABLE),
        outcome("f", REFUSED),
    ]
    report = summarize(Listing(entries=(), damaged=("x",)), outcomes)
    assert report.fields() == {
        "consents": 0,
        "due": 6,
        "newly_lost": ["c"],
        "still_lost": [],
        "crossed": [],
        "endangered": [],
        "damaged": ["x"],
        "unreadable": ["e"],
        "refused": ["f"],
        "credential": "federated",
        "credential_days_left": None,
        "credential_crossed": None,
        "application": "ok",
        "application_code": "",
        "application_authority_code": None,
        "application_recovered": False,
        "outcome_lost": 2,
        "outcome_proven": 2,
        "outcome_refused": 1,
        "outcome_unreadable": 1,
    }


def test_a_newly_lost_consent_raises_the_alarm_by_its_name() -> None:
    outcomes = [outcome(name, LOST, newly_lost=name != "old") for name in ("first", "second", "old")]
    with pytest.raises(RefreshAlarm, match=r"consent lost: first; consent lost: second$"):
        summarize(NOTHING, outcomes).require_calm()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (MISCONFIGURED, "the partner application is misconfigured"),
        (VAULT_REFUSED, "Key Vault refused the broker's identity"),
        (BROKEN, "the broker failed unforeseen"),
        (UNREADABLE, "consent damaged: a"),
        (REFUSED, "refused for an unknown reason: a"),
    ],
)
def test_what_a_person_has_to_mend_raises_an_alarm_of_its_own(what: str, sentence: str) -> None:
    """Who is woken by it must be looking in the right place."""
    with pytest.raises(RefreshAlarm) as raised:
        summarize(NOTHING, [outcome("a", what), outcome("b", PROVEN)]).require_calm()
    assert str(raised.value) == sentence


def test_a_consent_whose_tags_are_damaged_raises_the_alarm_by_its_name() -> None:
    with pytest.raises(RefreshAlarm) as raised:
        summarize(Listing(entries=(), damaged=("x", "y")), []).require_calm()
    assert str(raised.value) == "consent damaged: x; consent damaged: y"


def test_one_alarm_tells_everything_that_is_wrong() -> None:
    outcomes = [outcome("a", LOST, newly_lost=True), outcome("b", UNREADABLE), outcome("c", VAULT_REFUSED)]
    with pytest.raises(RefreshAlarm) as raised:
        summarize(Listing(entries=(), damaged=("x",)), outcomes).require_calm()
    assert str(raised.value) == (
        "consent lost: a; consent damaged: x; consent damaged: b; Key Vault refused the broker's identity"
    )


def test_an_outcome_says_whose_it_is_and_what_the_authority_said() -> None:
    assert outcome("a", TRANSIENT, code="vault_unavailable").fields() == {
        "consent": "a",
        "lineage": "lineage-of-a",
        "outcome": TRANSIENT,
        "code": "vault_unavailable",
        "authority_code": None,
        "crossed": None,
    }


@pytest.mark.parametrize("what", [PROVEN, STORED, RECOVERED, SUPERSEDED, TRANSIENT, CARRIED_OVER, FAILING, LOST])
def test_what_mends_itself_or_was_told_before_raises_no_alarm(what: str) -> None:
    report = summarize(NOTHING, [outcome("a", what)])
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
    told_of_the_run = {"consents": 2, "due": 2, "newly_lost": ["dead"], "outcome_lost": 1, "outcome_proven": 1}
    assert told_of_the_run.items() <= run.items()
    consents = [record for record in records if record["event"] == "refresh.consent"]
    assert {record["consent"]: record["outcome"] for record in consents} == {"good": PROVEN, "dead": LOST}
    told = {record["consent"]: (record["code"], record["authority_code"]) for record in consents}
    assert told == {"good": ("", None), "dead": ("new_consent_needed", 50173)}
    assert all(
        set(record) == {"event", "consent", "lineage", "outcome", "code", "authority_code", "crossed"}
        for record in consents
    )
    assert "dead-l1" not in caplog.text, "no refresh token"
    assert "access-token" not in caplog.text


def test_every_record_of_a_run_is_written_by_the_thread_that_runs_it(caplog: pytest.LogCaptureFixture) -> None:
    """The Functions host drops what any other thread logs."""
    caplog.set_level(logging.INFO, "broker.audit")
    scene = Scene()
    for number in range(12):
        scene.give(f"c{number}")
    scene.run_after(DAY)
    assert len(caplog.records) == 12 + 1
    assert {record.thread for record in caplog.records} == {threading.get_ident()}


class Told(logging.Handler):
    """Says when the first record was written."""

    def __init__(self) -> None:
        super().__init__()
        self.first = threading.Event()

    def emit(self, _record: logging.LogRecord) -> None:
        """Note it."""
        self.first.set()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    caplog.set_level(logging.INFO, "broker.audit")
    handler, log = Told(), logging.getLogger("broker.audit")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def test_records_come_as_the_run_goes_on_so_that_one_cut_short_has_left_them(told: Told) -> None:
    """The platform may end a run anywhere, and what was done by then is to be known."""
    scene = Scene()
    for number in range(30):
        scene.give(f"c{number:02}")

    def last_waits(asked: Asked) -> BrokerError | None:
        waits = asked.refresh_token.startswith("c29-")
        return None if not waits or told.first.wait(20) else AuthorityUnavailable()

    scene.authority.refuse = last_waits
    assert scene.run_after(DAY).outcomes == {PROVEN: 30}
