"""One part of a diagnosis: good, bad or not tried, what was seen, and what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.acts import Act
from shared.errors import BrokerError

GOOD, BAD, NOT_TRIED = "good", "bad", "not_tried"

type Look = Callable[[], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one part; `facts` are what may be shown to an operator."""

    state: str = GOOD
    says: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: BrokerError | None = None
    act: Act | None = None

    def fields(self, part: str) -> dict[str, Any]:
        """As an operator reads it."""
        told: dict[str, Any] = {
            "part": part,
            "state": self.state,
            "code": None,
            "says": self.says,
            "remedy": None,
            "act": None,
            "facts": dict(self.facts),
        }
        if self.error is not None:
            return {**told, "code": self.error.code, "says": self.error.happened, **self.error.what_to_do}
        return {**told, "remedy": self.act.means, "act": self.act.told({})} if self.act is not None else told


def bad(error: BrokerError) -> Finding:
    """A part that fails with this error."""
    return Finding(state=BAD, error=error)


def not_tried(says: str) -> Finding:
    """A part that could not be looked at, and why."""
    return Finding(state=NOT_TRIED, says=says)


def seen(look: Look) -> Finding:
    """What a look finds; whatever it raises is a part that is bad, and stops no other."""
    try:
        return look()
    except BrokerError as error:
        return bad(error)
    except Exception:  # noqa: BLE001 - unforeseen: its text may quote what it choked on
        return bad(BrokerError())
