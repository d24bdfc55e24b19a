"""The customers' pages: the worst first, found by state and name, with what mends them; hostile names harm nothing."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from console_http.deeds import Deed
from customers_http.matrix import PAGE
from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.result import WORKS
from shared.customers.worries import Ending
from shared.errors import InvalidRequest, kind_of
from tests.console_http.customers_desk import MANAGER, CustomersDesk
from tests.customers_http.test_status import DAY, NOON, tenant

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }} %s %(x)s"


@pytest.fixture
def desk() -> CustomersDesk:
    return CustomersDesk()


def names(html: str) -> list[str]:
    """Of the customers by resource, in their order."""
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', html.partition("Kept out of checks, consents")[0])


def test_the_pages_are_for_who_may_read_or_manage_customers(desk: CustomersDesk) -> None:
    desk.show()
    assert set(desk.roles.values()) == {(CUSTOMERS_READ, CUSTOMERS_MANAGE)}
    assert len(desk.roles) == 2


def test_the_worst_come_first_with_their_state_in_words(desk: CustomersDesk) -> None:
    desk.desk.keep(1)
    desk.desk.keep(2, "delegated_rights_missing", said=50020)
    desk.desk.keep(3, "application_not_consented", said=65001)
    desk.desk.keep(4, "application_not_consented", said=65001)
    exclusion = Exclusion(tenant_id=tenant(4), reason="leaves us", until=(NOON + DAY).date(), by="ada", made_on=NOON)
    Exclusions(desk.desk.rows).put(exclusion)
    html = desk.show().html
    # Of two that fail, the one that has failed longest.
    assert names(html) == ["Customer 00003", "Customer 00002", "Customer 00001", "Customer 00004"]
    for words in ("does not work", "works", "kept out", "application_not_consented", "no end within 30 days is known"):
        assert words in html


def test_a_form_finds_by_state_and_by_name(desk: CustomersDesk) -> None:
    desk.desk.keep(1)
    desk.desk.keep(2, "delegated_rights_missing", said=50020)
    assert names(desk.show(state="failing").html) == ["Customer 00002"]
    assert names(desk.show(name="CUSTOMER 00001").html) == ["Customer 00001"]
    assert names(desk.show(name=tenant(2).upper()).html) == ["Customer 00002"]
    assert names(desk.show(name="nobody").html) == []
    assert 'value="works" selected' in desk.show(state="works").html


def test_causes_are_counted_and_one_of_them_can_be_asked_for_and_stays_from_page_to_page(desk: CustomersDesk) -> None:
    desk.desk.keep(0)
    for number in range(1, PAGE + 3):
        desk.desk.keep(number, "application_not_consented", said=65001)
    desk.desk.keep(900, "delegated_rights_missing", said=50020)
    html = unescape(desk.show(state="failing", cause="application_not_consented").html)
    assert f"{PAGE + 2} customers" in html
    assert "docs/troubleshooting.md#application_not_consented" in html
    assert "Customer 00900" not in html
    assert "?state=failing&cause=application_not_consented&page=2" in html
    assert names(desk.show(cause="delegated_rights_missing").html) == ["Customer 00900"]
    assert names(desk.show(cause="nobodys_code").html) == []


def test_who_is_kept_out_is_listed_with_the_day_and_the_reason_also_where_no_check_has_met_it(
    desk: CustomersDesk,
) -> None:
    desk.desk.keep(1)
    for number in (1, 77):
        Exclusions(desk.desk.rows).put(
            Exclusion(tenant_id=tenant(number), reason=HOSTILE, until=(NOON + DAY).date(), by="ada", made_on=NOON)
        )
    html = desk.show().html
    assert "<script" not in html
    assert all(words in html for words in ("Kept out of checks", "2026-03-02", "no check has met it", tenant(77)))
    assert 'value="include"' not in html, "who may only read has no button"
    desk.session = MANAGER
    assert desk.show().html.count('value="include"') == 2


def test_a_hundred_customers_make_a_page(desk: CustomersDesk) -> None:
    for number in range(PAGE + 1):
        desk.desk.keep(number)
    first = desk.show(name="Customer").html
    assert len(names(first)) == PAGE
    assert 'href="/api/console/customers?name=Customer&amp;page=2" rel="next"' in first
    second = desk.show(name="Customer", page="2").html
    assert len(names(second)) == 1
    assert 'rel="prev"' in second
    assert names(desk.show(page="9999").html) == names(second), "beyond the last page is the last page"


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "lost"},
        {"cause": "X"},
        {"cause": "a b"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "9" * 9},
        {"name": "x" * 101},
    ],
)
def test_what_no_form_sends_is_refused(desk: CustomersDesk, asked: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        desk.show(**asked)


@pytest.mark.parametrize(("given", "consent"), [("contoso", "partner"), (tenant(1), "no such/consent")])
def test_an_address_of_no_customer_is_refused(desk: CustomersDesk, given: str, consent: str) -> None:
    with pytest.raises(InvalidRequest):
        desk.show_one(given, consent=consent)


def test_a_customer_has_the_remedy_of_each_refusal_and_what_changed(desk: CustomersDesk) -> None:
    result = desk.desk.keep(2, "delegated_rights_missing", said=50020)
    ending = Ending(
        tenant_id=tenant(2), customer="x", status="active", ends=NOON + 7 * DAY, told=7, told_on=NOON, is_news=True
    )
    desk.desk.worries.put_ending(ending)
    html = unescape(desk.show_one(result.tenant_id.upper()).html)
    error = kind_of("delegated_rights_missing")
    assert error is not None
    for words in (error.says, error.act.means, "AADSTS50020", "ends in 7 days", "never tried", "2026-03-01 12:00 UTC"):
        assert words in html


def test_a_customer_that_works_is_told_nothing_to_do(desk: CustomersDesk) -> None:
    desk.desk.keep(1)
    assert "What to do" not in desk.show_one(tenant(1)).html


def test_whom_no_check_has_met_is_nobody(desk: CustomersDesk) -> None:
    page = desk.show_one(tenant(5))
    assert page.status == 404
    assert "Nothing is known of this customer" in page.html


def test_a_hostile_name_and_code_stand_as_text(desk: CustomersDesk) -> None:
    result = replace(desk.desk.keep(1), customer=HOSTILE, outcome=HOSTILE, whose="customer", tenant_id=tenant(9))
    desk.desk.results.put(result, now=NOON)
    for html in (desk.show(name="<script>").html, desk.show_one(tenant(9)).html):
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "{{ 7*7 }}" in html


def test_what_was_read_is_kept_for_some_seconds_and_no_longer(desk: CustomersDesk) -> None:
    now = [NOON]
    desk.desk.status = replace(desk.desk.status, clock=lambda: now[0])
    matrix = desk.matrix
    asked = {"state": "", "cause": "", "name": "", "page": "1"}
    assert matrix.page(**asked)["found"] == 0
    desk.desk.keep(1, WORKS)
    assert matrix.page(**asked)["found"] == 0
    now[0] += timedelta(seconds=30)
    assert matrix.page(**asked)["found"] == 1


def test_a_dry_run_shows_the_roles_of_the_application_itself_and_they_are_enough_to_act_on() -> None:
    none: dict[str, object] = {"there": [], "added": [], "lost": [], "missing": []}
    scopes = {"resource": "graph", "outcome": "unchanged", **none}
    roles = {**scopes, "outcome": "extended", "roles": ["Mail.Read"], "added": ["Mail.Read"], "missing": ["Mail.Read"]}
    told = {"outcome": "extended", "dry_run": True, "complete": True, "set": "application-grants", "replace": False}
    told |= {"shown": "0" * 32, "grants": [scopes], "roles": [roles]}
    deed = Deed(id="0" * 32, kind="plan", tenant=tenant(1), consent="partner", begun_on=NOON, ended_on=NOON, told=told)
    html = CustomersDesk(session=MANAGER).show_deed(deed).html
    assert "roles of the application itself" in html
    assert "Mail.Read" in html
    assert "Make the consent" in html
    only_scopes = CustomersDesk(session=MANAGER).show_deed(replace(deed, told={**told, "roles": []})).html
    assert "There is nothing to do." in only_scopes
    assert "Make the consent" not in only_scopes
