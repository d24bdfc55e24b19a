"""The buttons of a customer's page in real Chromium: by hand and key, twice, in two tabs, reloaded, gone back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from local.controls import Controls
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, NORTHWIND, PARTNER_APPLICATION, READER, TAILSPIN, User
from tests.browser.conftest import ContextMaker
from tests.browser.steps import expect_title, sign_in
from tests.browser.test_every_page import TARGETS, TOO_WIDE, found_by_axe, resize

UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, whose customers a check has met."""
    with running_stack(tmp_path_factory.mktemp("acts") / "state") as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        assert fire_timer(running, function="check_customers") == "Success"
        yield running


def at_customer(tab: Tab, state: StackState, tenant: str, user: User = ADMIN) -> None:
    tab.goto(f"{state.host}/api/console/sign-in")
    sign_in(tab, user, back="**/api/console")
    tab.goto(f"{state.host}/api/console/customers/{tenant}")


def held(state: StackState) -> dict[str, list[str]]:
    return Controls(state, state.entra).consents(tenant=TAILSPIN, client=PARTNER_APPLICATION)


def button(tab: Tab, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def test_a_consent_is_looked_at_and_made_and_neither_reload_nor_back_makes_it_again(
    tab: Tab, state: StackState
) -> None:
    at_customer(tab, state, TAILSPIN)
    expect_title(tab, "Tailspin Toys")
    button(tab, "Look at the consent")
    expect_title(tab, "What the consent would do")
    assert held(state) == {}
    try:
        button(tab, "Make the consent")
        expect_title(tab, "The consent is made")
        assert held(state) != {}
        made = tab.url
        Controls(state, state.entra).clear("consents")
        tab.reload()
        expect_title(tab, "The consent is made")
        tab.go_back()
        expect_title(tab, "What the consent would do")
        button(tab, "Make the consent")
        expect_title(tab, "The consent is made")
        assert tab.url == made
        assert held(state) == {}, "the same button: what it came to, and nothing is done again"
        assert dict(found_by_axe(tab)) == {"light": [], "dark": []}
    finally:
        Controls(state, state.entra).clear("consents")


def test_a_customer_is_checked_and_kept_out_and_let_in_again_by_the_keyboard_alone(tab: Tab, state: StackState) -> None:
    at_customer(tab, state, NORTHWIND)
    tab.get_by_role("button", name="Check now").focus()
    tab.keyboard.press("Enter")
    expect_title(tab, "Checked")
    tab.get_by_role("link", name="Northwind Traders").focus()
    tab.keyboard.press("Enter")
    tab.get_by_label("Reason").fill("moves to another partner")
    tab.get_by_label("Last day").fill(UNTIL)
    tab.keyboard.press("Enter")
    expect_title(tab, "The customer is kept out")
    tab.goto(f"{state.host}/api/console/customers/{NORTHWIND}")
    expect(tab.get_by_text(f"Kept out of checks and alarms until {UNTIL}")).to_be_visible()
    expect(tab.get_by_role("button", name="Check now")).to_have_count(0)
    button(tab, "Let it in again")
    expect_title(tab, "The customer is let in again")


def test_a_form_without_a_reason_or_with_a_day_that_is_over_is_not_sent(tab: Tab, state: StackState) -> None:
    at_customer(tab, state, NORTHWIND)
    button(tab, "Keep it out")
    expect_title(tab, "Northwind Traders")
    tab.get_by_label("Reason").fill("moves")
    tab.get_by_label("Last day").fill("2020-01-01")
    button(tab, "Keep it out")
    expect_title(tab, "Northwind Traders")


def test_two_tabs_of_one_plan_make_the_consent_once_and_the_other_says_that_nothing_is_left(
    new_context: ContextMaker, state: StackState
) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    at_customer(first, state, TAILSPIN)
    second.goto(first.url)
    try:
        for tab in (first, second):
            button(tab, "Look at the consent")
            expect_title(tab, "What the consent would do")
        button(first, "Make the consent")
        expect_title(first, "The consent is made")
        before = held(state)
        button(second, "Make the consent")
        expect_title(second, "There was nothing left to do")
        expect(second.get_by_text("had everything").first).to_be_visible()
        assert held(state) == before
    finally:
        Controls(state, state.entra).clear("consents")


def test_who_may_only_read_has_no_button_but_the_one_that_signs_out(tab: Tab, state: StackState) -> None:
    at_customer(tab, state, TAILSPIN, READER)
    expect_title(tab, "Tailspin Toys")
    expect(tab.get_by_role("button")).to_have_text(["Sign out"])


def test_the_buttons_are_large_enough_for_a_thumb_and_nothing_sticks_out_of_a_phone(
    tab: Tab, state: StackState
) -> None:
    at_customer(tab, state, TAILSPIN)
    resize(tab, 320, 568)
    assert tab.evaluate(TOO_WIDE) == []
    assert [size for size in tab.evaluate(TARGETS) if min(size) < 44] == []
