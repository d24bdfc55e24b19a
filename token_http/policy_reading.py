"""What a reading of the policy's documents found: their versions, what is wrong, and what is served in their place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

CURRENT, LAST_GOOD, NOTHING = "current", "last good", "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentState:
    """The latest version of one document; `served` is the version whose rows count, empty for none.

    `problem` says why it cannot be compiled; only such a one has its `text` here, for whoever explains it.
    """

    name: str
    version: str
    changed_on: datetime
    enabled: bool
    served: str
    problem: str = ""
    text: str = field(default="", repr=False)

    @property
    def serves(self) -> str:
        """Whether its rows count, those of its last good version, or none."""
        if not self.served:
            return NOTHING
        return CURRENT if self.served == self.version else LAST_GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReading:
    """Every document there is, and when they were read; nothing where rows were compiled from no vault."""

    documents: tuple[DocumentState, ...] = ()
    read_on: datetime | None = None

    @property
    def broken(self) -> Iterable[DocumentState]:
        """Those that cannot be compiled."""
        return [one for one in self.documents if one.problem]
