"""Every page in the gallery: complete, accessible, readable at every size, and strict in the browser's own eyes."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from consent_http import refusals
from console_http.refusals import ConsoleRefused
from shared.callers.errors import RoleMissing
from shared.entra.sign_in_refusals import SignInRefused
from shared.errors import BrokerError, ConsentRefused
from tests.browser.console_gallery import CONSOLE_REFUSALS
from tests.browser.gallery import GALLERY, PAGES, REFUSALS, go
from tests.browser.scene import Scene
from tests.browser.steps import expect_code

# Branches that no page is made of: what groups others, and what operators are answered in JSON.
GROUPS = {ConsentRefused, refusals.LinkRefused, SignInRefused}
FOR_OPERATORS = {refusals.DeviceCodeRefused, refusals.ImportRefused}
type Colours = Literal["light", "dark"]
COLOURS: tuple[Colours, ...] = ("light", "dark")
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# Every rule there is, those that are off by default too: best practices, WCAG 2.2 up to AAA, experiments.
RUN_AXE = """axe.run(document, {
    resultTypes: ["violations", "incomplete"],
    rules: Object.fromEntries(axe.getRules().map(rule => [rule.ruleId, {enabled: true}])),
}).then(results =>
    [...results.violations, ...results.incomplete].map(found => ({
        rule: found.id, help: found.help, where: found.nodes.map(node => node.html.slice(0, 120))})))"""
TOO_WIDE = """() => [...document.querySelectorAll("*")]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map(element => element.tagName)
    .concat(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls"] : [])"""
CUT_OFF = """() => [...document.querySelectorAll("main, main *:not(input)")]
    .filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
    .map(element => element.tagName)"""
TARGETS = """() => [...document.querySelectorAll("button, a, summary, select, input:not([type=hidden])")]
    .map(element => element.getBoundingClientRect()).map(box => [box.width, box.height])"""
# What WCAG 2.2, 1.4.12 has a reader set; through the style object, which a policy for style elements lets pass.
SPACING = """() => { for (const element of document.querySelectorAll("body, body *")) Object.assign(element.style, {
    lineHeight: "1.5", letterSpacing: "0.12em", wordSpacing: "0.16em"}) }"""


def kinds_of_pages(kind: type[BrokerError] = ConsentRefused) -> Iterator[type[BrokerError]]:
    if kind in FOR_OPERATORS:
        return
    yield kind
    for child in kind.__subclasses__():
        yield from kinds_of_pages(child)


def found_by_axe(tab: Page) -> Iterator[tuple[Colours, Any]]:
    """What axe-core finds; it is evaluated through the debugger, which no Content-Security-Policy holds up."""
    session = tab.context.new_cdp_session(tab)

    def evaluate(expression: str, *, by_value: bool) -> Any:  # noqa: ANN401 - whatever the page answers
        how = {"expression": expression, "awaitPromise": by_value, "returnByValue": by_value}
        answer = session.send("Runtime.evaluate", how)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    evaluate(AXE, by_value=False)
    for colours in COLOURS:
        tab.emulate_media(color_scheme=colours)
        yield colours, evaluate(RUN_AXE, by_value=True)


def resize(tab: Page, width: int, height: int) -> None:
    tab.set_viewport_size({"width": width, "height": height})


def test_every_refusal_that_a_person_can_be_shown_is_in_the_gallery() -> None:
    assert set(REFUSALS) == set(kinds_of_pages()) - GROUPS
    assert set(CONSOLE_REFUSALS) == set(kinds_of_pages(ConsoleRefused)) - {ConsoleRefused} | {RoleMissing}


@pytest.mark.parametrize("name", GALLERY)
def test_a_page_is_what_it_should_be_at_every_size_and_in_both_colours(scene: Scene, name: str) -> None:
    tab = scene.tab
    go(scene, name)
    if name not in PAGES:
        expect_code(tab, name)
    for summary in tab.locator("summary").all():
        summary.click()  # what is folded away is read too
    assert dict(found_by_axe(tab)) == {"light": [], "dark": []}
    resize(tab, 718, 1123)  # A4, but for the margins
    tab.emulate_media(media="print")
    assert tab.evaluate(TOO_WIDE) == []
    tab.emulate_media(media="screen")
    resize(tab, 390, 844)
    assert tab.evaluate(TOO_WIDE) == []
    assert [size for size in tab.evaluate(TARGETS) if min(size) < 44] == []
    resize(tab, 320, 568)  # 1280 wide at 400 % (WCAG 2.2, 1.4.10)
    assert tab.evaluate(TOO_WIDE) == []
    tab.evaluate(SPACING)
    assert tab.evaluate(TOO_WIDE) + tab.evaluate(CUT_OFF) == []
