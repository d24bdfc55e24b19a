"""A check tries every customer and resource that somebody may ask for, keeps what came of it, and carries on."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from customers_timer.bounds import MOST_ALIKE, MOST_TROUBLES, MOST_UNANSWERED
from customers_timer.found import UNFINISHED
from customers_timer.report import CheckFailed
from customers_timer.run import MOST_REMOVED, WORKERS
from customers_timer.target import most_overdue_first
from shared.application_stops import ApplicationStops
from shared.cloud import PUBLIC
from shared.crew import Limits
from shared.customers.application_grants import Grant
from shared.customers.errors import (
    DelegatedRoleMissing,
    GraphUnavailable,
    PartnerCenterUnavailable,
    RelationshipsUnseen,
)
from shared.customers.reach import Reach
from shared.customers.result import WORKS
from shared.entra.whose_fault import APPLICATION, CALLER, CUSTOMER, LATER, NOBODY
from shared.errors import AuthorityUnavailable, BrokerError, IdentityUnavailable
from shared.marks import SIGNED_OUT, Marks
from shared.marks import TABLE as MARKS
from tests.customers_timer.scene import (
    ARM,
    DAY,
    ELSEWHERE,
    GRAPH,
    HOME,
    HOUR,
    NOON,
    SCOPE,
    Scene,
    counting,
    customers_alone,
    delegated,
    everywhere,
    name,
    of,
    tenant,
)
from tests.fakes.scripted_authority import Asked, says

NO_RIGHTS = says("invalid_grant", 50020)
MANY = 200
HOSTS = "https://*.sharepoint.com"


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What hangs, hangs until the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def hang(released: threading.Event) -> None:
    released.wait()


def records(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, object]]:
    found = [json.loads(line.message) for line in caplog.records if line.name == "broker.audit"]
    return [one for one in found if one["event"] == event]


def test_each_customer_and_resource_is_tried_once_with_the_consents_own_token(scene: Scene) -> None:
    scene.reach = {"partner": everywhere(GRAPH, ARM)}
    report = scene.run()
    assert sorted(one for one in scene.tried()) == [(tenant(n), one) for n in range(3) for one in (GRAPH, ARM)]
    assert report.fields()["works"] == report.due == 6
    kept = scene.results.all("partner", tenant_id=tenant(1))
    assert {(one.resource, one.customer, one.outcome, one.good_on) for one in kept} == {
        (GRAPH, name(1), WORKS, NOON),
        (ARM, name(1), WORKS, NOON),
    }


def test_a_tenant_that_a_row_of_the_policy_names_is_tried_for_what_the_row_gives(scene: Scene) -> None:
    scene.reach = {
        "partner": Reach(everywhere=frozenset(), by_tenant={tenant(1): frozenset({ARM}), ELSEWHERE: frozenset({GRAPH})})
    }
    scene.run()
    assert sorted(scene.tried()) == [(ELSEWHERE, GRAPH), (tenant(1), ARM)]


def test_home_is_no_customer(scene: Scene) -> None:
    scene.reach = {"partner": Reach(everywhere=frozenset(), by_tenant={HOME: frozenset({GRAPH})})}
    scene.run()
    assert scene.tried() == []


def test_a_consent_that_nobody_may_use_for_a_customer_asks_nothing(scene: Scene) -> None:
    scene.reach = {}
    assert scene.run().consents == 0
    assert scene.authority.asked == []


def test_a_withdrawn_consent_asks_nothing(scene: Scene) -> None:
    scene.store.withdraw("partner", by="operator", on=NOON)
    scene.run()
    assert scene.authority.asked == []


def test_of_a_withdrawn_consent_nothing_is_kept(scene: Scene) -> None:
    scene.authority.refuse = of(1, NO_RIGHTS)
    scene.run()
    scene.store.withdraw("partner", by="operator", on=NOON)
    assert scene.run().removed == 3
    assert [*scene.results.all("partner"), *scene.results.failing()] == []


def test_what_was_tried_within_20_hours_is_not_tried_again(scene: Scene) -> None:
    scene.run()
    scene.tried()
    scene.now += 19 * HOUR
    assert (scene.run().due, scene.tried()) == (0, [])
    scene.now += HOUR
    assert (scene.run().due, len(scene.tried())) == (3, 3)


def test_a_clock_that_was_wrong_puts_nothing_off(scene: Scene) -> None:
    scene.now += 400 * DAY
    scene.run()
    scene.now = NOON
    assert scene.run().due == 3


def test_the_most_overdue_comes_first_and_one_that_was_never_tried_before_all(scene: Scene) -> None:
    scene.customers = 2
    scene.run()
    for number, hours in ((0, 1), (1, 2)):
        found = replace(scene.result(number), tried_on=NOON - hours * HOUR)
        scene.results.put(found, now=NOON)
    scene.customers = 3
    plan = scene.timer().planner.plan("partner", scene.reach["partner"], correlation="id")
    assert [one.tenant_id for one in most_overdue_first(plan.targets)] == [tenant(2), tenant(1), tenant(0)]


def test_one_customer_never_stops_the_others(scene: Scene) -> None:
    scene.authority.refuse = of(1, NO_RIGHTS)
    report = scene.run()
    assert (report.fields()["works"], report.fields()["failing"]) == (2, 1)
    failed = scene.result(1)
    assert (failed.outcome, failed.number, failed.whose) == ("delegated_rights_missing", 50020, CUSTOMER)
    assert (failed.since, failed.good_on, scene.failing()) == (NOON, None, [tenant(1)])


def test_a_failure_remembers_since_when_and_when_it_last_was_good(scene: Scene) -> None:
    scene.run()
    scene.authority.refuse = of(1, NO_RIGHTS)
    for _ in range(2):
        scene.now += DAY
        scene.run()
    failed = scene.result(1)
    assert (failed.good_on, failed.since, failed.tried_on) == (NOON, NOON + DAY, NOON + 2 * DAY)


def test_it_is_told_by_name_who_fails_since_this_run_and_not_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene.authority.refuse = of(1, NO_RIGHTS)
    scene.run()
    (told,) = records(caplog, "customers.failing")
    assert told == {
        "event": "customers.failing",
        "consent": "partner",
        "tenant": tenant(1),
        "customer": name(1),
        "resource": GRAPH,
        "outcome": "delegated_rights_missing",
        "authority_code": 50020,
        "whose": CUSTOMER,
    }
    (run,) = records(caplog, "customers.run")
    assert (run["newly_failing"], run["newly_failing_count"]) == ([f"{name(1)} ({tenant(1)})"], 1)
    caplog.clear()
    scene.now += DAY
    scene.run()
    assert records(caplog, "customers.failing") == []
    (again,) = records(caplog, "customers.run")
    assert (again["newly_failing"], again["failing"]) == ([], 1)


def test_the_record_of_a_morning_on_which_all_fail_stays_small(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene.customers = MANY
    scene.authority.refuse = customers_alone(NO_RIGHTS)
    scene.run()
    (run,) = records(caplog, "customers.run")
    assert isinstance(run["newly_failing"], list)
    assert (len(run["newly_failing"]), run["newly_failing_count"]) == (100, MANY)
    assert len(records(caplog, "customers.failing")) == 100


def test_who_works_again_is_counted_and_fails_no_more(scene: Scene) -> None:
    scene.authority.refuse = of(1, NO_RIGHTS)
    scene.run()
    scene.authority.refuse = lambda _asked: None
    scene.now += DAY
    assert scene.run().fields()["recovered"] == 1
    assert scene.failing() == []


def test_a_token_that_lacks_scopes_of_the_grant_set_does_not_work(scene: Scene) -> None:
    """The stand-in's token names the scope that was asked for alone."""
    scene.customers = 1
    grant = Grant(
        resource="graph", application_id="id", default_scope=f"{GRAPH}/.default", scopes=("User.Read", "Mail.Send")
    )
    scene.grants = {GRAPH: grant}
    scene.run()
    found = scene.result(0)
    assert (found.outcome, found.whose, found.missing) == ("scopes_missing", CUSTOMER, ("User.Read", "Mail.Send"))


