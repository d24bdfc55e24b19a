"""A person's way through the consent in a real browser: the pages of the broker and of the local Entra ID."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.clock import write_offset
from local.world import ADMIN, SECOND_ADMIN, WITHOUT_MFA
from tests.browser.chromium import ARGUMENTS, Watch
from tests.browser.conftest import ContextMaker
from tests.browser.scene import Scene
from tests.browser.steps import (
    STORED,
    back_to,
    consent,
    expect_code,
    expect_title,
    focused,
    press,
    sign_in,
)
from tests.conftest import StackMaker
from tests.consent_http.browser import new_name, operator_of, send, stored

PREFETCH = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}


def in_force(scene: Scene) -> object:
    shown = stored(scene.stack, scene.name)
    return shown and shown["person"]


def test_a_person_gets_from_the_link_to_a_stored_consent(scene: Scene) -> None:
    scene.tab.goto(scene.link(login_hint=ADMIN.username))
    expect(scene.tab.get_by_text(ADMIN.username, exact=True)).to_be_visible()
    press(scene.tab)
    expect(scene.tab.get_by_label("User name")).to_have_value(ADMIN.username)
    sign_in(scene.tab, ADMIN)
    expect_title(scene.tab, STORED)
    expect(scene.tab.get_by_text(ADMIN.username)).to_be_visible()
    assert in_force(scene) == ADMIN.object_id


def test_the_back_button_leads_to_pages_that_say_it_is_done(scene: Scene) -> None:
    link = scene.link()
    consent(scene.tab, link, ADMIN)
    before = stored(scene.stack, scene.name)
    back_to(scene.tab, scene.stack.entra_browser)
    sign_in(scene.tab, ADMIN)
    expect_code(scene.tab, "link_used")
    back_to(scene.tab, link)
    expect_code(scene.tab, "link_used")
    assert stored(scene.stack, scene.name) == before


def test_reloading_the_last_page_says_that_the_consent_is_stored(scene: Scene) -> None:
    consent(scene.tab, scene.link(), ADMIN)
    expect_title(scene.tab, STORED)
    before = stored(scene.stack, scene.name)
    for _ in range(2):
        scene.tab.reload()
        expect_code(scene.tab, "link_used")
        expect(scene.tab.get_by_text("This link has been used: the consent")).to_be_visible()
    assert stored(scene.stack, scene.name) == before


def test_a_double_click_on_the_button_is_one_consent(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    scene.tab.get_by_role("button").dblclick()
    expect(scene.tab.get_by_label("User name")).to_be_visible()
    sign_in(scene.tab, ADMIN)
    expect_title(scene.tab, STORED)
    assert in_force(scene) == ADMIN.object_id


def test_two_tabs_with_two_links_may_finish_in_the_other_order(scene: Scene) -> None:
    tabs = [scene.tab, scene.tab.context.new_page()]
    names = [new_name(), new_name()]
    for tab, name in zip(tabs, names, strict=True):
        tab.goto(operator_of(scene.stack).link(name))
        press(tab)
    for tab, name in reversed([*zip(tabs, names, strict=True)]):
        sign_in(tab, ADMIN)
        expect_title(tab, STORED)
        expect(tab.get_by_text(name)).to_be_visible()


def test_of_two_tabs_with_the_same_link_the_first_wins_and_the_second_says_that_it_is_used(scene: Scene) -> None:
    link, tabs = scene.link(), [scene.tab, scene.tab.context.new_page()]
    for tab in tabs:
        tab.goto(link)
        press(tab)
    winner, loser = reversed(tabs)
    sign_in(winner, ADMIN)
    expect_title(winner, STORED)
    sign_in(loser, SECOND_ADMIN)
    expect_code(loser, "link_used")
    expect(loser.get_by_text("the consent it was for is stored")).to_be_visible()
    expect(loser.get_by_text("In force is a consent given on ")).to_be_visible()
    expect(loser.get_by_text(ADMIN.username)).to_have_count(0)
    assert in_force(scene) == ADMIN.object_id


def test_a_person_whom_another_link_overtook_is_told_that_a_consent_is_in_force(scene: Scene) -> None:
    """By nobody's name: a void link is refused before the sign-in is looked at."""
    scene.tab.goto(scene.link())
    press(scene.tab)
    scene.consented(SECOND_ADMIN)
    sign_in(scene.tab, ADMIN)
    expect_code(scene.tab, "link_superseded")
    expect(scene.tab.get_by_text("In force is a consent given on ")).to_be_visible()
    expect(scene.tab.get_by_text(SECOND_ADMIN.username)).to_have_count(0)


def test_what_would_be_replaced_stands_before_the_sign_in_and_whose_it_was_after_it(scene: Scene) -> None:
    scene.consented(ADMIN)
    for allowed in (True, False):
        scene.tab.goto(scene.link(person=SECOND_ADMIN.object_id, new_person=allowed))
        expect(scene.tab.get_by_text("Another person's consent of ")).to_be_visible()
        expect(scene.tab.get_by_text(ADMIN.username)).to_have_count(0)
    press(scene.tab)
    sign_in(scene.tab, SECOND_ADMIN)
    expect_code(scene.tab, "another_person")
    expect(scene.tab.get_by_text(f"In force is the consent of {ADMIN.username}")).to_be_visible()
    expect(scene.tab.get_by_text("Nothing of your sign-in was kept")).to_be_visible()


