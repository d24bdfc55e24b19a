"""When customers' tenants refused a consent on the consent's own account, or its person's: by what checks have met."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock, from_text
from shared.consents.consent import checked_name
from shared.customers.results import Results
from shared.entra.whose_fault import CONSENT, PERSON
from shared.errors import kind_of

# Of each month: two pages of the table's.
MOST_READ = 2_000
BLAMED = frozenset({CONSENT, PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Reads what checks have kept, `most` rows of each month; nothing is exchanged because somebody looks."""

    results: Results
    clock: Clock
    most: int = MOST_READ

    def of(self, unverified_name: str) -> dict[str, Any]:
        """Each day and cause with how many customers and resources met it, the newest first; may block.

        `has_all` is false where a month has more changes than were read.
        """
        name, now = checked_name(unverified_name), self.clock()
        months: Counter[str] = Counter()
        days: dict[tuple[str, str, int | None], int] = {}
        for change in self.results.history(name, now=now, limit=self.most):
            months[str(change.get("on", ""))[:7]] += 1
            if change.get("whose") in BLAMED and _is_moment(change):
                number = change.get("number")
                key = (str(change["on"])[:10], str(change.get("outcome", "")), number if type(number) is int else None)
                days[key] = days.get(key, 0) + 1
        found = sorted(days.items(), key=lambda one: (one[0][0], one[0][1]), reverse=True)
        return {
            "days": [_told(day, outcome, number, count) for (day, outcome, number), count in found],
            "has_all": max(months.values(), default=0) < self.most,
        }


def _is_moment(change: Mapping[str, Any]) -> bool:
    try:
        from_text(str(change["on"]))
    except (KeyError, ValueError):
        return False
    return True


def _told(day: str, outcome: str, number: int | None, count: int) -> dict[str, Any]:
    kind = kind_of(outcome)
    return {
        "day": day,
        "error": outcome,
        "says": kind.says if kind else None,
        "authority_code": number,
        "count": count,
    }