def test_a_token_without_a_role_does_not_work_where_the_probe_says_so(scene: Scene) -> None:
    def probe(_token: object, target: object) -> None:
        if getattr(target, "tenant_id", "") == tenant(1):
            raise DelegatedRoleMissing

    scene.probe = probe
    scene.run()
    assert scene.result(1).outcome == "delegated_role_missing"
    assert scene.result(0).works


def test_silence_is_no_verdict_and_is_asked_again_by_the_next_run(scene: Scene) -> None:
    scene.run()
    scene.authority.refuse = of(1, lambda _asked: AuthorityUnavailable())
    scene.now += DAY
    assert scene.run().fields()["unanswered"] == 0, "it is known to have worked"
    found = scene.result(1)
    assert (found.outcome, found.whose, found.unanswered_since) == (WORKS, NOBODY, scene.now)
    scene.tried()
    scene.authority.refuse = lambda _asked: None
    scene.now += HOUR
    scene.run()
    assert scene.tried() == [(tenant(1), GRAPH)]
    assert scene.result(1).unanswered_since is None


def test_a_customer_that_was_never_answered_is_told_after_a_day(scene: Scene) -> None:
    scene.authority.refuse = of(1, lambda _asked: AuthorityUnavailable())
    assert scene.run().fields()["unanswered"] == 1
    assert scene.failing() == []
    scene.now += DAY
    scene.run()
    assert (scene.failing(), scene.result(1).whose, scene.result(1).unanswered_since) == ([tenant(1)], LATER, NOON)


