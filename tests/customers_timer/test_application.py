"""The check of the application's own tokens: who is tried, that they are good only with roles, and what stops them."""

from datetime import timedelta

import pytest

from customers_timer.bounds import Bounds
from customers_timer.consent_recheck import InForce
from customers_timer.target import Part, Target
from local.world import GRAPH as GRAPH_ID
from shared.application_stops import ApplicationStopped, ApplicationStops
from shared.customers.application_grants import Grant
from shared.customers.errors import PartnerCenterUnavailable, RelationshipsUnseen
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.reach import Reach
from shared.customers.result import OF_APPLICATION, Result
from shared.entra.errors import ApplicationNotConsented
from shared.entra.whose_fault import CUSTOMER
from tests.customers_timer.scene import ARM, GRAPH, HOME, Scene, delegated, everywhere, tenant

SITES = "https://*.sharepoint.com"


@pytest.fixture
def scene() -> Scene:
    """Three customers; the application may be asked for Graph at all of them, and nobody by a person's consent."""
    made = Scene(reach={}, reach_of_application=everywhere(GRAPH))
    made.reach = {"partner": everywhere(ARM)}
    made.authority.roles = ("User.Read.All", "Mail.Read")
    return made


def own(scene: Scene) -> dict[str, Result]:
    return {one.tenant_id: one for one in scene.results.all(OF_APPLICATION)}


def wants(*app_roles: str) -> dict[str, Grant]:
    grant = Grant(
        resource="graph", application_id=GRAPH_ID, default_scope=f"{GRAPH}/.default", scopes=("A",), app_roles=app_roles
    )
    return {GRAPH: grant}


def stops(scene: Scene) -> ApplicationStops:
    return ApplicationStops(scene.rows, clock=scene.clock)


def test_each_customer_is_tried_beside_the_consents_own_part_and_kept_apart(scene: Scene) -> None:
    scene.reach["partner"] = everywhere(GRAPH)
    report = scene.run()
    asked = {
        (one.tenant_id, one.refresh_token == "") for one in scene.authority.asked if one.scope == f"{GRAPH}/.default"
    }
    assert asked == {(tenant(number), is_own) for number in range(3) for is_own in (True, False)}
    assert {(one.outcome, one.kind) for one in own(scene).values()} == {("works", "application")}
    assert scene.result(0).kind == "user"
    assert (report.customers, report.due, report.fields()["works"]) == (3, 6, 6)


def test_a_token_without_what_the_grant_set_names_is_not_good_and_the_missing_are_named(scene: Scene) -> None:
    scene.grants = wants("user.read.all", "Reports.Read.All", "Sites.Selected")
    report = scene.run()
    found = own(scene)[tenant(0)]
    assert (found.outcome, found.whose) == ("app_roles_missing", CUSTOMER)
    assert found.missing == ("Reports.Read.All", "Sites.Selected")
    assert report.fields()["newly_failing_count"] == 3
    scene.authority.roles = ("User.Read.All", "Reports.Read.All", "Sites.Selected")
    scene.now += timedelta(days=1)
    assert scene.run().fields()["recovered"] == 3
    assert own(scene)[tenant(0)].missing == ()


def test_scopes_of_the_grant_set_are_asked_of_no_token_of_the_application_and_roles_of_no_persons(scene: Scene) -> None:
    scene.grants = wants("Mail.Read")
    scene.reach["partner"] = everywhere(GRAPH)
    scene.run()
    assert own(scene)[tenant(0)].outcome == "works"
    assert scene.result(0).missing == ("A",)


def test_where_the_grant_set_names_no_role_a_token_is_good_enough(scene: Scene) -> None:
    scene.authority.roles = ()
    for scene.grants in ({}, wants()):
        scene.run()
        assert {one.outcome for one in own(scene).values()} == {"works"}
        scene.now += timedelta(days=1)


def test_the_probe_of_a_persons_role_is_not_for_the_application(scene: Scene) -> None:
    probed: list[str] = []
    scene.probe = lambda _token, target: probed.append(target.part.consent)
    scene.run()
    assert set(probed) == {"partner"}


def test_rows_that_name_tenants_reach_these_alone_and_home_never(scene: Scene) -> None:
    scene.reach_of_application = Reach(
        everywhere=frozenset(),
        by_tenant={tenant(1): frozenset({GRAPH}), tenant(9): frozenset({ARM}), HOME: frozenset({ARM})},
    )
    scene.run()
    assert {(one.tenant_id, one.resource) for one in own(scene).values()} == {(tenant(1), GRAPH), (tenant(9), ARM)}
    assert own(scene)[tenant(9)].sources == ("policy",)


