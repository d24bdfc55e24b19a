"""The console on the real host: a person signs in, opens every page, presses a button and signs out."""

from playwright.sync_api import expect

from console_http.menu import MENU
from local.parts import Parts
from local.world import READER
from tests.browser.conftest import ContextMaker
from tests.browser.steps import expect_code, expect_title, sign_in


def test_a_person_signs_in_opens_every_page_presses_a_button_and_signs_out(
    real: Parts, new_context: ContextMaker
) -> None:
    tab, address = new_context().new_page(), f"{real.state.host}/api/console"
    tab.goto(address)
    expect_code(tab, "console_sign_in_needed")
    tab.get_by_role("link", name="Sign in", exact=True).click()
    sign_in(tab, READER, back="**/api/console")
    (cookie,) = [one for one in tab.context.cookies(address) if one["name"] == "console"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    for entry in MENU:
        tab.get_by_role("link", name=entry.title, exact=True).first.click()
        expect_title(tab, entry.title)
        expect(tab.get_by_text(READER.username)).to_be_visible()
    tab.goto(f"{address}/customers")
    tab.get_by_label("State").select_option("failing")
    tab.get_by_role("button", name="Show").click()
    expect(tab).to_have_url(f"{address}/customers?state=failing&name=")
    expect_title(tab, "Customers")
    tab.get_by_role("button", name="Sign out").click()
    expect_title(tab, "You are signed out")
    tab.goto(address)
    expect_code(tab, "console_sign_in_needed")