def test_a_silent_customer_is_asked_for_nothing_more_in_this_run(scene: Scene) -> None:
    scene.customers = 1
    scene.reach = {"partner": everywhere(*(f"api://resource-{n}" for n in range(3 * WORKERS)))}
    scene.authority.refuse = customers_alone(lambda _asked: AuthorityUnavailable())
    report = scene.run()
    assert len(scene.tried()) <= WORKERS
    assert report.left >= 2 * WORKERS


def test_an_authority_that_answers_nobody_is_soon_asked_no_more(scene: Scene) -> None:
    scene.customers = MANY
    scene.authority.refuse = customers_alone(lambda _asked: AuthorityUnavailable())
    report = scene.run()
    assert MOST_UNANSWERED <= len(scene.tried()) < MOST_UNANSWERED + WORKERS
    assert report.fields()["reasons"] == ["authority_unavailable"]
    assert scene.failing() == []


def test_a_consent_that_died_ends_its_own_part_at_once_and_no_other(scene: Scene) -> None:
    scene.customers = MANY
    scene.give("other")
    scene.reach["other"] = everywhere(GRAPH)
    dead = says("invalid_grant", 700082)
    scene.authority.refuse = lambda asked: (
        dead(asked) if asked.refresh_token == "token-of-partner" and asked.scope != SCOPE else None
    )
    report = scene.run()
    tried = [one.refresh_token for one in scene.authority.asked if one.scope != SCOPE]
    assert tried.count("token-of-partner") <= WORKERS
    assert tried.count("token-of-other") == MANY
    assert report.fields()["reasons"] == ["new_consent_needed"]
    assert list(scene.results.all("partner")) == [], "no customer is to blame for it"


def test_a_consent_that_died_at_home_is_tried_for_no_customer(scene: Scene) -> None:
    scene.authority.refuse = says("invalid_grant", 50173)
    report = scene.run()
    assert (scene.tried(), report.ended, report.fields()["reasons"]) == ([], ["partner"], ["new_consent_needed"])


def test_an_application_credential_that_is_refused_ends_the_run_at_once(scene: Scene) -> None:
    scene.customers = MANY
    scene.authority.refuse = customers_alone(says("invalid_client", 7000222))
    report = scene.run()
    assert len(scene.tried()) <= WORKERS
    assert report.fields()["reasons"] == ["application_misconfigured"]
    assert list(scene.results.all("partner")) == []


