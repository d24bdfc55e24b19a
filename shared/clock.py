"""Time as a value that is handed in: a callable that says what time it is, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
FIRST_YEAR, LAST_YEAR = 1970, 9000
# Not by strftime, which follows the locale of the process.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def utc_now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """ISO 8601 in UTC with whole seconds, as tags, values and answers carry it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def for_people(moment: datetime) -> str:
    """The same moment as a page says it: 2026-11-25 14:31 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day_for_people(moment: datetime) -> str:
    """The day alone, in words and in UTC: 3 June 2026."""
    day = moment.astimezone(UTC)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def from_text(text: str) -> datetime:
    """The moment `to_text` wrote; raises ValueError for anything without a time zone, or in a year beyond reckoning."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("a moment needs a time zone and a year that days can be added to")
    return moment.astimezone(UTC)
