"""A picture of every page: `python -m tests.browser.screenshots [folder]` (`make screenshots`)."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser

from local.stack import running_stack
from local.state import StackState
from tests.browser.board import Board, running_board
from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.browser.gallery import GALLERY, go
from tests.browser.scene import Scene

DEFAULT_FOLDER = Path("build/pictures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One way to look at a page: colours, and the window's width and height in CSS pixels."""

    name: str
    colours: Literal["light", "dark"]
    width: int
    height: int


LOOKS = (
    Look(name="light", colours="light", width=1100, height=760),
    Look(name="dark", colours="dark", width=1100, height=760),
    Look(name="phone", colours="light", width=390, height=844),
)


def take(browser: Browser, stack: StackState, board: Board, folder: Path) -> Iterator[Path]:
    """Each page in each look, as a file of its own."""
    for number, name in enumerate(GALLERY, 1):
        with browser.new_context() as context:
            tab = context.new_page()
            go(Scene(tab=tab, stack=stack, board=board, name=f"partner-{number}"), name)
            for look in LOOKS:
                tab.emulate_media(color_scheme=look.colours)
                tab.set_viewport_size({"width": look.width, "height": look.height})
                file = folder / f"{name}-{look.name}.png"
                tab.screenshot(path=file, full_page=True)
                yield file


def main(folder: Path) -> None:
    """Start what it takes, and write the pictures."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(MISSING)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as state,
        running_stack(Path(state) / "state") as stack,
        running_board() as board,
        running_chromium(chromium) as browser,
    ):
        for file in take(browser, stack, board, folder):
            print(file)  # noqa: T201 - a command says what it wrote


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER)