@pytest.mark.parametrize(
    ("answer", "whose"),
    [(says("unauthorized_client"), APPLICATION), (says("invalid_scope", 70011), CALLER)],
)
def test_what_may_be_the_applications_or_the_policys_own_ends_the_resource_once_three_have_met_it(
    scene: Scene, answer: object, whose: str
) -> None:
    assert callable(answer)
    scene.customers = MANY
    scene.reach = {"partner": everywhere(GRAPH, ARM)}
    scene.authority.refuse = lambda asked: answer(asked) if asked.scope.startswith(ARM) else None
    report = scene.run()
    tried = [resource for _, resource in scene.tried()]
    assert (tried.count(GRAPH), MOST_ALIKE <= tried.count(ARM) < MOST_ALIKE + WORKERS) == (MANY, True)
    assert report.left == MANY - tried.count(ARM)
    assert {one.whose for one in scene.results.failing()} == {whose}


def test_a_single_customer_who_meets_what_may_be_the_applications_stops_nobody(scene: Scene) -> None:
    scene.customers = MANY
    scene.authority.refuse = of(1, says("unauthorized_client"))
    report = scene.run()
    assert (report.fields()["works"], report.left, scene.failing()) == (MANY - 1, 0, [tenant(1)])


def test_without_partner_center_those_are_tried_who_are_known(scene: Scene) -> None:
    scene.run()
    scene.tried()
    scene.unlisted = PartnerCenterUnavailable()
    scene.now += DAY
    report = scene.run()
    assert len(scene.tried()) == 3
    assert list(report.silent) == ["partner partner_center partner_center_unavailable"]
    assert (list(report.unlisted), report.removed) == ([], 0), "relationships could be read"


def test_where_no_source_answers_the_run_says_so(scene: Scene) -> None:
    scene.run()
    scene.tried()
    scene.unlisted, scene.unseen = PartnerCenterUnavailable(), RelationshipsUnseen()
    scene.now += DAY
    report = scene.run()
    assert (len(scene.tried()), report.removed, list(report.unlisted)) == (3, 0, ["partner"])
    assert report.fields()["reasons"] == ["partner_center_unavailable", "relationships_unseen"]


def test_a_customer_whom_a_relationship_alone_tells_of_is_tried_and_its_result_says_so(scene: Scene) -> None:
    scene.relationships = [delegated(1), delegated(7)]
    scene.run()
    assert [one for one, _ in sorted(scene.tried())] == [tenant(n) for n in (0, 1, 2, 7)]
    told = {n: (scene.result(n).customer, list(scene.result(n).sources)) for n in (0, 1, 7)}
    assert told == {
        0: (name(0), ["partner_center"]),
        1: (name(1), ["partner_center", "gdap"]),
        7: ("Delegated 7", ["gdap"]),
    }


def test_without_the_right_to_read_relationships_partner_centers_customers_are_tried(scene: Scene) -> None:
    scene.unseen = RelationshipsUnseen()
    report = scene.run()
    assert (len(scene.tried()), list(report.unlisted)) == (3, [])
    assert list(report.silent) == ["partner gdap relationships_unseen"]
    assert report.fields()["reasons"] == []


def test_whom_a_silent_source_told_of_stays_and_whom_the_other_one_tells_of_no_more_goes(scene: Scene) -> None:
    scene.relationships = [delegated(7)]
    scene.run()
    scene.tried()
    scene.unseen, scene.customers = GraphUnavailable(), 2
    scene.now += DAY
    assert scene.run().removed == 1
    assert [one for one, _ in sorted(scene.tried())] == [tenant(n) for n in (0, 1, 7)]


def test_a_tenant_that_the_policy_alone_names_says_so(scene: Scene) -> None:
    scene.reach = {"partner": Reach(everywhere=frozenset(), by_tenant={ELSEWHERE: frozenset({GRAPH})})}
    scene.run()
    assert [list(one.sources) for one in scene.results.all("partner")] == [["policy"]]


