"""An operator's verb finds a customer by its domain, and at a keyboard by its company's name where one alone has it."""

from collections.abc import Iterator

import pytest

from partner_token.exit_codes import USAGE
from partner_token.failures import Failed
from partner_token.messages import Broker
from partner_token.named_customers import tenants_of
from partner_token.operations import Operations
from partner_token.pipeline import Connection
from tests.clients.python.answers import Service, answering
from tests.clients.python.keyboard import Own, at_a_keyboard

FIRST, SECOND, THIRD = (f"bbbb0000-1111-4222-8333-44444444000{number}" for number in (1, 2, 3))
LIST = {
    "customers": [
        {"tenant": FIRST, "name": "Contoso Ltd", "domain": "contoso.example"},
        {"tenant": SECOND, "name": "Northwind", "domain": "northwind.example"},
        {"tenant": THIRD, "name": "NORTHWIND", "domain": None},
    ],
    "sources": {},
}


@pytest.fixture
def service() -> Iterator[Service]:
    with answering({"/api/customers": LIST}) as found:
        yield found


def led(service: Service, *named: str) -> list[str]:
    connection = Connection(Broker(service.url, "api://broker"), Own())
    try:
        return tenants_of(Operations(connection), named, "partner")
    finally:
        connection.close()


def test_ids_alone_ask_for_no_list(service: Service) -> None:
    assert led(service, THIRD, FIRST.upper()) == [THIRD, FIRST.upper()]
    assert service.asked == []


def test_domains_are_found_in_one_list_and_in_order(service: Service) -> None:
    assert led(service, "Northwind.example", THIRD, "contoso.example ") == [SECOND, THIRD, FIRST]
    assert len(service.asked) == 1


def test_a_company_counts_at_a_keyboard_alone(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert led(service, "contoso ltd") == ["contoso ltd"]
    keyboard = at_a_keyboard(monkeypatch)
    assert led(service, "contoso ltd") == [FIRST]
    assert FIRST in keyboard.getvalue()


def test_of_several_of_a_name_none_is_chosen(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_keyboard(monkeypatch)
    with pytest.raises(Failed) as refused:
        led(service, "Northwind")
    assert refused.value.failure.exit_code == USAGE
    assert f"{SECOND}, {THIRD}" in refused.value.failure.says


def test_what_names_nobody_is_left_for_the_broker_to_refuse(service: Service) -> None:
    assert led(service, "tailspin.example") == ["tailspin.example"]
