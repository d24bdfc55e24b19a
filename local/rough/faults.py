"""Orders of roughness: which requests they meet, and what happens to these."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from local.rough.oddities import ODDITIES
from local.rough.wire import Ending

type Mode = Literal[
    "reset",
    "silence",
    "garbage",
    "odd_json",
    "huge",
    "compressed_huge",
    "drip",
    "drip_headers",
    "truncated",
    "wrong_length",
    "not_http",
]
MODES: tuple[Mode, ...] = get_args(Mode.__value__)


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` requests that match; -1 means for ever. Raises ValueError for unknown names.

    `method` and `path` are regular expressions that must match whole (`path` without the query).
    `delay` waits that many seconds first.
    With `status`, that answer (with `headers` and JSON `body`) is given instead of the real one.
    `drop` gives none, `before` the request is served or `after` it was (the lost answer): the connection is closed, or
    as `mode` says: by `reset`, or it stays open in `silence`. These two modes alone drop `before`.

    The other modes give the answer in a rough way:
    `garbage` (what is no text) in place of its body;
    `odd_json`: its object with other `members`, or made odd by one of ODDITIES, `oddity`;
    `huge` and `compressed_huge`: `size` bytes of white space before its body, so that it stays as valid as it was;
    `drip` and `drip_headers`: `pause` seconds between the bytes of its body, or of its head;
    `truncated`: half of its body, and the end; `not_http`: another protocol's greeting, and the end;
    `wrong_length`: its Content-Length says `by` bytes more than there are, or less, and the connection serves on.
    """

    method: str = ".*"
    path: str = ".*"
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drop: Literal["before", "after"] | None = None
    mode: Mode | None = None
    oddity: str = "in a list"
    members: Mapping[str, Any] = field(default_factory=dict)
    size: int = 300_000_000
    pause: float = 1.0
    by: int = 10

    def __post_init__(self) -> None:
        for expression in (self.method, self.path):
            _check(expression)
        if self.mode not in {None, *MODES}:
            raise ValueError(f"{self.mode} is no mode; these are: {', '.join(MODES)}")
        if self.oddity not in ODDITIES:
            raise ValueError(f"{self.oddity} is no oddity; these are: {', '.join(ODDITIES)}")
        if self.ending != "close":
            self.drop = self.drop or "before"
        elif self.mode is not None and self.drop is not None:
            raise ValueError(f"an answer that is dropped cannot be {self.mode}")

    @property
    def ending(self) -> Ending:
        """What becomes of the connection of an answer that is dropped."""
        match self.mode:
            case "reset" | "silence" as ending:
                return ending
            case _:
                return "close"

    def takes(self, method: str, path: str) -> bool:
        """Whether this fault meets this request; counts down when it does."""
        if self.times == 0 or not re.fullmatch(self.method, method) or not re.fullmatch(self.path, path):
            return False
        self.times -= 1
        return True


def _check(expression: str) -> None:
    """Refuse here what would otherwise fail at every request."""
    try:
        re.compile(expression)
    except re.PatternError as error:
        raise ValueError(f"{expression} is no regular expression: {error}") from error
