"""The overview of a busy partner, two consents and four hundred customers: the worst comes first."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from console_http.overview import overview_page
from console_http.session import Session
from customers_http.status import RUNS_SHOWN
from shared.clock import to_text
from shared.consents.health import LOST
from shared.consents.store import ConsentStore
from shared.customers.worries import Ending
from tests.customers_http.test_status import DAY, NOON, Desk, tenant

ROLES = frozenset({"Consent.Read", "Customers.Read"})
CUSTOMERS, RIGHTLESS, UNCONSENTED = 400, 30, 5


@pytest.fixture(scope="module")
def desk() -> Desk:
    desk = Desk()
    desk.give("second")
    lose(desk.store, "second")
    for number in range(CUSTOMERS):
        fails = number % 10 == 0 and number < RIGHTLESS * 10
        unconsented = number % 80 == 1
        code = "delegated_rights_missing" if fails else "application_not_consented" if unconsented else "works"
        desk.keep(number, code, said=50020 if fails else 65001 if unconsented else None)
    for number, days in ((1, 7), (2, 3), (3, 29), (4, 5)):
        told = 30 if days > 14 else 7
        desk.worries.put_ending(
            Ending(
                tenant_id=tenant(number),
                customer=f"Customer {number:05}",
                status="active",
                ends=NOON + days * DAY + timedelta(hours=1),
                told=told,
                told_on=NOON,
            )
        )
    for hours in range(RUNS_SHOWN + 2):
        began = NOON - timedelta(hours=hours)
        desk.results.put_run(
            began, {"began_on": to_text(began), "ended_on": to_text(began), "due": hours, "failing": 35}
        )
    return desk


def lose(store: ConsentStore, name: str) -> None:
    kept = store.renewal(name)
    (entry,) = [one for one in store.all().entries if one.name == name]
    assert kept is not None
    assert entry.health is not None
    store.mark(name, kept.version, replace(entry.health, status=LOST, error="consent_lost"))


@pytest.fixture(scope="module")
def html(desk: Desk) -> str:
    session = Session.begun(object_id="ada", username="ada@f.example", roles=ROLES, now=NOON)
    return unescape(overview_page(session, desk.status.overview()).html)


def in_order(html: str, *texts: str) -> bool:
    places = [html.index(text) for text in texts]
    return places == sorted(places)


def test_a_lost_consent_comes_before_one_that_works(html: str) -> None:
    assert in_order(html, ">a person must consent anew<", ">works<")


def test_the_credential_is_told_with_its_end(html: str) -> None:
    assert "Its certificate or secret ends in 20 days" in html
    assert "2026-03-21 12:00 UTC" in html


def test_failing_customers_stand_by_cause_the_one_that_most_meet_first_with_how_many(html: str) -> None:
    assert f"({RIGHTLESS})" in html
    assert f"({UNCONSENTED})" in html
    assert in_order(html, f"({RIGHTLESS})", f"({UNCONSENTED})")


def test_of_a_long_list_the_longest_failing_are_seen_and_the_rest_is_folded_away(html: str) -> None:
    cause = html[html.index(f"({RIGHTLESS})") : html.index(f"({UNCONSENTED})")]
    seen, _, folded = cause.partition("<details>")
    assert [len(re.findall("<li>", part)) for part in (seen, folded)] == [10, RIGHTLESS - 10]
    assert f"{RIGHTLESS - 10} more" in folded
    assert in_order(seen, "Customer 00290", "Customer 00280")


def test_delegations_that_end_stand_in_the_order_of_their_ends(html: str) -> None:
    ends = html[html.index("Delegations that end") :]
    assert in_order(ends, "3 days left", "5 days left", "7 days left", "29 days left")


def test_the_last_runs_are_told_the_last_one_first(html: str) -> None:
    runs = html[html.index("The last checks") :]
    assert runs.count("<tr>") == RUNS_SHOWN + 1
    assert in_order(runs, "2026-03-01 12:00 UTC", "2026-03-01 11:00 UTC")
    assert ">35<" in runs


def test_a_run_that_does_not_say_when_is_passed_over(desk: Desk) -> None:
    desk.results.put_run(NOON + timedelta(hours=1), {"ended_on": "soon", "due": "many"})
    assert desk.status.overview()["runs"][0]["ended_on"] == to_text(NOON)
