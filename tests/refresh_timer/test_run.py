"""One run within its bounds: what ends it early, what it holds back for, what it tells as it goes on."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from refresh_timer.backoff import LONGEST_WAIT, MOST_WAVES, Backoff
from refresh_timer.bounds import MOST_ALIKE, MOST_VAULT_REFUSALS
from refresh_timer.outcome import CARRIED_OVER, MISCONFIGURED, MISMATCHED, PROVEN, STORED, TRANSIENT, VAULT_REFUSED
from refresh_timer.report import RefreshAlarm
from refresh_timer.run import PROGRESS_EVERY
from shared.entra.errors import AnswerMismatched, ApplicationMisconfigured
from shared.errors import AuthorityUnavailable, BrokerError, Unavailable
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.fakes.scripted_authority import Asked, says
from tests.refresh_timer.scene import CONCURRENT, DAY, HOME_ID, HOUR, OTHER_TENANT_ID, Scene, refreshed

WRONG_SECRET, NOT_LISTED, UNLISTED = 7000215, 650057, 99999999
MANY = 100


def scene_of(count: int) -> Scene:
    scene = Scene()
    for number in range(count):
        scene.give(f"c{number:03}")
    return scene


def answers(_asked: Asked) -> BrokerError | None:
    return None


# Services that do not answer.


@pytest.mark.parametrize("away", [AuthorityUnavailable(), AuthorityUnavailable(retry_after=5)], ids=["down", "busy"])
def test_with_the_authority_away_little_is_asked_and_the_next_run_does_all(away: Unavailable) -> None:
    scene = scene_of(MANY)
    before = scene.store.all()
    scene.authority.refuse = lambda _asked: away.afresh()
    report = scene.run_after(DAY)
    assert MOST_WAVES <= len(scene.authority.asked) <= MOST_WAVES * CONCURRENT
    assert report.outcomes == {
        TRANSIENT: len(scene.authority.asked),
        CARRIED_OVER: MANY - len(scene.authority.asked),
    }
    report.require_calm()
    assert scene.store.all() == before, "nobody is blamed"
    scene.authority.refuse = answers
    assert scene.run_after(HOUR).outcomes == {PROVEN: MANY}


def test_with_a_vault_that_answers_no_more_little_is_asked_of_it() -> None:
    scene = scene_of(MANY)
    asked = []

    def away(operation: str, name: str) -> None:
        if operation == "get":
            asked.append(name)
            raise VaultUnavailable(retry_after=1)

    scene.vault.before = away
    assert scene.run_after(DAY).outcomes.total() == MANY
    assert MOST_WAVES <= len(asked) <= MOST_WAVES * CONCURRENT
    assert scene.authority.asked == []


def test_an_authority_that_answers_now_and_then_is_asked_to_the_end() -> None:
    """Each answer shows that it is worth going on."""
    scene = scene_of(MANY)
    scene.concurrency = 1
    turns = iter(range(MANY))
    scene.authority.refuse = lambda _asked: AuthorityUnavailable() if next(turns) % MOST_WAVES else None
    assert scene.run_after(DAY).outcomes == {PROVEN: MANY // MOST_WAVES, TRANSIENT: MANY - MANY // MOST_WAVES}


@pytest.mark.parametrize(
    ("asked_for", "waited"), [(7, 7.0), (3600, LONGEST_WAIT), (None, 2.0)], ids=["7 s", "an hour", "nothing said"]
)
def test_a_run_waits_as_long_as_the_authority_asks_for_within_a_bound(asked_for: int | None, waited: float) -> None:
    scene, slept = scene_of(3), list[float]()
    scene.concurrency = 1
    scene.backoff = lambda: Backoff(monotonic=lambda: 0.0, sleep=slept.append)
    turns = iter([AuthorityUnavailable(retry_after=asked_for), None, None])
    scene.authority.refuse = lambda _asked: next(turns)
    assert scene.run_after(DAY).outcomes == {TRANSIENT: 1, PROVEN: 2}
    # Time stands still here, so the third waits for the same moment as the second.
    assert slept == [waited, waited]


# An application that is refused.


def test_a_credential_that_ends_amid_a_run_stops_what_has_not_begun() -> None:
    scene = scene_of(MANY)
    scene.concurrency = 4
    turns = iter(range(MANY))
    scene.authority.refuse = lambda _asked: (
        ApplicationMisconfigured(authority_code=WRONG_SECRET) if next(turns) >= MANY // 2 else None
    )
    report = scene.run_after(DAY)
    assert report.outcomes[PROVEN] == MANY // 2
    assert 1 <= report.outcomes[MISCONFIGURED] <= scene.concurrency
    assert report.outcomes[CARRIED_OVER] == MANY - MANY // 2 - report.outcomes[MISCONFIGURED]


def test_what_one_tenant_alone_refuses_is_asked_there_no_more_and_the_others_are_done() -> None:
    scene = Scene()
    for number in range(MANY):
        scene.give(f"c{number:03}", tenant_id=OTHER_TENANT_ID if number % 2 else HOME_ID)
    scene.authority.refuse = lambda asked: (
        ApplicationMisconfigured(authority_code=NOT_LISTED) if asked.tenant_id == OTHER_TENANT_ID else None
    )
    report = scene.run_after(DAY)
    assert report.outcomes[PROVEN] == MANY // 2
    assert 1 <= report.outcomes[MISCONFIGURED] <= CONCURRENT
    assert report.outcomes[MISCONFIGURED] + report.outcomes[CARRIED_OVER] == MANY // 2
    with pytest.raises(RefreshAlarm, match=r"^the partner application is misconfigured$"):
        report.require_calm()


def test_a_wrong_credential_is_tried_in_no_tenant_after_the_first_few() -> None:
    """It fails in all of them alike, however many there are."""
    scene = Scene()
    for number in range(MANY):
        scene.give(f"c{number:03}", tenant_id=f"aaaa0000-0000-4000-8000-{number:012}")
    scene.authority.refuse = lambda _asked: ApplicationMisconfigured(authority_code=WRONG_SECRET)
    report = scene.run_after(DAY)
    assert 1 <= report.outcomes[MISCONFIGURED] <= CONCURRENT
    assert report.outcomes[MISCONFIGURED] + report.outcomes[CARRIED_OVER] == MANY


def test_a_wrong_credential_is_noticed_among_tenants_with_a_trouble_of_their_own() -> None:
    scene = Scene()
    for number in range(MANY):
        scene.give(f"c{number:03}", tenant_id=OTHER_TENANT_ID if number % 2 else HOME_ID)
    scene.authority.refuse = lambda asked: ApplicationMisconfigured(
        authority_code=NOT_LISTED if asked.tenant_id == OTHER_TENANT_ID else WRONG_SECRET
    )
    report = scene.run_after(DAY)
    # Of each trouble at most what was on its way when it was first met.
    assert 1 <= report.outcomes[MISCONFIGURED] <= 2 * CONCURRENT
    assert report.outcomes[MISCONFIGURED] + report.outcomes[CARRIED_OVER] == MANY


# What nobody knows, or what may be one person's own.


@pytest.mark.parametrize("error", ["invalid_request", "unauthorized_client", "invalid_client"])
def test_what_three_different_consents_have_met_is_asked_no_more_in_that_tenant(error: str) -> None:
    scene = scene_of(MANY)
    scene.authority.refuse = says(error, UNLISTED)
    report = scene.run_after(DAY)
    asked = len(scene.authority.asked)
    assert MOST_ALIKE <= asked < MOST_ALIKE + CONCURRENT
    assert report.outcomes[CARRIED_OVER] == MANY - asked


@pytest.mark.parametrize("error", ["invalid_request", "unauthorized_client", "invalid_client", "invalid_scope"])
@pytest.mark.parametrize("concurrency", [1, CONCURRENT])
def test_what_fewer_than_three_have_met_stops_nobody_else(error: str, concurrency: int) -> None:
    scene = scene_of(MANY)
    scene.concurrency = concurrency
    refuse = says(error, UNLISTED)
    scene.authority.refuse = lambda asked: refuse(asked) if asked.refresh_token.startswith(("c000", "c001")) else None
    assert scene.run_after(DAY).outcomes[PROVEN] == MANY - 2


@pytest.mark.parametrize("error", ["invalid_request", "unauthorized_client", "invalid_client", "invalid_scope"])
def test_where_a_token_came_the_application_is_not_to_blame_however_many_meet_it(error: str) -> None:
    scene = scene_of(MANY)
    scene.concurrency = 1
    refuse = says(error, UNLISTED)
    scene.authority.refuse = lambda asked: refuse(asked) if int(asked.refresh_token[1:4]) % 2 else None
    assert scene.run_after(DAY).outcomes[PROVEN] == MANY // 2


@pytest.mark.parametrize(("error", "code"), [("invalid_grant", 65001), ("invalid_grant", 50105), ("access_denied", 1)])
def test_what_may_be_one_persons_own_stops_nobody_however_many_meet_it(error: str, code: int) -> None:
    """Three who are not assigned are the most urgent ones of every run from then on."""
    scene = Scene()
    scene.concurrency = 1
    for name in ("bad1", "bad2", "bad3", "bad4"):
        scene.give(name)
    scene.clock.now += HOUR
    for number in range(20):
        scene.give(f"good{number:02}")
    refuse = says(error, code)
    scene.authority.refuse = lambda asked: refuse(asked) if asked.refresh_token.startswith("bad") else None
    assert scene.run_after(DAY).outcomes == {MISCONFIGURED: 4, PROVEN: 20}


# A vault that refuses.


@pytest.mark.parametrize("concurrency", [1, CONCURRENT])
def test_a_vault_that_refuses_everything_is_not_asked_ten_thousand_times(concurrency: int) -> None:
    scene = scene_of(3 * MANY)
    scene.concurrency = concurrency

    def refuse(operation: str, _name: str) -> None:
        if operation == "get":
            raise VaultRefused

    scene.vault.before = refuse
    report = scene.run_after(DAY)
    assert MOST_VAULT_REFUSALS <= report.outcomes[VAULT_REFUSED] < MOST_VAULT_REFUSALS + concurrency
    assert report.outcomes[VAULT_REFUSED] + report.outcomes[CARRIED_OVER] == 3 * MANY


def test_secrets_that_are_refused_by_themselves_stop_nothing_however_many_they_are() -> None:
    scene = scene_of(3 * MANY)
    scene.concurrency = 1

    def refuse(operation: str, name: str) -> None:
        if operation == "get" and int(name[-3:]) % 2:
            raise VaultRefused

    scene.vault.before = refuse
    assert scene.run_after(DAY).outcomes == {PROVEN: 3 * MANY // 2, VAULT_REFUSED: 3 * MANY // 2}


def test_an_answer_that_contradicts_what_was_asked_is_an_alarm_and_changes_nothing_that_is_stored() -> None:
    scene = scene_of(MANY)
    before = {entry.name: entry.health for entry in scene.store.all().entries}
    written = {name: len(versions) for name, versions in scene.vault.written.items()}
    scene.authority.refuse = lambda _asked: AnswerMismatched("Its oid is another.")
    report = scene.run_after(8 * DAY)
    assert report.outcomes == {MISMATCHED: MANY}
    assert {entry.name: entry.health for entry in scene.store.all().entries} == before
    assert {name: len(versions) for name, versions in scene.vault.written.items()} == written
    with pytest.raises(RefreshAlarm, match="contradict"):
        report.require_calm()
    scene.authority.refuse = lambda _asked: None
    scene.run_after(DAY).require_calm()


# Order, and what is told.


def test_those_whose_refresh_token_ends_first_are_done_first() -> None:
    scene = Scene()
    scene.concurrency = 1
    for name in ("oldest", "older", "old"):
        scene.give(name)
        scene.clock.now += DAY
    scene.run_after(DAY)
    assert [asked.refresh_token.partition("-")[0] for asked in scene.authority.asked] == ["oldest", "older", "old"]


def test_what_could_not_be_done_is_tried_again_after_the_others_and_when_it_works_in_its_turn() -> None:
    """However urgent, a consent whose tenant answers nobody must not keep the others from their turn."""
    scene = Scene()
    scene.concurrency = 1
    for name in ("oldest", "older", "old"):
        scene.give(name)
        scene.clock.now += HOUR
    turns = scene.timer()
    scene.authority.refuse = lambda asked: AuthorityUnavailable() if asked.refresh_token.startswith("oldest-") else None
    orders = []
    for works in (False, False, True, True):
        if works:
            scene.authority.refuse = answers
        scene.clock.now += DAY
        scene.authority.asked.clear()
        turns.run()
        orders.append([asked.refresh_token.partition("-")[0] for asked in scene.authority.asked])
    in_turn, put_off = ["oldest", "older", "old"], ["older", "old", "oldest"]
    assert orders == [in_turn, put_off, put_off, in_turn]


def test_however_many_are_tried_in_vain_the_others_get_their_turn() -> None:
    """Each run asks a little before it gives up; the next one begins with what no run has tried.

    A thread that is slow to begin may find its run given up already: so a few runs more than the fewest.
    """
    scene = Scene()
    bad = 6 * MOST_WAVES
    for number in range(bad):
        scene.give(f"bad{number:02}")
    scene.clock.now += HOUR
    for number in range(20):
        scene.give(f"good{number:02}")
    scene.authority.refuse = lambda asked: AuthorityUnavailable() if asked.refresh_token.startswith("bad") else None
    scene.clock.now += DAY
    timer, proven = scene.timer(), 0
    for _ in range(2 * (bad // MOST_WAVES + 1)):
        proven += timer.run().outcomes[PROVEN]
    assert proven == 20


def test_a_run_that_comes_after_weeks_without_one_catches_up_with_all() -> None:
    scene = scene_of(MANY)
    assert scene.run_after(20 * DAY).outcomes == {STORED: MANY}
    assert scene.run_after(HOUR).due == 0


@pytest.mark.parametrize(("days", "endangered"), [(59, ()), (60, ("old",))], ids=["31 days left", "30 days left"])
def test_what_could_not_be_tried_and_has_few_days_left_is_named(days: int, endangered: tuple[str, ...]) -> None:
    """The authority may be away for weeks, and no failure of a consent would ever tell."""
    scene = Scene()
    scene.give("old")
    scene.clock.now += (days - 1) * DAY
    scene.give("young")
    scene.authority.refuse = lambda _asked: AuthorityUnavailable()
    report = scene.run_after(DAY)
    assert (report.due, report.endangered) == (2, endangered)
    if endangered:
        with pytest.raises(RefreshAlarm, match=r"^few days left and not tried: old$"):
            report.require_calm()
    else:
        report.require_calm()


class Passing(logging.Handler):
    """Time passes with each consent that is on record; keeps what is told of the progress."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self.told: list[tuple[int, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Move the clock, or keep what was told."""
        found = json.loads(record.getMessage())
        if found["event"] == "refresh.consent":
            self._scene.clock.now += PROGRESS_EVERY / 3
        if found["event"] == "refresh.progress":
            self.told.append((found["done"], found["due"]))


