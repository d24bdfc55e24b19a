"""One line of a doctor's report: what was looked at, how it is, and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from partner_token.exit_codes import DONE, PERSON
from partner_token.failures import failure_of

GOOD, BAD, NOT_TRIED, NOT_SEEN = "good", "bad", "not tried", "not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing, where it was seen from; `exit_code` is that of what is bad."""

    where: str
    what: str
    state: str
    says: str = ""
    to_do: str = ""
    exit_code: int = DONE

    @property
    def fields(self) -> dict[str, str]:
        """As it is shown."""
        return {"where": self.where, "what": self.what, "state": self.state, "says": self.says, "to_do": self.to_do}


def good(where: str, what: str, says: str = "") -> Seen:
    """Something that is as it should be."""
    return Seen(where=where, what=what, state=GOOD, says=says)


def bad(where: str, what: str, says: str, to_do: str, *, exit_code: int = PERSON) -> Seen:
    """Something that somebody has to mend."""
    return Seen(where=where, what=what, state=BAD, says=says, to_do=to_do, exit_code=exit_code)


def failed(where: str, what: str, error: Exception) -> Seen:
    """A look that failed: what it failed by is what is bad."""
    failure = failure_of(error)
    says = f"{failure.code}: {failure.says}" if failure.code else failure.says
    return bad(where, what, says, failure.to_do, exit_code=failure.exit_code)


def not_seen(where: str, what: str, says: str) -> Seen:
    """Something that whoever asks may not see, which says nothing of how it is."""
    return Seen(where=where, what=what, state=NOT_SEEN, says=says)


def looked(where: str, what: str, look: Callable[[], str]) -> Iterator[Seen]:
    """Good with what the look says, or bad with what it raised."""
    try:
        yield good(where, what, look())
    except Exception as error:  # noqa: BLE001 - whatever it is, the next look goes on
        yield failed(where, what, error)
