"""Results of checks, kept: a row for each consent, customer and resource; what fails, what is new, and the runs.

Failures are kept a second time in a partition of their own, so that the morning's question is one small query.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.clock import from_text, to_text
from shared.customers.changes import Changes
from shared.customers.known import KnownCustomers
from shared.customers.result import Result, from_row, to_fields
from shared.customers.summary import summary_of, summary_text
from shared.rows import Row, Rows, Value

TABLE, HISTORY = "brokerresults", "brokerhistory"
FAILING, NEW, RUNS = "failing", "new", "runs"
MONTHS_KEPT = 3
# Whoever wants a map of all reads so many rows: 20 pages.
MOST_READ = 20_000
# A run is due every hour, and each customer every 20 hours.
SILENT_AFTER = timedelta(hours=26)
RUNS_KEPT, NEW_FOR = timedelta(days=30), timedelta(days=7)
# Newest first: the later a run began, the smaller its key.
LAST_MOMENT = 10**11
MONTHS = 12
type Change = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer that was not there before; `first_on` is when a check first met it."""

    consent: str
    tenant_id: str
    customer: str
    first_on: datetime


class Results:
    """Reads and writes results; every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._changes = Changes(rows)

    def all(self, consent: str, *, tenant_id: str = "", after: str = "", limit: int | None = None) -> Iterator[Result]:
        """The results of a consent, of one tenant or all, in the order of their keys, after one of them."""
        prefix = f"{tenant_id}-" if tenant_id else ""
        found = self._rows.select(TABLE, _checked(consent), prefix=prefix, after=after, limit=limit)
        return _readable(found)

    def known(self, consent: str, *, tenant_id: str = "") -> KnownCustomers:
        """The customers of a consent, by its results, or one of them; of very many, the first."""
        return KnownCustomers.of(self.all(consent, tenant_id=tenant_id, limit=MOST_READ))

    def failing(self, *, after: str = "", limit: int | None = None) -> Iterator[Result]:
        """What fails, of all consents, in the order of `failing_key`, after one of these."""
        return _readable(self._rows.select(TABLE, FAILING, after=after, limit=limit))

    def put(self, result: Result, *, now: datetime) -> None:
        """Keep a result, and its change since the one that is kept: who tried may have begun before somebody else did.

        The row by which it is due is written last: what is cut in between is done again by the next run.
        """
        before = self._kept(result)
        failed, fails = before is not None and before.is_failing(now), result.is_failing(now)
        if fails:
            self._rows.put(TABLE, Row(partition=FAILING, key=failing_key(result), fields=to_fields(result)))
        elif failed or before is None:
            self._rows.delete(TABLE, FAILING, failing_key(result))
        if not result.is_as(before):
            self._rows.put(history_table(now), _change(result, before, now))
        if before is None or before.standing != result.standing:
            self._changes.put(result.standing, now)
        self._rows.put(TABLE, Row(partition=_checked(result.consent), key=result.key, fields=to_fields(result)))

    def remove(self, result: Result, *, now: datetime) -> None:
        """Take away what is not checked any more: the customer has gone, or nobody may ask for it."""
        self._changes.put(result.standing, now, is_gone=True)
        self._rows.delete(TABLE, FAILING, failing_key(result))
        self._rows.delete(TABLE, _checked(result.consent), result.key)

    def add_new(self, new: NewCustomer) -> None:
        """Remember that a customer is new."""
        fields = {
            "consent": new.consent,
            "tenant_id": new.tenant_id,
            "customer": new.customer,
            "first_on": to_text(new.first_on),
        }
        self._rows.put(TABLE, Row(partition=NEW, key=f"{new.consent}_{new.tenant_id}", fields=fields))

    def new(self, *, now: datetime, limit: int | None = None) -> Iterator[NewCustomer]:
        """The customers that came within a week."""
        for row in self._rows.select(TABLE, NEW, limit=limit):
            found = _new_customer(row)
            if found is not None and now - found.first_on < NEW_FOR:
                yield found

    def put_run(self, began: datetime, report: Mapping[str, Any]) -> None:
        """Keep the summary of one run: what is JSON, and of its lists as much as a row can hold."""
        fields = {"began_on": to_text(began), "report": summary_text(report)}
        self._rows.put(TABLE, Row(partition=RUNS, key=_run_key(began), fields=fields))

    def last_run(self) -> Mapping[str, Any] | None:
        """The summary of the last run; None when there was none that can be read."""
        return next(self.runs(limit=1), None)

    def runs(self, *, limit: int) -> Iterator[Mapping[str, Any]]:
        """The summaries of the last runs, the last one first; what cannot be read is passed over."""
        found = (summary_of(str(row.fields.get("report"))) for row in self._rows.select(TABLE, RUNS, limit=limit))
        return (one for one in found if one is not None)

    def is_silent(self, now: datetime, *, since: datetime | None) -> bool:
        """Whether no run has ended for SILENT_AFTER; `since` is from when there was something to check."""
        last = self.last_run()
        try:
            ended = from_text(str(last["ended_on"])) if last else since
        except (KeyError, ValueError):
            ended = since
        return ended is not None and now - ended > SILENT_AFTER

    def sweep(self, now: datetime) -> None:
        """Drop the months that are over, and the runs and new customers that are not told any more."""
        oldest = history_table(now, months_ago=MONTHS_KEPT)
        for table in self._rows.tables():
            if table.startswith(HISTORY) and table < oldest:
                self._rows.drop(table)
        for row in self._rows.select(TABLE, RUNS, after=_run_key(now - RUNS_KEPT)):
            self._rows.delete(TABLE, RUNS, row.key)
        for row in self._rows.select(TABLE, NEW):
            found = _new_customer(row)
            if found is None or now - found.first_on >= NEW_FOR:
                self._rows.delete(TABLE, NEW, row.key)

    def history(self, consent: str, tenant: str = "", *, now: datetime, limit: int | None = None) -> Iterator[Change]:
        """The changes of one customer, or of all, month by month and resource by resource; `limit` of each month."""
        prefix = f"{tenant}-" if tenant else ""
        for ago in range(MONTHS_KEPT + 1):
            for row in self._rows.select(history_table(now, months_ago=ago), consent, prefix=prefix, limit=limit):
                yield dict(row.fields)

    def _kept(self, result: Result) -> Result | None:
        row = self._rows.get(TABLE, _checked(result.consent), result.key)
        return from_row(row) if row else None


def failing_key(result: Result) -> str:
    """What finds a failure among those of all consents."""
    return f"{result.consent}_{result.key}"


def history_table(moment: datetime, *, months_ago: int = 0) -> str:
    """The table of the changes of one month."""
    month = moment.year * MONTHS + moment.month - 1 - months_ago
    return f"{HISTORY}{month // MONTHS:04}{month % MONTHS + 1:02}"


def _checked(consent: str) -> str:
    return f"checked-{consent}"


def _run_key(began: datetime) -> str:
    return f"{LAST_MOMENT - int(began.timestamp()):011}"


def _readable(rows: Iterator[Row]) -> Iterator[Result]:
    # One that says it is of another key is nobody's: what is done with it would be done to the other one.
    return (found for row in rows if (found := from_row(row)) is not None and row.key.endswith(found.key))


def _change(result: Result, before: Result | None, now: datetime) -> Row:
    number: dict[str, Value] = {} if result.number is None else {"number": result.number}
    fields: dict[str, Value] = {
        "on": to_text(now),
        "tenant_id": result.tenant_id,
        "resource": result.resource,
        "outcome": result.outcome,
        "before": before.outcome if before else "",
        "whose": result.whose,
        **number,
    }
    return Row(partition=result.consent, key=f"{result.key}-{int(now.timestamp()):011}", fields=fields)


def _new_customer(row: Row) -> NewCustomer | None:
    given = {name: str(text) for name, text in row.fields.items()}
    try:
        return NewCustomer(
            consent=given["consent"],
            tenant_id=given["tenant_id"],
            customer=given["customer"],
            first_on=from_text(given["first_on"]),
        )
    except (KeyError, ValueError):
        return None