@contextmanager
def refusing_cookies(chromium: Browser, executable: str, profile: Path) -> Iterator[Page]:
    """A tab of a browser whose owner blocks all cookies, as its settings page would write it."""
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    kind = chromium.browser_type
    with kind.launch_persistent_context(profile, executable_path=executable, args=ARGUMENTS) as context:
        yield context.new_page()


def test_a_browser_that_refuses_cookies_is_told_what_to_do(
    scene: Scene, chromium: Browser, executable: str, tmp_path: Path
) -> None:
    with refusing_cookies(chromium, executable, tmp_path) as tab:
        consent(tab, scene.link(), ADMIN)
        expect_code(tab, "sign_in_lost")
        expect(tab.get_by_text("Allow cookies for this site")).to_be_visible()
        assert tab.context.cookies() == []
    assert stored(scene.stack, scene.name) is None


@pytest.mark.parametrize("button", ["leaves the button alone", "presses the button too"])
def test_a_person_may_use_a_link_that_scanners_opened_first(
    scene: Scene, new_context: ContextMaker, button: str
) -> None:
    link = scene.link()
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", PREFETCH)):
        assert send(method, link, headers=headers).headers.get("set-cookie") is None
    scanner = new_context().new_page()
    scanner.goto(link)
    if button == "presses the button too":
        press(scanner)
    assert stored(scene.stack, scene.name) is None
    consent(scene.tab, link, ADMIN)
    expect_title(scene.tab, STORED)


def test_a_page_that_has_the_link_prefetched_takes_nothing_from_the_person(scene: Scene, watch: Watch) -> None:
    link = scene.link()
    prefetching = f'<!doctype html><title>Mail</title><link rel="prefetch" href="{link}"><a href="{link}">Open</a>'
    with scene.tab.expect_event("requestfinished", lambda request: request.url == link):
        scene.tab.goto(scene.board.show_html(prefetching))
    assert watch.addresses.count(link) == 1
    scene.tab.get_by_role("link").click()
    press(scene.tab)
    sign_in(scene.tab, ADMIN)
    expect_title(scene.tab, STORED)


def test_the_keyboard_alone_leads_through(scene: Scene) -> None:
    tab, keys = scene.tab, scene.tab.keyboard
    tab.goto(scene.link(login_hint=ADMIN.username))
    keys.press("Tab")
    assert focused(tab) == "Sign in and consent"
    keys.press("Enter")
    expect(tab.get_by_label("Password")).to_be_visible()
    for text in ("", ADMIN.password):
        keys.press("Tab")
        keys.type(text)
    keys.press("Enter")
    expect(tab.get_by_role("button", name="Approve")).to_be_visible()
    keys.press("Tab")
    keys.press("Enter")
    expect_title(tab, STORED)


def test_without_javascript_everything_works(scene: Scene, new_context: ContextMaker) -> None:
    tab = new_context(java_script_enabled=False).new_page()
    consent(tab, scene.link(), ADMIN)
    expect_title(tab, STORED)


def test_a_password_typed_wrongly_costs_nothing(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    press(scene.tab)
    scene.tab.get_by_label("User name").fill(ADMIN.username)
    scene.tab.get_by_label("Password").fill("not it")
    scene.tab.keyboard.press("Enter")
    expect(scene.tab.get_by_role("alert")).to_contain_text("50126")
    sign_in(scene.tab, ADMIN)
    expect_title(scene.tab, STORED)


@pytest.mark.parametrize("step", ["password", "approval"])
def test_after_cancelling_at_the_sign_in_the_same_link_is_good_again(scene: Scene, step: str) -> None:
    link = scene.link()
    scene.tab.goto(link)
    press(scene.tab)
    if step == "approval":
        scene.tab.get_by_label("User name").fill(ADMIN.username)
        scene.tab.get_by_label("Password").fill(ADMIN.password)
        scene.tab.keyboard.press("Enter")
        expect(scene.tab.get_by_role("button", name="Approve")).to_be_visible()
    scene.tab.get_by_role("button", name="Cancel").click()
    expect_code(scene.tab, "sign_in_declined")
    expect_title(scene.tab, "Nothing was stored")
    consent(scene.tab, link, ADMIN)
    expect_title(scene.tab, STORED)


def test_the_wrong_person_is_turned_away_and_the_right_one_is_not(scene: Scene, new_context: ContextMaker) -> None:
    link = scene.link(person=ADMIN.object_id)
    consent(scene.tab, link, SECOND_ADMIN)
    expect_code(scene.tab, "wrong_person")
    assert stored(scene.stack, scene.name) is None
    other = new_context().new_page()
    consent(other, link, ADMIN)
    expect_title(other, STORED)


def test_a_person_without_mfa_is_told_to_set_it_up(scene: Scene) -> None:
    consent(scene.tab, scene.link(), WITHOUT_MFA)
    expect_code(scene.tab, "mfa_missing")
    expect(scene.tab.get_by_text("Set up MFA")).to_be_visible()
    assert stored(scene.stack, scene.name) is None


def test_a_page_left_open_too_long_says_so_on_its_button_and_its_way_back(make_stack: StackMaker, tab: Page) -> None:
    with make_stack() as state:
        begun = tab.context.new_page()
        begun.goto(operator_of(state).link("long", expires_in_minutes=1440))
        press(begun)
        tab.goto(operator_of(state).link("short", expires_in_minutes=5))
        write_offset(state.clock_file, timedelta(minutes=16))
        tab.get_by_role("button").click()
        expect_code(tab, "link_expired")
        sign_in(begun, ADMIN)
        expect_code(begun, "sign_in_lost")
