"""What the browser itself makes of our pages: their headers enforced, their colours, their focus, their zoom."""

from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import Watch
from tests.browser.conftest import ContextMaker
from tests.browser.gallery import go
from tests.browser.scene import Scene
from tests.browser.steps import expect_title, focused

STRICT = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
INJECTED = """() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    const style = document.createElement("style");
    style.textContent = "h1 { display: none }";
    const image = document.createElement("img");
    image.src = "/favicon.ico";
    document.body.append(script, style, image);
    return window.injected === true || getComputedStyle(document.querySelector("h1")).display === "none";
}"""
SIZES = """() => [...document.querySelectorAll("main :not([type=hidden])")].map(
    element => parseFloat(getComputedStyle(element).fontSize))"""
ASKED = "Fabrikam asks for your consent"


def test_the_headers_reach_the_browser_and_nothing_else_is_fetched(scene: Scene, watch: Watch) -> None:
    link = scene.link()
    response = scene.tab.goto(link)
    assert response is not None
    headers = response.all_headers()
    assert STRICT.items() <= headers.items()
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in headers
    assert watch.addresses == [link]


@pytest.mark.parametrize("name", ["consent", "done", "link_used"])
def test_what_got_into_a_page_would_neither_run_nor_style_nor_load(scene: Scene, watch: Watch, name: str) -> None:
    go(scene, name)
    asked = len(watch.addresses)
    assert scene.tab.evaluate(INJECTED) is False
    expect(scene.tab.get_by_role("heading", level=1)).to_be_visible()
    refused = [told for told in watch.complaints if "Content Security Policy" in told]
    assert [kind for kind in ("script", "style", "image") if not any(kind in told for told in refused)] == []
    assert watch.addresses[asked:] == []
    watch.complaints.clear()  # they were this test's own


def test_no_other_site_can_frame_the_page_with_the_button(scene: Scene, watch: Watch) -> None:
    frame = f'<!doctype html><title>Not ours</title><iframe src="{scene.link()}"></iframe>'
    scene.tab.goto(scene.board.show_html(frame))
    assert ["frame-ancestors" in told for told in watch.complaints] == [True]
    expect(scene.tab.frame_locator("iframe").get_by_role("button")).to_have_count(0)
    watch.complaints.clear()


def test_the_sign_in_page_is_told_nothing_of_the_link(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    with scene.tab.expect_request("**/authorize?*") as asked:
        scene.tab.get_by_role("button").click()
    assert "referer" not in asked.value.all_headers()
    expect(scene.tab.get_by_label("User name")).to_be_visible()
    assert scene.tab.evaluate("document.referrer") == ""


def luminance(tab: Page, expression: str) -> float:
    """How bright a computed colour is, from 0 to 255."""
    red, green, blue = tab.evaluate(f"{expression}.match(/[0-9.]+/g).slice(0, 3).map(Number)")
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_follows_the_colours_of_the_system(
    scene: Scene, new_context: ContextMaker, colours: Literal["light", "dark"]
) -> None:
    tab = new_context(color_scheme=colours).new_page()
    tab.goto(scene.link())
    background = luminance(tab, "getComputedStyle(document.querySelector('main')).backgroundColor")
    text = luminance(tab, "getComputedStyle(document.querySelector('h1')).color")
    bright, dark = (background, text) if colours == "light" else (text, background)
    assert dark < 60
    assert bright > 200


def outline(button: Locator) -> tuple[str, float]:
    style, width = button.evaluate(
        "(it) => { const s = getComputedStyle(it); return [s.outlineStyle, s.outlineWidth] }"
    )
    return style, float(width.removesuffix("px"))


def test_the_focus_of_the_keyboard_is_to_be_seen(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    button = scene.tab.get_by_role("button")
    assert outline(button)[0] == "none"
    before = scene.tab.screenshot()
    scene.tab.keyboard.press("Tab")
    assert focused(scene.tab) == "Sign in and consent"
    style, width = outline(button)
    assert (style, width >= 2) == ("solid", True)
    assert scene.tab.screenshot() != before


def test_the_button_keeps_a_border_where_the_system_chooses_all_colours(scene: Scene) -> None:
    scene.tab.emulate_media(forced_colors="active")
    scene.tab.goto(scene.link())
    border = scene.tab.get_by_role("button").evaluate("(it) => getComputedStyle(it).border")
    assert "1px solid" in border
    assert "rgba(0, 0, 0, 0)" not in border


def test_at_twice_the_size_nothing_is_lost(scene: Scene, new_context: ContextMaker) -> None:
    """A window of 1280 by 800 at 200 % has 640 by 400 CSS pixels, two of the screen's to each."""
    zoomed = new_context(viewport={"width": 640, "height": 400}, device_scale_factor=2).new_page()
    zoomed.goto(scene.link())
    expect_title(zoomed, ASKED)
    assert zoomed.evaluate("document.documentElement.scrollWidth") == 640
    zoomed.get_by_role("button").scroll_into_view_if_needed()
    expect(zoomed.get_by_role("button")).to_be_in_viewport(ratio=1)


def test_a_reader_who_doubles_the_letters_alone_still_sees_everything(scene: Scene) -> None:
    scene.tab.set_viewport_size({"width": 640, "height": 800})
    scene.tab.goto(scene.link())
    before = [float(size) for size in scene.tab.evaluate(SIZES)]
    scene.tab.evaluate("document.documentElement.style.fontSize = '200%'")
    assert scene.tab.evaluate(SIZES) == [2 * size for size in before]
    assert scene.tab.evaluate("document.documentElement.scrollWidth") == 640
