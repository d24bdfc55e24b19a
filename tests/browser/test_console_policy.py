"""The policy's page in a browser: tried by keyboard alone, folded where it is long, and readable at every size."""

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from local.world import CONTOSO, DEFAULT_WORLD, READER
from tests.browser.scene import Scene
from tests.browser.steps import expect_title, sign_in
from tests.browser.test_every_page import TARGETS, TOO_WIDE, found_by_axe, resize
from tests.console_http.policy_samples import hundreds_of_rows

REPORTS = DEFAULT_WORLD.identity("reports").object_id


def test_a_person_tries_a_request_and_finds_its_row_by_keyboard_alone(scene: Scene) -> None:
    tab = scene.tab
    tab.goto(f"{scene.stack.host}/api/console/sign-in")
    sign_in(tab, READER, back="**/api/console")
    tab.get_by_role("link", name="Policy").press("Enter")
    expect_title(tab, "Policy")
    tab.get_by_label("Caller's object id").focus()
    for text in (REPORTS, "", None, None, "contoso", "graph"):
        if text is not None:
            tab.keyboard.type(text)
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    answer = tab.get_by_role("status")
    expect(answer).to_contain_text("Yes.")
    expect(answer).to_contain_text(CONTOSO)
    expect(answer.get_by_role("row", name="reports on customers")).to_be_visible()
    expect(tab.get_by_label("Caller's object id")).to_have_value(REPORTS)
    tab.get_by_label("Tenant: name, domain, id or home").fill("home")
    tab.get_by_label("Tenant: name, domain, id or home").press("Enter")
    expect(answer).to_contain_text("it does not name this tenant")
    tab.get_by_role("link", name="Rows", exact=True).press("Enter")
    tab.get_by_label("A name, caller, role").fill("partner itself")
    tab.get_by_label("A name, caller, role").press("Enter")
    expect(tab.get_by_role("region", name="Rows").get_by_role("row")).to_have_count(2)
    expect(tab.get_by_role("region", name="Rows")).to_contain_text("reports on the partner itself")


def test_a_row_of_many_tenants_unfolds(tab: Tab) -> None:
    tab.set_content(hundreds_of_rows().show(find="policy-1[0]").html)
    last = tab.get_by_text("customer-059-with-a-rather-long-name")
    expect(last).not_to_be_visible()
    tab.get_by_text("and 55 more").press("Enter")
    expect(last).to_be_visible()


def test_hundreds_of_rows_with_long_names_are_what_they_should_be_at_every_size(tab: Tab) -> None:
    tab.set_content(hundreds_of_rows().show().html)
    assert dict(found_by_axe(tab)) == {"light": [], "dark": []}
    for width, height in ((1100, 760), (900, 760), (390, 844), (320, 568)):
        resize(tab, width, height)
        assert tab.evaluate(TOO_WIDE) == []
    assert [size for size in tab.evaluate(TARGETS) if 0 < min(size) < 44] == []
