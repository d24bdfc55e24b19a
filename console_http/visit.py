"""A visit, as a page gets it from the door, and what a page answers: itself, or the way on after an act."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func

from console_http.session import Session
from shared.callers.assertion import Principal
from shared.pages.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody who may see the page; `form` is what a button sent, its token checked.

    `told` is what the act came to that led here; nothing once the page has told it.
    """

    session: Session
    operator: Principal
    request: func.HttpRequest
    correlation: str
    form: Mapping[str, str]
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Where an act leads: to a page that says what it came to, which a reload shows again without doing it again.

    `path` is one of the console's own, without a query. `told` is for that page, and told once: the next look at it,
    and whoever else has its address, sees none of it. It is small, and JSON.
    """

    path: str
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


type Shown = Callable[[Visit], Awaitable[Page | Onward]]