def test_without_any_consent_the_tenants_of_the_policy_are_tried_all_the_same(scene: Scene) -> None:
    scene.store.withdraw("partner", by="operator", on=scene.now)
    scene.reach_of_application = Reach(everywhere=frozenset({ARM}), by_tenant={tenant(1): frozenset({GRAPH})})
    scene.run()
    assert {one.tenant_id for one in own(scene).values()} == {tenant(1)}


def test_what_no_row_gives_any_more_is_forgotten(scene: Scene) -> None:
    scene.run()
    scene.reach_of_application = everywhere()
    scene.run()
    assert own(scene) == {}


def test_where_no_source_of_customers_speaks_those_known_are_tried(scene: Scene) -> None:
    scene.run()
    scene.unlisted, scene.unseen = PartnerCenterUnavailable(), RelationshipsUnseen()
    scene.now += timedelta(days=1)
    scene.authority.asked.clear()
    scene.run()
    asked = {one.tenant_id for one in scene.authority.asked if one.scope == f"{GRAPH}/.default"}
    assert asked == {tenant(number) for number in range(3)}


def test_while_an_operator_has_stopped_them_none_is_asked_for_and_what_is_known_stays(scene: Scene) -> None:
    scene.run()
    known = own(scene)
    stops(scene).stop(by="operator")
    scene.now += timedelta(days=1)
    scene.authority.asked.clear()
    scene.run()
    assert not [one for one in scene.authority.asked if one.refresh_token == ""]
    assert own(scene) == known
    stops(scene).resume(by="operator")
    scene.run()
    assert own(scene)[tenant(0)].tried_on == scene.now


def test_a_stop_amid_a_run_ends_the_applications_part_alone(scene: Scene) -> None:
    in_force, bounds = InForce(scene.store, stops(scene), max_age=0.0), Bounds(until=scene.now)
    in_force.require(Part(consent=OF_APPLICATION))
    stops(scene).stop(by="operator")
    with pytest.raises(ApplicationStopped) as refused:
        in_force.require(Part(consent=OF_APPLICATION))
    bounds.failed(OF_APPLICATION, refused.value)
    assert bounds.stops(_target(OF_APPLICATION))
    assert not bounds.stops(_target("partner"))
    assert bounds.reasons == {"application_stopped"}


def _target(consent: str) -> Target:
    of = {"customer": "x", "domain": "", "resource": GRAPH, "named": GRAPH}
    return Target(part=Part(consent=consent), tenant_id=tenant(0), before=None, **of)


def test_whoever_has_left_is_asked_for_none_though_a_row_names_the_tenant(scene: Scene) -> None:
    scene.reach_of_application = Reach(everywhere=frozenset(), by_tenant={tenant(2): frozenset({GRAPH})})
    scene.run()
    assert own(scene)
    scene.customers = 2
    scene.now += timedelta(days=1)
    scene.run()
    scene.now += timedelta(days=1)
    scene.authority.asked.clear()
    scene.run()
    assert not [one for one in scene.authority.asked if one.refresh_token == ""]
    assert own(scene) == {}


def test_whoever_is_kept_out_is_not_tried_and_stays_as_it_was(scene: Scene) -> None:
    scene.run()
    known = own(scene)[tenant(1)]
    until = (scene.now + timedelta(days=9)).date()
    Exclusions(scene.rows).put(
        Exclusion(tenant_id=tenant(1), reason="leaves", until=until, by="operator", made_on=scene.now)
    )
    scene.now += timedelta(days=1)
    scene.run()
    assert own(scene)[tenant(1)] == known
    assert own(scene)[tenant(0)].tried_on == scene.now


@pytest.mark.parametrize("shows_secret", [True, False])
def test_sharepoint_is_asked_for_no_token_that_a_secret_was_shown_for(scene: Scene, *, shows_secret: bool) -> None:
    scene.shows_secret = shows_secret
    scene.domain = lambda number: f"customer{number}.onmicrosoft.com"
    scene.reach_of_application = everywhere(GRAPH, SITES)
    scene.run()
    hosts = {one.scope for one in scene.authority.asked if "sharepoint" in one.scope}
    assert bool(hosts) != shows_secret


def test_one_customers_refusal_stops_no_other(scene: Scene) -> None:
    scene.authority.refuse = lambda asked: (
        ApplicationNotConsented() if (asked.tenant_id, asked.refresh_token) == (tenant(1), "") else None
    )
    scene.run()
    assert {one.tenant_id: one.outcome for one in own(scene).values()} == {
        tenant(0): "works",
        tenant(1): "application_not_consented",
        tenant(2): "works",
    }
    assert scene.result(1).outcome == "works"


def test_who_came_by_a_relationship_alone_is_tried_too(scene: Scene) -> None:
    scene.relationships = [delegated(7)]
    scene.run()
    assert tenant(7) in own(scene)