@contextmanager
def time_passing(scene: Scene) -> Iterator[Passing]:
    handler, log = Passing(scene), logging.getLogger("broker.audit")
    log.addHandler(handler)
    try:
        yield handler
    finally:
        log.removeHandler(handler)


def test_a_long_run_tells_how_far_it_has_come_each_half_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene = scene_of(20)
    with time_passing(scene) as passing:
        scene.run_after(DAY)
    assert passing.told == [(done, 20) for done in (3, 6, 9, 12, 15, 18)]


def test_a_short_run_tells_its_end_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene = scene_of(20)
    scene.run_after(DAY)
    events = [json.loads(line)["event"] for line in caplog.messages]
    assert events == ["refresh.consent"] * 20 + ["refresh.run"]


def test_two_runs_at_once_do_each_consent_and_agree(caplog: pytest.LogCaptureFixture) -> None:
    """Two instances whose timers fire together: everything may be done twice, and nothing is hurt."""
    caplog.set_level(logging.INFO, "broker.audit")
    scene = scene_of(20)
    both = threading.Barrier(2)
    scene.concurrency = 1

    def together(_asked: Asked) -> None:
        both.wait(20)

    scene.authority.refuse = together
    scene.clock.now += 8 * DAY
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(scene.run().outcomes)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [{STORED: 20}, {STORED: 20}]
    assert len(refreshed(scene.authority.asked)) == 40
    scene.authority.refuse = answers
    assert scene.run_after(DAY).outcomes == {PROVEN: 20}