def test_a_consent_of_another_tenants_person_is_tried_for_the_tenants_that_the_policy_names(scene: Scene) -> None:
    scene.give("guest", ELSEWHERE)
    scene.reach = {"guest": Reach(everywhere=frozenset({ARM}), by_tenant={tenant(7): frozenset({GRAPH})})}
    report = scene.run()
    assert sorted(scene.tried()) == [(tenant(7), GRAPH), (tenant(7), ARM)]
    assert (list(report.unlisted), report.fields()["reasons"]) == ([], [])


def initial(number: int) -> str:
    return f"customer{number}.onmicrosoft.com"


def test_a_wildcard_is_tried_as_each_customers_own_host(scene: Scene) -> None:
    scene.reach = {"partner": everywhere(GRAPH, HOSTS)}
    scene.domain = initial
    report = scene.run()
    assert sorted(scene.tried()) == sorted(
        (tenant(n), resource) for n in range(3) for resource in (GRAPH, f"https://customer{n}.sharepoint.com")
    )
    assert (report.fields()["works"], report.fields()["untried"]) == (6, 0)


def test_a_host_that_nobody_knows_is_not_tried_and_the_reason_is_kept(scene: Scene) -> None:
    scene.reach = {"partner": everywhere(HOSTS)}
    scene.domain = lambda n: initial(n) if n else "customer0.example"
    report = scene.run()
    assert len(scene.tried()) == 2
    assert (report.fields()["untried"], report.fields()["failing"], report.left) == (1, 0, 0)
    assert report.fields()["reasons"] == ["host_unknown"]
    kept = scene.result(0)
    assert (kept.outcome, kept.resource, kept.is_failing(scene.now)) == ("host_unknown", HOSTS, False)
    assert list(scene.results.failing()) == []


def test_once_its_domain_is_known_a_customers_host_is_tried_and_stays_known(scene: Scene) -> None:
    scene.reach = {"partner": everywhere(HOSTS)}
    scene.customers = 1
    scene.run()
    scene.domain = initial
    scene.now += HOUR
    scene.run()
    assert scene.tried() == [(tenant(0), "https://customer0.sharepoint.com")]
    assert scene.result(0).works, "and nothing is kept of the wildcard"
    scene.domain = lambda _number: ""
    for unlisted in (None, PartnerCenterUnavailable()):
        scene.unlisted = unlisted
        scene.now += DAY
        scene.run()
        assert scene.tried() == [(tenant(0), "https://customer0.sharepoint.com")]


def test_customers_without_a_host_take_nobodys_turn(scene: Scene) -> None:
    scene.reach, scene.customers, scene.per_second = {"partner": everywhere(HOSTS)}, MANY, 1e-6
    assert scene.run().left == 0


def test_what_three_hosts_met_ends_the_wildcard_for_all(scene: Scene) -> None:
    scene.reach, scene.customers, scene.domain = {"partner": everywhere(HOSTS)}, MANY, initial
    scene.authority.refuse = lambda asked: says("invalid_scope", 70011)(asked) if asked.scope != SCOPE else None
    scene.run()
    assert MOST_ALIKE <= len(scene.tried()) < MOST_ALIKE + WORKERS


def test_a_customer_who_came_is_new_and_those_of_the_first_run_are_not(scene: Scene) -> None:
    assert list(scene.run().new) == []
    scene.now += DAY
    scene.customers = 4
    assert list(scene.run().new) == [name(3)]
    assert [one.tenant_id for one in scene.results.new(now=scene.now)] == [tenant(3)]


def test_a_customer_who_has_gone_is_forgotten(scene: Scene) -> None:
    scene.authority.refuse = of(2, NO_RIGHTS)
    scene.run()
    scene.customers = 2
    assert scene.run().removed == 1
    assert [one.tenant_id for one in scene.results.all("partner")] == [tenant(0), tenant(1)]
    assert scene.failing() == []


