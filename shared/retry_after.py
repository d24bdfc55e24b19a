"""How long a server asks to wait: Retry-After in seconds or as a date (RFC 9110 section 10.2.3), within a bound."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 300
# More digits than the bound has say nothing more, and thousands of them are no number to Python.
DIGITS = 9


def seconds_to_wait(said: str | None, *, now: datetime) -> int | None:
    """Whole seconds from `now`; 0 for a date that has passed, None when the header is absent or cannot be read."""
    text = (said or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:DIGITS]), LONGEST_SECONDS)
    moment = _moment(text)
    return max(0, min(math.ceil((moment - now).total_seconds()), LONGEST_SECONDS)) if moment else None


def _moment(text: str) -> datetime | None:
    # The parser also takes a date without a time, which HTTP does not know.
    if ":" not in text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # it was made for mail, and raises what it meets
        return None
