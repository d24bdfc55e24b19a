"""The console's sessions as a browser lives them: tabs, the back button, lost roles, other sites, keyboard, paper."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.clock import read_offset, write_offset
from local.controls import Controls
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.world import ADMIN, READER, User
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import ContextMaker
from tests.browser.scene import Scene
from tests.browser.steps import expect_code, expect_title, sign_in
from tests.browser.test_every_page import TOO_WIDE, resize
from tests.consent_http.browser import new_name, operator_of, stored

MINUTE = timedelta(minutes=1)
MOST_TABS = 60


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack whose clock is moved by hand, and whose people lose roles."""
    with running_stack(tmp_path_factory.mktemp("console") / "state") as state:
        yield state


def pass_time(state: StackState, by: timedelta) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + by)


def address(state: StackState, path: str = "") -> str:
    return f"{state.host}/api/console{path}"


def come_in(tab: Page, state: StackState, user: User = READER) -> None:
    tab.goto(address(state, "/sign-in"))
    sign_in(tab, user, back="**/api/console")
    expect_title(tab, "Overview")


def sign_out(tab: Page) -> None:
    tab.get_by_role("button", name="Sign out").click()


def cookie_of(context: BrowserContext, state: StackState) -> str:
    (cookie,) = [one for one in context.cookies(address(state)) if one["name"] == "console"]
    return cookie["value"]


def test_the_way_in_says_what_it_is_and_whom_it_is_for(tab: Page, stack: StackState) -> None:
    tab.goto(address(stack))
    expect_title(tab, "Sign in to the console")
    expect(tab.get_by_text("account of the partner's own tenant")).to_be_visible()
    expect(tab.get_by_role("link", name="Sign in", exact=True)).to_have_count(1)


def test_a_button_in_a_tab_that_was_left_open_does_nothing_once_another_tab_has_signed_out(
    new_context: ContextMaker, stack: StackState
) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    come_in(first, stack)
    second.goto(address(stack))
    sign_out(first)
    expect_title(first, "You are signed out")
    sign_out(second)
    expect_code(second, "console_sign_in_needed")
    first.goto(address(stack))
    expect_code(first, "console_sign_in_needed")


