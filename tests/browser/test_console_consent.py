"""A consent's page in a real browser: a link made and used, a withdrawal by the keyboard, reloads that do nothing."""

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from local.world import ADMIN, READER, User
from tests.browser.conftest import ContextMaker
from tests.browser.scene import Scene
from tests.browser.steps import STORED, consent, expect_title, sign_in
from tests.consent_http.browser import stored


def arrive(tab: Tab, scene: Scene, user: User) -> None:
    """Sign in, and open the page of the scene's consent."""
    tab.goto(f"{scene.stack.host}/api/console/sign-in")
    sign_in(tab, user, back="**/api/console")
    tab.goto(f"{scene.stack.host}/api/console/consents/{scene.name}")
    expect_title(tab, f"Consent {scene.name}")


def told(tab: Tab, words: str) -> None:
    """Wait for what the page says of the act that led to it."""
    expect(tab.locator("#told")).to_have_text(words)


def test_a_link_is_made_copied_once_and_used_by_a_person(scene: Scene, new_context: ContextMaker) -> None:
    tab = scene.tab
    arrive(tab, scene, ADMIN)
    tab.get_by_label("Username that the sign-in suggests").fill(ADMIN.username)
    tab.get_by_role("button", name="Make a link").click()
    told(tab, "The link is made")
    assert "?link=" not in tab.url
    link = tab.get_by_label("The address alone").input_value()
    text = tab.get_by_label("Text to send to the person").input_value()
    assert (text.startswith(f"{ADMIN.username} asks you"), link in text) == (True, True)
    tab.reload()
    told(tab, "This was told already")
    assert link not in tab.content()
    person = new_context().new_page()
    consent(person, link, ADMIN)
    expect_title(person, STORED)
    tab.goto(f"{scene.stack.host}/api/console/consents/{scene.name}")
    expect(tab.get_by_role("img", name="History of this consent")).to_be_visible()
    expect(tab.get_by_role("button", name="Withdraw this consent")).to_be_visible()


def test_a_consent_is_withdrawn_and_restored_by_the_keyboard_and_no_reload_does_it_again(scene: Scene) -> None:
    tab = scene.tab
    scene.consented(ADMIN)
    arrive(tab, scene, ADMIN)
    for typed, words in (("another", "Nothing was withdrawn"), (scene.name, "The consent is withdrawn")):
        tab.get_by_label("to withdraw it").focus()
        tab.keyboard.type(typed)
        tab.keyboard.press("Enter")
        told(tab, words)
    assert (stored(scene.stack, scene.name) or {})["status"] == "withdrawn"
    tab.get_by_role("button", name="Restore this consent").focus()
    tab.keyboard.press("Enter")
    told(tab, "The consent is restored")
    tab.reload()
    told(tab, "This was told already")
    tab.go_back()
    assert (stored(scene.stack, scene.name) or {})["status"] == "ok"
    tab.goto(f"{scene.stack.host}/api/console/consents/{scene.name}")
    tab.get_by_text("The same as a table").click()
    expect(tab.get_by_role("cell", name="the withdrawal was taken back")).to_be_visible()


def test_who_may_only_read_can_check_and_no_more(scene: Scene) -> None:
    tab = scene.tab
    scene.consented(ADMIN)
    arrive(tab, scene, READER)
    expect(tab.locator("main").get_by_role("button")).to_have_text(["Check now"])
    tab.get_by_role("button", name="Check now").click()
    told(tab, "It works there")
