"""What stops tokens beside the policy: an operator's one stop, tenants that have left, and customers offboarded.

The first two are for tokens of the application alone. Rows that all instances share; each is a state, written over by
the next one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from shared import acts
from shared.clock import Clock, to_text
from shared.errors import BrokerError
from shared.rows import Row, Rows

TABLE = "brokerstops"
STOP, CUSTOMERS, LEFT, OFFBOARDED = "application", "customers", "left", "offboarded"
EVERYWHERE = "everywhere"
STATE, STOPPED, RESUMED = "state", "stopped", "resumed"
# So many rows are written in one run of the check; the next one goes on.
MOST_WRITTEN = 500


class ApplicationStopped(BrokerError):
    """An operator has stopped all tokens of the application; tokens of people are not touched."""

    code, error, status = "application_stopped", "access_denied", 403
    says, act = "An operator has stopped all tokens of the application.", acts.ASK_ADMINISTRATOR
    remedy = "Ask an operator of the broker. Whoever has Consent.Manage takes the stop back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """What is stopped: all of the application's, tenants that have left, and `offboarded` ones for everybody."""

    is_stopped: bool = False
    left: frozenset[str] = frozenset()
    offboarded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarded:
    """A customer that an operator has ended the work for; `outcome` is what the last attempt came to, "" for none."""

    tenant_id: str
    by: str
    on: str
    outcome: str


class ApplicationStops:
    """Every method may block, and raises what Rows raises."""

    def __init__(self, rows: Rows, *, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    @property
    def reaches_all(self) -> bool:
        """Whether every instance of the broker sees what is stopped here."""
        return self._rows.is_shared

    def read(self) -> Stops:
        """What is stopped now; a row that cannot be read stops."""
        row = self._rows.get(TABLE, STOP, EVERYWHERE)
        is_stopped = row is not None and row.fields.get(STATE) != RESUMED
        return Stops(is_stopped=is_stopped, left=self._keys(LEFT), offboarded=self._keys(OFFBOARDED))

    def stop(self, *, by: str) -> None:
        """Stop all tokens of the application until somebody resumes; `by` is the operator's object id."""
        self._put(STOP, EVERYWHERE, **{STATE: STOPPED, "by": by})

    def resume(self, *, by: str) -> None:
        """Take the stop back."""
        self._put(STOP, EVERYWHERE, **{STATE: RESUMED, "by": by})

    def offboard(self, tenant_id: str, *, by: str, outcome: str = "") -> None:
        """Stop every token for this customer, of persons too, until somebody takes it back; says so again and again."""
        self._put(OFFBOARDED, tenant_id, by=by, outcome=outcome)

    def take_back(self, tenant_id: str) -> bool:
        """Let tokens for this customer be issued again; whether they were stopped."""
        was_there = self._rows.get(TABLE, OFFBOARDED, tenant_id) is not None
        self._rows.delete(TABLE, OFFBOARDED, tenant_id)
        return was_there

    def is_offboarded(self, tenant_id: str) -> bool:
        """Whether this customer is, by a row that can be read or not."""
        return self._rows.get(TABLE, OFFBOARDED, tenant_id) is not None

    def offboarded(self) -> Sequence[Offboarded]:
        """All of them, in the order of their tenants."""
        return [_offboarded(row) for row in self._rows.select(TABLE, OFFBOARDED)]

    def seen(self, customers: Collection[str], *, reaches: Callable[[str], bool]) -> None:
        """Remember who is a customer, all sources having told: one that was one, and is not among them, has left.

        `reaches` says of a tenant whether the policy has a row for the application there. A tenant that never was a
        customer has not left: where a row names it, somebody knew.
        """
        known, left = self._keys(CUSTOMERS), self._keys(LEFT)
        for tenant_id in sorted(known - set(customers))[:MOST_WRITTEN]:
            # In this order: what is cut in between is done again.
            self._put(LEFT, tenant_id)
            self._rows.delete(TABLE, CUSTOMERS, tenant_id)
        for tenant_id in sorted(left & set(customers))[:MOST_WRITTEN]:
            self._put(CUSTOMERS, tenant_id)
            self._rows.delete(TABLE, LEFT, tenant_id)
        new = sorted(one for one in customers if one not in known | left and reaches(one))
        for tenant_id in new[:MOST_WRITTEN]:
            self._put(CUSTOMERS, tenant_id)

    def _keys(self, partition: str) -> frozenset[str]:
        return frozenset(one.key for one in self._rows.select(TABLE, partition))

    def _put(self, partition: str, key: str, **fields: str) -> None:
        self._rows.put(TABLE, Row(partition=partition, key=key, fields={"on": to_text(self._clock()), **fields}))


def _offboarded(row: Row) -> Offboarded:
    given = {name: str(row.fields.get(name, "")) for name in ("by", "on", "outcome")}
    return Offboarded(tenant_id=row.key, **given)
