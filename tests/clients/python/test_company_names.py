"""A company's name leads to its tenant at a keyboard alone, and only where one tenant of the caller's has it."""

import io
import sys
from collections.abc import Iterator

import pytest

from partner_token.exit_codes import USAGE
from partner_token.failures import Failed
from partner_token.messages import Broker
from partner_token.pipeline import Connection
from partner_token.tenants_command import tenant_of_company
from tests.clients.python.answers import Service, answering
from tests.clients.python.keyboard import Own, at_a_keyboard

COMPANIES = {"t1": "Contoso Ltd", "t2": "Northwind", "t3": "NORTHWIND", "t4": None}
PAGE = {
    "tenants": [{"tenant": tenant, "company": company} for tenant, company in COMPANIES.items()],
    "any_customer": False,
    "next": None,
}


@pytest.fixture
def service() -> Iterator[Service]:
    with answering({"/api/tenants": PAGE}) as found:
        yield found


def led(service: Service, company: str) -> str | None:
    connection = Connection(Broker(service.url, "api://broker"), Own())
    try:
        return tenant_of_company(connection, company, "partner")
    finally:
        connection.close()


def test_the_one_company_of_a_name_is_its_tenant_and_that_is_said(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = at_a_keyboard(monkeypatch)
    assert led(service, " contoso LTD ") == "t1"
    assert keyboard.getvalue() == " contoso LTD  is t1.\n"


def test_of_several_companies_of_a_name_none_is_chosen(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = at_a_keyboard(monkeypatch)
    with pytest.raises(Failed) as refused:
        led(service, "Northwind")
    assert refused.value.failure.exit_code == USAGE
    assert "t2, t3" in refused.value.failure.says
    assert keyboard.getvalue() == ""


def test_a_name_that_no_company_has_leads_nowhere(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_keyboard(monkeypatch)
    assert led(service, "Tailspin") is None


def test_where_nobody_sits_at_a_keyboard_nothing_is_asked(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert led(service, "Contoso Ltd") is None
    assert service.asked == []
