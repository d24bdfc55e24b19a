"""What leads to a page: a tab before a running stack, and a board for what no click leads to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page as Tab

from local.person import Person as Somebody
from local.state import StackState
from local.world import User
from shared.pages.page import Page
from tests.browser.board import Board
from tests.consent_http.browser import new_name, operator_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A tab before a running stack, a consent nobody else has to do with, and a board for what no click leads to."""

    tab: Tab
    stack: StackState
    board: Board
    name: str = field(default_factory=new_name)

    def link(self, **fields: object) -> str:
        """A link to this scene's consent."""
        return operator_of(self.stack).link(self.name, **fields)

    def consented(self, user: User, link: str | None = None) -> None:
        """Somebody consents, in another browser."""
        with Somebody() as person:
            person.consent(link or self.link(), user)


type Way = Callable[[Scene], object]


def drawn(page: Page) -> Way:
    """A page that no click leads to, with the status and headers that it would have."""
    return lambda scene: scene.tab.goto(scene.board.show(page))
