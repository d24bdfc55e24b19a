"""One customer is tried again because somebody asks: what was found is kept as a run keeps it, and is on record."""

import json
from datetime import timedelta

import pytest

from customers_timer.attempt import Attempts
from customers_timer.consent_recheck import InForce
from customers_timer.recheck import Recheck
from shared.application_stops import ApplicationStops
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.errors import ConsentWithdrawn
from shared.customers.errors import CustomerExcluded
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.offboarded import CustomerOffboarded
from shared.customers.result import OF_APPLICATION
from shared.entra.errors import ApplicationNotConsented
from tests.consent_http.rig import OPERATOR
from tests.customers_timer.scene import ARM, GRAPH, HOUR, NOON, Scene, everywhere, tenant


def again(scene: Scene, number: int = 1, consent: str = "partner", seconds: float = 100.0) -> dict[str, object]:
    stops = ApplicationStops(scene.rows, clock=scene.clock)
    in_force = InForce(scene.store, stops, max_age=scene.memory_age)
    recheck = Recheck(
        store=scene.store,
        results=scene.results,
        exclusions=Exclusions(scene.rows),
        stops=stops,
        attempts=Attempts(authority=scene.authority, clock=scene.clock, probe=scene.probe, in_force=in_force),
        read_grants=lambda: lambda _tenant_id, resource: scene.grants.get(resource),
        clock=scene.clock,
        seconds=seconds,
    )
    return recheck.again(tenant(number), consent, operator=OPERATOR, correlation="c")


@pytest.fixture
def scene() -> Scene:
    made = Scene(reach={"partner": everywhere(GRAPH, ARM)})
    made.authority.refuse = lambda asked: (
        ApplicationNotConsented(authority_code=65001) if asked.tenant_id == tenant(1) else None
    )
    made.run()
    made.now += HOUR
    return made


def test_what_was_mended_works_at_once_and_is_kept(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "broker.audit")
    assert again(scene) == {"tenant": tenant(1), "tried": 2, "works": 0, "left": 0}
    scene.authority.refuse = lambda _asked: None
    assert again(scene)["works"] == 2
    kept = list(scene.results.all("partner", tenant_id=tenant(1)))
    assert {one.tried_on for one in kept} == {scene.now}
    assert list(scene.results.failing()) == []
    assert [change["outcome"] for change in scene.results.history("partner", tenant(1), now=scene.now)].count(
        "works"
    ) == 2
    on_record = [json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit"]
    told = {"consent": "partner", "pairs": 2, "operator": OPERATOR.object_id, "correlation_id": "c"}
    assert on_record == [{"event": "consent.checked", **told, "works": works} for works in (False, True)]


def test_nobody_else_is_tried(scene: Scene) -> None:
    scene.authority.asked.clear()
    again(scene)
    assert {asked.tenant_id for asked in scene.authority.asked} == {tenant(1)}


def test_who_is_kept_out_is_not_tried(scene: Scene) -> None:
    day = (scene.now + timedelta(days=1)).date()
    Exclusions(scene.rows).put(Exclusion(tenant_id=tenant(1), reason="leaves.", until=day, by="ada", made_on=NOON))
    scene.authority.asked.clear()
    with pytest.raises(CustomerExcluded, match="leaves"):
        again(scene)
    assert scene.authority.asked == []


def test_whom_no_check_has_met_and_a_consent_that_is_none_are_told_so(scene: Scene) -> None:
    assert again(scene, 77) == {"tenant": tenant(77), "tried": 0, "works": 0, "left": 0}
    for consent in ("nobodys", MANAGEMENT_NAME):
        assert again(scene, consent=consent)["tried"] == 0


def test_a_consent_that_was_withdrawn_is_exchanged_no_more(scene: Scene) -> None:
    scene.store.withdraw("partner", by="ada", on=scene.now)
    scene.authority.asked.clear()
    with pytest.raises(ConsentWithdrawn):
        again(scene)
    assert scene.authority.asked == []


def test_what_there_is_no_time_for_is_told_and_stays_as_it_was(scene: Scene) -> None:
    before = list(scene.results.all("partner", tenant_id=tenant(1)))
    assert again(scene, seconds=0.0) == {"tenant": tenant(1), "tried": 0, "works": 0, "left": 2}
    assert list(scene.results.all("partner", tenant_id=tenant(1))) == before


def test_the_applications_own_tokens_are_tried_again_as_such(scene: Scene) -> None:
    scene.reach_of_application = everywhere(GRAPH)
    scene.authority.refuse = lambda _asked: None
    scene.run()
    scene.authority.asked.clear()
    assert again(scene, consent=OF_APPLICATION) == {"tenant": tenant(1), "tried": 1, "works": 1, "left": 0}
    assert [one.refresh_token for one in scene.authority.asked] == [""]


@pytest.mark.parametrize("consent", ["partner", OF_APPLICATION])
def test_nobody_is_tried_whose_work_an_operator_has_ended(scene: Scene, consent: str) -> None:
    asked = len(scene.authority.asked)
    ApplicationStops(scene.rows, clock=scene.clock).offboard(tenant(1), by="ada")
    with pytest.raises(CustomerOffboarded):
        again(scene, consent=consent)
    assert len(scene.authority.asked) == asked