def test_of_many_who_have_gone_those_that_fail_are_forgotten_first(scene: Scene) -> None:
    scene.customers = MOST_REMOVED + 10
    scene.authority.refuse = of(MOST_REMOVED + 9, NO_RIGHTS)
    scene.run()
    scene.customers = 0
    assert (scene.run().removed, scene.failing()) == (MOST_REMOVED, [])
    assert scene.run().removed == 10
    assert list(scene.results.all("partner")) == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda _asked: AuthorityUnavailable(retry_after=5),
        says("temporarily_unavailable", 90055),
        says("invalid_grant", 50196),
    ],
)
def test_asked_to_wait_a_run_goes_on_at_half_the_pace(scene: Scene, answer: Callable[[Asked], BrokerError]) -> None:
    scene.authority.refuse = of(1, answer)
    report = scene.run()
    assert (report.per_second, report.fields()["works"]) == (scene.per_second / 2, 2)


def test_a_tenant_that_does_not_answer_slows_nobody_down(scene: Scene) -> None:
    scene.authority.refuse = of(1, lambda _asked: AuthorityUnavailable())
    assert scene.run().per_second == scene.per_second


def test_a_resource_that_nobody_may_ask_for_any_more_is_forgotten(scene: Scene) -> None:
    scene.reach = {"partner": everywhere(GRAPH, ARM)}
    scene.run()
    scene.reach = {"partner": everywhere(GRAPH)}
    scene.run()
    assert {one.resource for one in scene.results.all("partner")} == {GRAPH}