@pytest.fixture
def remembering(chromium: Browser, executable: str) -> Iterator[Browser]:
    """A Chromium that keeps pages for its back button, which Playwright's own arguments forbid."""
    browser = chromium.browser_type.launch(
        executable_path=executable, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.mark.parametrize("steps", [1, 2])
def test_behind_the_back_button_after_signing_out_nothing_is_shown(
    remembering: Browser, stack: StackState, steps: int
) -> None:
    tab = remembering.new_page()
    come_in(tab, stack)
    tab.get_by_role("link", name="Customers", exact=True).click()
    expect_title(tab, "Customers")
    sign_out(tab)
    expect_title(tab, "You are signed out")
    for _ in range(steps):
        tab.go_back()
    expect_code(tab, "console_sign_in_needed")
    expect(tab.get_by_text(READER.username)).to_have_count(0)


def test_a_role_that_was_taken_away_in_mid_session_opens_no_page_any_more(
    new_context: ContextMaker, moving: StackState
) -> None:
    tab, entra = new_context().new_page(), Controls(moving, moving.entra)
    come_in(tab, moving)
    entra.post("roles", {"user": READER.object_id, "roles": []})
    try:
        for _ in range(3):
            pass_time(moving, 25 * MINUTE)
            tab.reload()
        expect_code(tab, "role_missing")
        expect(tab.get_by_role("table")).to_have_count(0)
    finally:
        entra.post("roles", {"user": READER.object_id, "roles": list(READER.roles)})


def test_a_button_of_a_page_that_lay_for_too_long_says_to_sign_in_again_and_does_nothing(
    new_context: ContextMaker, moving: StackState
) -> None:
    tab = new_context().new_page()
    come_in(tab, moving)
    pass_time(moving, 31 * MINUTE)
    sign_out(tab)
    expect_code(tab, "console_sign_in_again")
    expect(tab.get_by_text("Nothing was changed")).to_be_visible()
    tab.get_by_role("link", name="Sign in", exact=True).click()
    sign_in(tab, READER, back="**/api/console")
    expect_title(tab, "Overview")


def test_a_withdrawal_with_roles_that_are_too_old_asks_to_sign_in_and_is_not_done_by_signing_in(
    new_context: ContextMaker, moving: StackState
) -> None:
    """One tab lies with the name typed in, another one keeps the session from being idle."""
    name, context = new_name(), new_context()
    with Person() as person:
        assert person.consent(operator_of(moving).link(name), ADMIN).is_success
    tab, other = context.new_page(), context.new_page()
    come_in(other, moving, ADMIN)
    tab.goto(address(moving, f"/consents/{name}"))
    tab.get_by_label("to withdraw it").fill(name)
    for _ in range(2):
        pass_time(moving, 25 * MINUTE)
        other.reload()
        expect_title(other, "Overview")
    pass_time(moving, 25 * MINUTE)
    tab.get_by_role("button", name="Withdraw this consent").click()
    expect_code(tab, "console_sign_in_again")
    expect(tab.get_by_text("Nothing was changed")).to_be_visible()
    assert (stored(moving, name) or {})["status"] == "ok"
    tab.get_by_role("link", name="Sign in", exact=True).click()
    sign_in(tab, ADMIN, back="**/api/console")
    expect_title(tab, "Overview")
    tab.goto(address(moving, f"/consents/{name}"))
    expect(tab.get_by_role("button", name="Withdraw this consent")).to_be_visible()
    expect(tab.get_by_role("button", name="Restore this consent")).to_have_count(0)
    assert (stored(moving, name) or {})["status"] == "ok"


def test_a_session_that_was_signed_out_and_one_that_was_made_up_open_nothing(
    new_context: ContextMaker, stack: StackState
) -> None:
    context = new_context()
    tab = context.new_page()
    come_in(tab, stack)
    kept = cookie_of(context, stack)
    sign_out(tab)
    expect_title(tab, "You are signed out")
    for value in (kept, kept[:-4] + "AAAA", "made-up"):
        context.add_cookies([{"name": "console", "value": value, "url": stack.host}])
        tab.goto(address(stack))
        expect_code(tab, "console_sign_in_needed")


def test_who_signs_in_over_somebody_elses_session_leaves_nothing_of_it(
    new_context: ContextMaker, stack: StackState
) -> None:
    context, elsewhere = new_context(), new_context()
    tab = context.new_page()
    come_in(tab, stack)
    copied = cookie_of(context, stack)
    come_in(tab, stack, ADMIN)
    expect(tab.get_by_role("banner").get_by_text(ADMIN.username)).to_be_visible()
    elsewhere.add_cookies([{"name": "console", "value": copied, "url": stack.host}])
    other = elsewhere.new_page()
    other.goto(address(stack))
    expect_code(other, "console_sign_in_needed")


@pytest.mark.parametrize(
    ("host", "code"), [("127.0.0.1", "console_sign_in_needed"), ("localhost", "console_form_refused")]
)
def test_a_form_of_another_site_and_of_another_origin_signs_nobody_out(scene: Scene, host: str, code: str) -> None:
    """From another site the cookie does not even come along; from another port of this one the form is refused."""
    tab, stack, board = scene.tab, scene.stack, scene.board
    come_in(tab, stack)
    token = tab.locator("input[name=token]").first.get_attribute("value")
    form = (
        f'<!doctype html><title>Not ours</title><form method="post" action="{address(stack, "/sign-out")}">'
        f'<input type="hidden" name="token" value="{token}"><button>A prize</button></form>'
    )
    tab.goto(board.show_html(form).replace("127.0.0.1", host))
    tab.get_by_role("button", name="A prize").click()
    expect_code(tab, code)
    tab.goto(address(stack))
    expect_title(tab, "Overview")


def test_the_token_of_another_session_presses_no_button(new_context: ContextMaker, stack: StackState) -> None:
    tab, other = new_context().new_page(), new_context().new_page()
    come_in(tab, stack)
    come_in(other, stack, ADMIN)
    theirs = other.locator("input[name=token]").first.get_attribute("value")
    tab.locator("input[name=token]").first.evaluate("(it, value) => { it.value = value }", theirs)
    sign_out(tab)
    expect_code(tab, "console_form_refused")
    tab.goto(address(stack))
    expect_title(tab, "Overview")


def reach(tab: Page, selector: str) -> None:
    """Press Tab until this has the focus, which is to be seen on everything on the way."""
    for _ in range(MOST_TABS):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement === document.body"):
            continue  # the browser's own part of the round
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if tab.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_the_console_is_worked_by_the_keyboard_alone(tab: Page, stack: StackState) -> None:
    come_in(tab, stack)
    reach(tab, "nav a[href='/api/console/customers']")
    tab.keyboard.press("Enter")
    expect_title(tab, "Customers")
    reach(tab, "select[name=state]")
    tab.keyboard.press("ArrowDown")
    reach(tab, ".filter button")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**state=failing*")
    reach(tab, "form[action$=sign-out] button")
    tab.keyboard.press("Enter")
    expect_title(tab, "You are signed out")
    reach(tab, "a[href='/api/console/sign-in']")


@pytest.mark.parametrize("path", ["", "/customers"])
def test_on_paper_stands_what_the_page_says_and_nothing_to_press(tab: Page, stack: StackState, path: str) -> None:
    """On a sheet of A4, by somebody whose screen is dark."""
    come_in(tab, stack)
    tab.goto(address(stack, path))
    resize(tab, 794, 1123)
    tab.emulate_media(media="print", color_scheme="dark")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.locator("nav:visible, form:visible, button:visible")).to_have_count(0)
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 27, 31)"
    assert tab.evaluate(TOO_WIDE) == []
    assert tab.pdf(format="A4").startswith(b"%PDF")
