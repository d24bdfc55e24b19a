"""Customers who came are named; where the setting says so the application's consent is made there, within bounds."""

from datetime import UTC, datetime

import pytest

from customers_timer.newcomers import BEGUN_WITHIN, MOST_CONSENTED, Newcomers
from shared.customers.errors import CustomerWithoutGrants
from shared.customers.results import NewCustomer
from shared.rows_errors import RowsUnavailable
from tests.customers_timer.scene import DAY, Scene, name, tenant

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def came(number: int, consent: str = "partner") -> NewCustomer:
    return NewCustomer(consent=consent, tenant_id=tenant(number), customer=name(number), first_on=NOON)


@pytest.fixture
def scene() -> Scene:
    """Three customers that were met before."""
    scene = Scene()
    scene.run()
    scene.tried()
    scene.now += DAY
    scene.customers = 4
    return scene


def test_by_default_one_who_came_is_named_and_tried(scene: Scene) -> None:
    fields = scene.run().fields()
    assert (fields["new"], fields["consented"]) == ([name(3)], [])
    assert tenant(3) in {one for one, _ in scene.tried()}


def test_where_it_is_wanted_the_consent_is_made_once_and_then_tried_last(scene: Scene) -> None:
    granted: list[tuple[str, str]] = []

    def grant(tenant_id: str, consent: str, correlation: str) -> str:
        assert correlation
        granted.append((tenant_id, consent))
        return "created"

    scene.grant = grant
    fields = scene.run().fields()
    assert (granted, fields["consented"]) == ([(tenant(3), "partner")], [f"{name(3)}: created"])
    assert len(scene.tried()) == 4
    scene.run()
    assert len(granted) == 1


def test_at_the_very_first_run_nobody_is_new_and_nothing_is_consented() -> None:
    scene = Scene(grant=lambda *_all: pytest.fail("nobody came"))
    assert scene.run().fields()["consented"] == []


def test_the_tenant_is_forgotten_afterwards_refused_or_not_and_whether_or_not_that_can_be_told() -> None:
    done: list[str] = []

    def grant(tenant_id: str, _consent: str, _correlation: str) -> str:
        done.append(f"grant {tenant_id}")
        if tenant_id == tenant(2):
            raise CustomerWithoutGrants
        return "created"

    def forget(tenant_id: str) -> None:
        done.append(f"forget {tenant_id}")
        raise RowsUnavailable

    outcomes = Newcomers(grant=grant, forget=forget).consent([came(1), came(2)], "correlation")
    assert outcomes == {tenant(1): "created", tenant(2): CustomerWithoutGrants.code}
    assert done == [f"{act} {tenant(number)}" for number in (1, 2) for act in ("grant", "forget")]


def test_one_that_is_refused_stops_no_other() -> None:
    def grant(tenant_id: str, _consent: str, _correlation: str) -> str:
        if tenant_id == tenant(1):
            raise CustomerWithoutGrants
        return "created"

    outcomes = Newcomers(grant=grant).consent([came(1), came(2), came(2, "other")], "c")
    assert outcomes == {tenant(1): "customer_without_grants", tenant(2): "created"}


def test_after_a_while_and_beyond_a_number_none_is_begun() -> None:
    passed = [0.0]

    def grant(_tenant_id: str, _consent: str, _correlation: str) -> str:
        passed[0] += BEGUN_WITHIN
        return "created"

    slow = Newcomers(grant=grant, monotonic=lambda: passed[0])
    assert list(slow.consent([came(1), came(2), came(3)], "c").values()) == ["created", "created", "unfinished"]
    quick = Newcomers(grant=lambda *_all: "created")
    assert len(quick.consent([came(number) for number in range(99)], "c")) == MOST_CONSENTED
