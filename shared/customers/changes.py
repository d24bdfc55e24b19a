"""The changes of how customers stand, in the order in which they came, for whoever has a snapshot of all.

A table for each day (UTC), dropped whole when no snapshot that is read is so old.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.clock import from_text, to_text
from shared.customers.customer import tenant_id_of
from shared.customers.result import Standing
from shared.rows import Row, Rows, Value

TABLE, PARTITION = "brokerchanges", "changes"
KEPT = timedelta(days=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How it stands now; `is_gone` where nobody checks it any more."""

    standing: Standing
    is_gone: bool


class Changes:
    """Reads and writes them; every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, standing: Standing, now: datetime, *, is_gone: bool = False) -> None:
        """Tell that it stands like this since now."""
        key = f"{_moment(now)}-{secrets.token_hex(4)}"
        self._rows.put(_table(now), Row(partition=PARTITION, key=key, fields=_fields(standing, is_gone=is_gone)))

    def since(self, moment: datetime, *, until: datetime) -> Iterator[Change]:
        """What changed from `moment` to `until`, the oldest first; what cannot be read is passed over."""
        day = moment.astimezone(UTC).date()
        while day <= until.astimezone(UTC).date():
            for row in self._rows.select(f"{TABLE}{day:%Y%m%d}", PARTITION, after=_moment(moment)):
                found = _change(row)
                if found is not None:
                    yield found
            day += _DAY

    def sweep(self, now: datetime) -> None:
        """Drop the days that no snapshot needs any more."""
        oldest = _table(now - KEPT - _DAY)
        for table in self._rows.tables():
            if table.startswith(TABLE) and table < oldest:
                self._rows.drop(table)


def _table(moment: datetime) -> str:
    return f"{TABLE}{moment.astimezone(UTC):%Y%m%d}"


def _moment(moment: datetime) -> str:
    return f"{int(moment.timestamp() * 1000):014}"


def _fields(standing: Standing, *, is_gone: bool) -> Mapping[str, Value]:
    silent = standing.unanswered_since
    return {
        "consent": standing.consent,
        "tenant_id": standing.tenant_id,
        "resource": standing.resource,
        "customer": standing.customer,
        "outcome": standing.outcome,
        "whose": standing.whose,
        "since": to_text(standing.since),
        **({"unanswered_since": to_text(silent)} if silent else {}),
        "gone": int(is_gone),
    }


def _change(row: Row) -> Change | None:
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        standing = Standing(
            consent=given["consent"],
            tenant_id=tenant_id_of(given["tenant_id"]),
            resource=given["resource"],
            customer=given["customer"],
            outcome=given["outcome"],
            whose=given["whose"],
            since=from_text(given["since"]),
            unanswered_since=from_text(given["unanswered_since"]) if "unanswered_since" in given else None,
        )
        return Change(standing=standing, is_gone=given["gone"] != "0")
    except (KeyError, ValueError):
        return None
