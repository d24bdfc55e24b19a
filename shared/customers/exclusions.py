"""Customers that are kept out of checks, consents and alarms until a day, by an operator who gave a reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from shared.clock import from_text, to_text
from shared.customers.errors import CustomerExcluded
from shared.customers.results import TABLE
from shared.rows import Row, Rows

EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One customer; `until` is the last day (UTC) on which it is kept out, `by` the operator's object id."""

    tenant_id: str
    reason: str
    until: date
    by: str
    made_on: datetime

    def is_in_force(self, now: datetime) -> bool:
        """Whether the customer is kept out yet."""
        return now.date() <= self.until


class Exclusions:
    """Reads and writes them; every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, exclusion: Exclusion) -> None:
        """Keep a customer out, in place of what was said of it before."""
        fields = {
            "reason": exclusion.reason,
            "until": exclusion.until.isoformat(),
            "by": exclusion.by,
            "made_on": to_text(exclusion.made_on),
        }
        self._rows.put(TABLE, Row(partition=EXCLUDED, key=exclusion.tenant_id, fields=fields))

    def take_back(self, tenant_id: str) -> bool:
        """Let a customer in again; whether it was out."""
        was_there = self._rows.get(TABLE, EXCLUDED, tenant_id) is not None
        self._rows.delete(TABLE, EXCLUDED, tenant_id)
        return was_there

    def of(self, tenant_id: str, now: datetime) -> Exclusion | None:
        """What keeps this customer out now."""
        row = self._rows.get(TABLE, EXCLUDED, tenant_id)
        found = _exclusion(row) if row else None
        return found if found is not None and found.is_in_force(now) else None

    def require_none(self, tenant_id: str, now: datetime) -> None:
        """Raise CustomerExcluded if this customer is kept out now."""
        excluded = self.of(tenant_id, now)
        if excluded is not None:
            raise CustomerExcluded(f"Until {excluded.until.isoformat()}: {excluded.reason.rstrip('.')}.")

    def in_force(self, now: datetime) -> Mapping[str, Exclusion]:
        """Tenant id -> what keeps that customer out now."""
        return {one.tenant_id: one for one in self._all() if one.is_in_force(now)}

    def sweep(self, now: datetime) -> None:
        """Forget those whose day is over."""
        for one in self._all():
            if not one.is_in_force(now):
                self._rows.delete(TABLE, EXCLUDED, one.tenant_id)

    def _all(self) -> Iterator[Exclusion]:
        return (found for row in self._rows.select(TABLE, EXCLUDED) if (found := _exclusion(row)) is not None)


def _exclusion(row: Row) -> Exclusion | None:
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        return Exclusion(
            tenant_id=row.key,
            reason=given["reason"],
            until=date.fromisoformat(given["until"]),
            by=given["by"],
            made_on=from_text(given["made_on"]),
        )
    except (KeyError, ValueError):
        return None
