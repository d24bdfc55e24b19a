"""What somebody has to see to before a customer fails: delegations that end, and persons without roles or MFA.

Kept beside the results: a row for each customer whose delegation is near its end or over, and one for each consent.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import from_text, to_text
from shared.customers.result import LONGEST_NAME
from shared.customers.results import TABLE
from shared.rows import Row, Rows, Value

ENDING, PERSONS = "ending", "persons"
# More customers than these are counted, and not named.
MOST_NAMED = 200
# So long is told that a delegation is over: the customer may have gone with it.
OVER_TOLD_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A delegation that was told of: the lowest threshold so far (days; 0 for over) and when that was told.

    `is_news` is false for what was over before anybody looked.
    """

    tenant_id: str
    customer: str
    status: str
    ends: datetime | None
    told: int
    told_on: datetime
    is_news: bool = True

    def is_shown(self, now: datetime) -> bool:
        """Whether it is of interest still."""
        return self.told > 0 or (self.is_news and now - self.told_on < OVER_TOLD_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSeen:
    """What was seen of the person of one consent: Partner Center's word on MFA, and customers without a role there.

    `mfa` is yes, no, missing (refused for want of it) or unknown; `unseen` the code of why roles could not be read.
    `roleless` has tenants and names, at most MOST_NAMED; `roleless_count` counts all.
    """

    consent: str
    looked_on: datetime
    mfa: str
    unseen: str = ""
    roleless: Mapping[str, str]
    roleless_count: int = 0


class Worries:
    """Reads and writes them; every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def endings(self) -> Sequence[Ending]:
        """All delegations that were told of."""
        return [one for row in self._rows.select(TABLE, ENDING) if (one := _ending(row)) is not None]

    def put_ending(self, ending: Ending) -> None:
        """Remember that it was told."""
        fields: dict[str, Value] = {
            "customer": ending.customer[:LONGEST_NAME],
            "status": ending.status,
            "told": ending.told,
            "told_on": to_text(ending.told_on),
            "is_news": int(ending.is_news),
            **({"ends": to_text(ending.ends)} if ending.ends else {}),
        }
        self._rows.put(TABLE, Row(partition=ENDING, key=ending.tenant_id, fields=fields))

    def forget_ending(self, tenant_id: str) -> None:
        """Nothing is near its end any more: the next end is told anew."""
        self._rows.delete(TABLE, ENDING, tenant_id)

    def persons(self) -> Mapping[str, PersonSeen]:
        """What was last seen, consent by consent."""
        return {one.consent: one for one in self._persons()}

    def put_person(self, seen: PersonSeen) -> None:
        """Keep what was seen."""
        named = dict(list(seen.roleless.items())[:MOST_NAMED])
        fields: dict[str, Value] = {
            "looked_on": to_text(seen.looked_on),
            "mfa": seen.mfa,
            "unseen": seen.unseen,
            "roleless": json.dumps({tenant: name[:LONGEST_NAME] for tenant, name in named.items()}),
            "roleless_count": seen.roleless_count,
        }
        self._rows.put(TABLE, Row(partition=PERSONS, key=seen.consent, fields=fields))

    def _persons(self) -> Iterator[PersonSeen]:
        for row in self._rows.select(TABLE, PERSONS):
            found = _person(row)
            if found is not None:
                yield found


def _ending(row: Row) -> Ending | None:
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        return Ending(
            tenant_id=row.key,
            customer=given["customer"],
            status=given["status"],
            ends=from_text(given["ends"]) if "ends" in given else None,
            told=int(given["told"]),
            told_on=from_text(given["told_on"]),
            is_news=given["is_news"] == "1",
        )
    except (KeyError, ValueError):
        return None


def _person(row: Row) -> PersonSeen | None:
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        return PersonSeen(
            consent=row.key,
            looked_on=from_text(given["looked_on"]),
            mfa=given["mfa"],
            unseen=given["unseen"],
            roleless={str(tenant): str(name) for tenant, name in json.loads(given["roleless"]).items()},
            roleless_count=int(given["roleless_count"]),
        )
    except (KeyError, ValueError, AttributeError):
        return None
