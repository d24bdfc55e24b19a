"""A consent that ends while a request waits: nothing is changed in its name, whoever the change is sent to."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.state import StackState
from local.world import EXCHANGE, GRAPH, MANAGEMENT_APPLICATION, PARTNER_TENANT, TAILSPIN
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.errors import ConsentInMotion, ConsentWithdrawn
from tests.customers_http.desk import Desk, open_desk
from tests.local_control import Controls
from tests.shared.samples import consent

READ = "Directory.Read.All"
# Only tokens for Partner Center, the last that comes before a change, are of the partner's own tenant.
LAST_TOKEN = f"/{PARTNER_TENANT}/oauth2/v2.0/token"
LONG = 2.0


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=False) as opened:
        yield opened


@pytest.fixture
def managed(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=True) as opened:
        yield opened


def withdraw(desk: Desk, name: str = "partner") -> None:
    desk.actors.store.withdraw(name, by="operator", on=consent("x").consented_on)


def meanwhile(desk: Desk, act: Callable[[], Any], happens: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `act` returns
    """What `act` comes to when this happens while Entra ID holds its last answer."""
    entra = Controls(desk.state, desk.state.entra)
    entra.clear("requests")
    entra.post("faults", {"path": LAST_TOKEN, "delay": LONG})
    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(act)
        while not any(path == LAST_TOKEN for _, path in entra.requests()):
            assert not result.done(), "it never asked for the token"
            time.sleep(0.02)
        happens()
        return result.result()


def test_nothing_is_granted(desk: Desk) -> None:
    with pytest.raises(ConsentWithdrawn):
        meanwhile(desk, lambda: desk.apply(TAILSPIN), lambda: withdraw(desk))
    assert desk.asked() == []


def test_nothing_is_taken_back(desk: Desk) -> None:
    before = desk.held()
    with pytest.raises(ConsentWithdrawn):
        meanwhile(desk, lambda: desk.remove(dry_run="false"), lambda: withdraw(desk))
    assert desk.asked() == []
    assert desk.held() == before


def test_nothing_is_replaced(desk: Desk) -> None:
    desk.grant(GRAPH, READ, "Mail.Send")
    plan = desk.put(replace="true")["plan"]
    with pytest.raises(ConsentWithdrawn):
        meanwhile(desk, lambda: desk.apply(replace="true", plan=plan), lambda: withdraw(desk))
    assert desk.asked() == []


def test_nothing_is_added_by_the_management_application_in_the_name_of_another_that_ended(managed: Desk) -> None:
    managed.apply()
    managed.grant(GRAPH, READ, "Mail.Send")
    with pytest.raises(ConsentWithdrawn):
        meanwhile(managed, managed.apply, lambda: withdraw(managed))
    assert managed.held()[GRAPH] == [READ, "Mail.Send"]


def test_nothing_is_added_once_the_management_applications_own_consent_ended(managed: Desk) -> None:
    managed.apply()
    managed.grant(GRAPH, READ, "Mail.Send")
    with pytest.raises(ConsentWithdrawn):
        meanwhile(managed, managed.apply, lambda: withdraw(managed, MANAGEMENT_NAME))
    assert managed.held()[GRAPH] == [READ, "Mail.Send"]


@pytest.mark.parametrize("name", ["partner", MANAGEMENT_NAME])
def test_the_management_application_is_not_brought_in_once_either_ended(managed: Desk, name: str) -> None:
    def act() -> object:
        try:
            return managed.apply(TAILSPIN)["management"]["outcome"]
        except ConsentWithdrawn:
            return "consent_withdrawn"

    assert meanwhile(managed, act, lambda: withdraw(managed, name)) == "consent_withdrawn"
    assert managed.held(TAILSPIN, client=MANAGEMENT_APPLICATION) == {}


def test_a_consent_that_is_another_now_is_asked_for_again_and_nothing_is_in_doubt(desk: Desk) -> None:
    anew = consent("another")
    with pytest.raises(ConsentInMotion) as met:
        meanwhile(desk, lambda: desk.apply(TAILSPIN), lambda: desk.actors.store.store_consent(anew))
    assert "may have been done" not in met.value.description
    assert desk.asked() == []


def test_what_was_tried_before_it_ended_is_on_record_and_no_more_comes(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Between two APIs: a consent that is known there already is waited for, and this is when it ends."""
    caplog.set_level(logging.INFO, "broker.audit")
    for resource in (GRAPH, EXCHANGE):
        desk.ungrant(resource=resource)
    desk.fault(method="POST", status=409, body={"code": "409"})
    desk.waits.on_sleep = lambda: withdraw(desk)
    with pytest.raises(ConsentWithdrawn):
        desk.apply()
    assert desk.asked() == ["POST"]
    assert EXCHANGE not in desk.held()
    (written,) = caplog.messages
    assert json.loads(written)["outcome"] == "consent_withdrawn"
    assert "graph: incomplete" in json.loads(written)["apis"]