def test_a_run_that_is_cut_is_carried_on_by_the_next(scene: Scene) -> None:
    scene.customers = MANY

    def time_passes(_asked: Asked) -> BrokerError | None:
        scene.now += timedelta(minutes=9)
        return None

    scene.authority.refuse = counting(MANY // 2, time_passes)
    first = scene.run()
    done = scene.tried()
    assert MANY // 2 <= len(done) < MANY // 2 + 2 * WORKERS
    assert first.left == MANY - len(done)
    scene.authority.refuse = lambda _asked: None
    second = scene.run()
    rest = scene.tried()
    assert (second.due, second.left) == (len(rest), 0)
    assert sorted(one for one, _ in (*done, *rest)) == [tenant(n) for n in range(MANY)]


def test_whatever_hangs_the_run_ends_and_tells_what_it_has(scene: Scene, released: threading.Event) -> None:
    scene.limits = Limits(begin=0.5, consents=1.0, end=1.5)
    scene.authority.refuse = of(1, lambda _asked: hang(released))
    report = scene.run()
    assert (report.left, report.fields()["works"]) == (1, 2)


def test_a_listing_that_hangs_ends_its_consent_alone(scene: Scene, released: threading.Event) -> None:
    scene.limits = Limits(begin=0.5, consents=1.0, end=1.5)
    scene.give("other", ELSEWHERE)
    scene.reach["other"] = Reach(everywhere=frozenset(), by_tenant={tenant(5): frozenset({GRAPH})})
    scene.authority.refuse = lambda asked: hang(released) if asked.scope == SCOPE else None
    report = scene.run()
    assert (list(report.ended), report.fields()["reasons"]) == (["partner"], [UNFINISHED])


def test_without_its_tables_a_run_soon_asks_nobody(scene: Scene) -> None:
    scene.customers = MANY
    scene.authority.refuse = counting(0, lambda _asked: setattr(scene.rows, "away", True))
    report = scene.run()
    assert len(scene.tried()) < MOST_TROUBLES + WORKERS
    assert report.fields()["reasons"] == ["results_unavailable"]


def test_trouble_of_the_broker_itself_is_held_against_no_customer(scene: Scene) -> None:
    scene.customers = MANY
    scene.authority.refuse = customers_alone(lambda _asked: IdentityUnavailable())
    report = scene.run()
    assert len(scene.tried()) < MOST_TROUBLES + WORKERS
    assert (report.fields()["reasons"], list(scene.results.all("partner"))) == (["identity_unavailable"], [])


def test_what_nobody_foresaw_is_told_by_its_type_and_stops_no_other(scene: Scene) -> None:
    class UnforeseenError(Exception):
        pass

    def fail(_asked: Asked) -> BrokerError | None:
        raise UnforeseenError("refresh-token")

    scene.authority.refuse = of(1, fail)
    report = scene.run()
    assert report.fields()["works"] == 2
    with pytest.raises(CheckFailed, match="UnforeseenError") as failed:
        report.require_done()
    assert "refresh-token" not in str(failed.value)


def test_a_name_that_no_row_could_hold_keeps_nobody_from_being_told(scene: Scene) -> None:
    scene.called = lambda number: ["half \ud800 a\x00character", "", "plain"][number]
    assert scene.run().fields()["works"] == 3
    assert [one.customer for one in scene.results.all("partner")] == ["half   a character", "example", "plain"]


def test_the_summary_of_the_last_run_is_kept(scene: Scene) -> None:
    scene.authority.refuse = of(1, NO_RIGHTS)
    scene.run()
    kept = scene.results.last_run()
    assert kept is not None
    assert (kept["began_on"], kept["works"], kept["failing"]) == ("2026-03-01T12:00:00+00:00", 2, 1)
    assert kept["causes"] == {"delegated_rights_missing": 1}


def test_a_run_sweeps_what_has_ended(scene: Scene) -> None:
    marks = Marks(scene.rows, max_age=HOUR, clock=scene.clock)
    marks.set(SIGNED_OUT, "ended", until=NOON + HOUR)
    marks.set(SIGNED_OUT, "lasting", until=NOON + 30 * HOUR)
    scene.run()
    scene.now += 2 * HOUR
    scene.run()
    assert [row.fields["key"] for row in scene.rows.select(MARKS, SIGNED_OUT)] == ["lasting"]


def test_a_run_whose_summary_cannot_be_kept_says_so(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene.customers = 1
    scene.authority.refuse = counting(0, lambda _asked: setattr(scene.rows, "away", True))
    scene.run()
    (run,) = records(caplog, "customers.run")
    assert run["kept"] is False


def test_nothing_that_is_kept_or_recorded_holds_a_token(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene.authority.refuse = of(1, NO_RIGHTS)
    scene.run()
    parts = ("checked-partner", "failing", "runs", "partner")
    told = caplog.text + repr([[*scene.rows.select(table, part)] for table in scene.rows.tables() for part in parts])
    assert name(1) in told
    assert not [secret for secret in ("token-of-partner", "access-token") if secret in told]
    assert PUBLIC.partner_center_scope not in told


def test_a_consent_that_is_withdrawn_amid_a_run_is_exchanged_no_more() -> None:
    scene = Scene(customers=200, memory_age=0.0)
    withdrawn_at, is_withdrawn, asked_then = 20, threading.Event(), [0]

    def amid(_asked: Asked) -> None:
        if len(scene.authority.asked) >= withdrawn_at and not is_withdrawn.is_set():
            is_withdrawn.set()
            scene.store.withdraw("partner", by="operator", on=NOON)
            asked_then[0] = len(scene.authority.asked)

    scene.authority.refuse = amid
    report = scene.run()
    # Those that were on their way at that moment, one for each thread, come to their end.
    assert withdrawn_at <= asked_then[0] <= len(scene.authority.asked) <= asked_then[0] + 2 * WORKERS
    assert "consent_withdrawn" in report.reasons
    assert report.left > 0


def left(scene: Scene) -> set[str]:
    return set(ApplicationStops(scene.rows, clock=scene.clock).read().left)


def test_whoever_is_a_customer_no_more_is_remembered_for_the_applications_own_tokens(scene: Scene) -> None:
    scene.reach_of_application = everywhere(GRAPH)
    scene.run()
    assert left(scene) == set()
    scene.customers = 2
    scene.run()
    assert left(scene) == {tenant(2)}
    scene.customers = 3
    scene.run()
    assert left(scene) == set()


@pytest.mark.parametrize("source", ["unlisted", "unseen"])
def test_where_a_source_of_customers_is_silent_nobody_has_left(scene: Scene, source: str) -> None:
    scene.reach_of_application = everywhere(GRAPH)
    scene.run()
    scene.customers = 2
    setattr(scene, source, PartnerCenterUnavailable() if source == "unlisted" else GraphUnavailable())
    scene.run()
    assert left(scene) == set()
