"""NCRONTAB expressions, which Azure reads as NCrontab does: when a timer fires next, in UTC.

cronsim reads a wider language. What the two read differently, or NCrontab refuses, is refused here, so that a
schedule that works on this host means the same in Azure.
"""

import re
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

_TERM = re.compile(r"(?P<first>\*|\d{1,2}|[A-Z]{3})(?:-(?P<last>\d{1,2}|[A-Z]{3}))?(?:/(?P<step>\d{1,2}))?")
_FIELDS = frozenset({5, 6})


class Schedule:
    """A schedule of five or six fields; raises ValueError for an expression that Azure would not take, or not so."""

    def __init__(self, expression: str) -> None:
        fields = expression.upper().split()
        if len(fields) not in _FIELDS:
            raise ValueError(f"'{expression}' has not five or six fields")
        for field in fields:
            for term in field.split(","):
                _check(term, is_weekday=field is fields[-1])
        self._expression = expression
        try:
            self.after(datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"'{expression}': {error}") from error
        except StopIteration as error:
            raise ValueError(f"'{expression}' never comes") from error

    def after(self, moment: datetime) -> datetime:
        """The first time the schedule names after `moment`, to the second."""
        cron = CronSim(self._expression, moment.astimezone(UTC))
        # NCrontab wants both day fields to match; cronsim, as Vixie's cron, is content with one.
        cron.day_and = True
        return next(cron)

    def is_within_a_minute(self) -> bool:
        """Whether it fires more than once a minute: then the host keeps no status of it, whatever the app asks."""
        first = self.after(datetime.now(UTC))
        return self.after(first) - first < timedelta(minutes=1)


def _check(term: str, *, is_weekday: bool) -> None:
    found = _TERM.fullmatch(term)
    if found is None:
        raise ValueError(f"'{term}' is not NCRONTAB (numbers, three-letter names, *, ranges, steps)")
    first, last, step = found["first"], found["last"], found["step"]
    if step and first == last:
        raise ValueError(f"'{term}' steps through a range of one value")
    if is_weekday and "7" in {first, last}:
        raise ValueError(f"'{term}': days of the week are 0 to 6, Sunday is 0")
    if is_weekday and step and first != "*" and last is None:
        raise ValueError(f"'{term}' steps from a single day of the week")
