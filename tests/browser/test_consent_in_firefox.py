"""The same pages in another engine: the whole way through, what axe-core finds, both colours, and a small screen."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from local.state import StackState
from local.world import ADMIN
from tests.browser.firefox import MISSING, Firefox, find_firefox, running_firefox
from tests.browser.test_every_page import AXE, CUT_OFF, TOO_WIDE
from tests.consent_http.browser import new_name, operator_of, stored

# Firefox computes no colour over another one that is half seen through, and axe then asks a person to look.
RUN_AXE = """const results = await axe.run(document, {resultTypes: ["violations"],
    rules: Object.fromEntries(axe.getRules().map(rule => [rule.ruleId, {enabled: true}]))});
return results.violations.map(found => ({rule: found.id, where: found.nodes.map(node => node.html.slice(0, 120))}));"""
BACKGROUND = "return getComputedStyle(document.querySelector('main')).backgroundColor"
COLOURS: dict[Literal["light", "dark"], str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(31, 31, 38)"}
INJECTED = """const script = document.createElement("script");
script.textContent = "document.title = 'injected'";
document.body.append(script);
return document.title === "injected";"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    executable = find_firefox()
    if executable is None:
        pytest.skip(f"{MISSING}; the pages are not tried in it here")
    with running_firefox(executable, tmp_path_factory.mktemp("firefox") / "profile") as running:
        yield running


def found_by_axe(firefox: Firefox) -> Any:  # noqa: ANN401 - axe's own
    return firefox.evaluate(f"{AXE};\nreturn (async () => {{ {RUN_AXE} }})();")


def require_fit(firefox: Firefox) -> None:
    for colours, background in COLOURS.items():
        firefox.prefer(colours)
        assert firefox.evaluate(BACKGROUND) == background
        assert found_by_axe(firefox) == []
    firefox.resize(500, 900)  # the least that Firefox makes a window
    assert firefox.evaluate(f"return ({TOO_WIDE})()") == []
    assert firefox.evaluate(f"return ({CUT_OFF})()") == []
    assert firefox.evaluate(INJECTED) is False
    firefox.resize(1100, 900)


def test_a_person_gets_from_the_link_to_a_stored_consent_in_firefox(firefox: Firefox, stack: StackState) -> None:
    name = new_name()
    firefox.goto(operator_of(stack).link(name, login_hint=ADMIN.username))
    assert firefox.text("h1") == "Fabrikam asks for your consent"
    firefox.click("summary")
    require_fit(firefox)
    firefox.click("button")
    firefox.type("[name=password]", ADMIN.password)
    firefox.click("button:not([name=cancel])")
    firefox.click("button:not([name=cancel])")
    assert firefox.text("h1") == "Your consent is stored"
    require_fit(firefox)
    shown = stored(stack, name)
    assert shown is not None
    assert shown["person"] == ADMIN.object_id
    firefox.goto(operator_of(stack).link(name)[:-5])
    assert firefox.text("h1") == "This link cannot be used"
    require_fit(firefox)
