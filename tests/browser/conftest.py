"""One Chromium for each module of tests, and a watched context of its own for each test."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from local.state import StackState
from tests.browser.board import Board, running_board
from tests.browser.chromium import MISSING, Watch, find_chromium, install_chromium, running_chromium
from tests.browser.scene import Scene
from tests.installing import one_at_a_time

type ContextMaker = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def executable() -> str:
    """This machine's Chromium; in CI, where it must not be missing, installed when it is."""
    in_ci = bool(os.environ.get("CI"))
    with one_at_a_time():
        found = find_chromium() or (install_chromium() if in_ci else None)
    if found is None and in_ci:
        pytest.fail(f"{MISSING}; it could not be installed here")
    if found is None:
        pytest.skip(f"{MISSING}; the pages are not tried in a browser here")
    return found


@pytest.fixture(scope="module")
def chromium(executable: str) -> Iterator[Browser]:
    """A browser. Not for the session: Playwright leaves its event loop running in this thread, others' would not."""
    with running_chromium(executable) as browser:
        yield browser


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the test's own contexts complain of; nothing may be left when it ends."""
    watching = Watch()
    yield watching
    assert watching.complaints == []


@pytest.fixture
def new_context(chromium: Browser, watch: Watch) -> Iterator[ContextMaker]:
    """Browsers of different people, as it were: contexts that share nothing, all watched."""
    made: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:  # noqa: ANN401 - Playwright's own
        context = chromium.new_context(**options)
        watch.over(context)
        made.append(context)
        return context

    yield new
    for context in made:
        context.close()


@pytest.fixture
def tab(new_context: ContextMaker) -> Page:
    """An empty tab in a watched browser."""
    return new_context().new_page()


@pytest.fixture(scope="session")
def board() -> Iterator[Board]:
    """A site of our own on another host than the broker's."""
    with running_board() as running:
        yield running


@pytest.fixture
def scene(tab: Page, stack: StackState, board: Board) -> Scene:
    """The tab before the shared stack, and a consent nobody else has to do with."""
    return Scene(tab=tab, stack=stack, board=board)
