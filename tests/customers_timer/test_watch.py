"""A run tells of delegations that end, and once a night of persons without MFA or roles: each once, and in time."""

import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.customers.errors import GraphRefused, PartnerCenterMfaMissing, RelationshipsUnseen
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.worries import Worries
from tests.customers_timer.scene import DAY, HOUR, Scene, delegated, of, tenant
from tests.fakes.scripted_authority import says

ONE = f"Delegated 1 ({tenant(1)})"


@pytest.fixture
def scene() -> Scene:
    """One that has looked before: what was over then is no news."""
    scene = Scene(relationships=[delegated(1)])
    scene.run()
    scene.looks = 0
    return scene


def ending(scene: Scene) -> object:
    return scene.run().fields()["ending"]


def test_an_end_is_told_once_at_each_threshold(scene: Scene) -> None:
    told = []
    for days in (40, 30, 29, 14, 7, 6, 1):
        scene.relationships = [delegated(1, days)]
        told.append(ending(scene))
    assert told == [
        [],
        *([f"{ONE}: {days} days or less"] if days not in {29, 6} else [] for days in (30, 29, 14, 7, 6, 1)),
    ]


def test_while_one_extends_itself_no_end_is_told(scene: Scene) -> None:
    scene.relationships = [delegated(1, 3, extends=True)]
    assert ending(scene) == []


@pytest.mark.parametrize("status", ["terminationrequested", "terminating", "terminated", "expired"])
def test_that_none_with_a_needed_role_is_left_is_told_once(scene: Scene, status: str) -> None:
    over = delegated(1, status=status)
    scene.relationships = [over, replace(delegated(1), id="other", roles=frozenset({"helpdesk"}))]
    assert ending(scene) == [f"{ONE}: {status}"]
    assert ending(scene) == []
    scene.relationships = [over, delegated(1, 5)]
    assert ending(scene) == [f"{ONE}: 7 days or less"], "active again, and near its end"


def test_what_was_over_at_the_first_look_is_no_news() -> None:
    scene = Scene(relationships=[delegated(1, status="expired"), delegated(2, 5)])
    assert ending(scene) == [f"Delegated 2 ({tenant(2)}): 7 days or less"]
    assert ending(scene) == []
    assert [one.tenant_id for one in Worries(scene.rows).endings() if one.is_shown(scene.now)] == [tenant(2)]


def test_what_was_renewed_is_told_anew_when_it_ends(scene: Scene) -> None:
    for days, told in ((7, 1), (300, 0), (7, 1)):
        scene.relationships = [delegated(1, days)]
        assert scene.run().fields()["ending_count"] == told


def test_a_source_that_is_silent_makes_nothing_forgotten(scene: Scene) -> None:
    scene.relationships = [delegated(1, 7)]
    scene.run()
    scene.unseen = RelationshipsUnseen()
    scene.run()
    scene.unseen = None
    assert ending(scene) == []


def test_the_person_is_looked_at_once_a_night(scene: Scene) -> None:
    for _ in range(3):
        scene.now += HOUR
        scene.run()
    assert scene.looks == 0
    scene.now += DAY
    scene.run()
    assert scene.looks == 1


def test_a_person_whom_no_group_gives_a_role_is_told_of_once_by_the_customers_name(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    scene.relationships = [delegated(1), delegated(2)]
    scene.held = {"relationship-1": frozenset(), "relationship-2": None}
    scene.now += DAY
    assert scene.run().fields()["roleless"] == ["partner: Delegated 1"], "what could not be read is nobody's lack"
    found = [json.loads(line.message) for line in caplog.records if "customers.person" in line.message]
    assert [(one["consent"], one["roleless"], one["mfa"]) for one in found] == [("partner", ["Delegated 1"], "")]
    scene.now += DAY
    assert scene.run().fields()["roleless"] == []
    assert Worries(scene.rows).persons()["partner"].roleless == {tenant(1): "Delegated 1"}


def test_without_the_right_to_read_them_it_is_said_and_the_rest_goes_on(scene: Scene) -> None:
    scene.unseen = RelationshipsUnseen()
    scene.now += DAY
    report = scene.run()
    assert (report.fields()["unseen"], report.fields()["works"]) == (["partner relationships_unseen"], 3)


@pytest.mark.parametrize(("mfa", "told"), [(False, ["partner: no"]), (True, []), (None, []), (GraphRefused(), [])])
def test_partner_centers_word_on_mfa_is_told_where_it_is_no(
    scene: Scene,
    mfa: bool | GraphRefused | None,  # noqa: FBT001 - a parameter of the test
    told: list[str],
) -> None:
    scene.mfa = mfa
    scene.now += DAY
    assert scene.run().fields()["mfa"] == told
    scene.now += DAY
    assert scene.run().fields()["mfa"] == []


def test_a_refusal_for_want_of_mfa_is_told_by_the_next_run_and_not_the_next_night(scene: Scene) -> None:
    scene.unlisted = scene.mfa = PartnerCenterMfaMissing()
    scene.now += timedelta(hours=1)
    assert scene.run().fields()["mfa"] == ["partner: missing"]
    scene.now += timedelta(hours=1)
    assert scene.run().fields()["mfa"] == []
    assert scene.looks == 1


def excluded(scene: Scene, number: int) -> None:
    day = scene.now.date()
    Exclusions(scene.rows).put(
        Exclusion(tenant_id=tenant(number), reason="leaves", until=day, by="operator", made_on=scene.now)
    )


def test_of_a_customer_who_is_kept_out_nothing_is_tried_told_or_forgotten() -> None:
    scene = Scene(relationships=[delegated(1)])
    scene.authority.refuse = of(1, says("invalid_grant", 50020))
    scene.run()
    scene.tried()
    scene.now += DAY
    excluded(scene, 1)
    scene.relationships = [delegated(1, 5)]
    fields = scene.run().fields()
    assert (fields["excluded"], fields["failing"], fields["ending"], fields["removed"]) == (1, 0, [], 0)
    assert tenant(1) not in {one for one, _ in scene.tried()}
    scene.now += DAY
    fields = scene.run().fields()
    assert (fields["excluded"], fields["failing"], fields["new"], fields["newly_failing"]) == (0, 1, [], [])
    assert fields["ending"] == [f"{ONE}: 7 days or less"]
