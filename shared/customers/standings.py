"""How all customers stand, read at once: the last run's snapshot, and what has changed since.

Whatever keeps the snapshot from being read, the rows themselves are: it is only ever the shorter way.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from shared.customers.changes import KEPT, Changes
from shared.customers.result import Result, Standing, to_fields
from shared.customers.results import FAILING, TABLE, Results, failing_key
from shared.customers.snapshot import Snapshot
from shared.rows import Row, Rows

PARTITION, HEAD = "snapshots", "head"
# Azure keeps 1 MiB a row: a text is twice as long there as its characters, and a row has so many.
TEXTS = 12
# Who began to write before a snapshot was read, by another clock and against a slow table, has ended so much later.
IN_FLIGHT = timedelta(minutes=10)
# Whoever reads the one before the last is through with it.
LEFT_FOR = timedelta(hours=3)


class Standings:
    """Every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._results = Results(rows)
        self._changes = Changes(rows)

    def all(self, consents: Collection[str], now: datetime) -> Sequence[Standing]:
        """How all customers of these consents stand, in no order."""
        snapshot = self._last(now)
        if snapshot is None:
            return [one.standing for name in consents for one in self._results.all(name)]
        changed = {one.standing.subject: one for one in self._changes.since(snapshot.as_of, until=now + IN_FLIGHT)}
        known = (one for one in snapshot.standings if not changed or one.subject not in changed)
        standings = [*known, *(one.standing for one in changed.values() if not one.is_gone)]
        whole = snapshot.consents.intersection(consents)
        others = (name for name in consents if name not in whole)
        return [
            *(one for one in standings if one.consent in whole),
            *(one.standing for name in others for one in self._results.all(name)),
        ]

    def renew(self, consents: Collection[str], now: datetime) -> None:
        """Take a snapshot of all results of these consents, and mend what was cut between two rows of one result."""
        standings, failing = [], {}
        for result in (one for name in consents for one in self._results.all(name)):
            standings.append(result.standing)
            if result.is_failing(now):
                failing[failing_key(result)] = result
        self.keep(Snapshot(as_of=now - IN_FLIGHT, consents=frozenset(consents), standings=standings), now)
        self._mend(failing, consents, now)
        self._changes.sweep(now)

    def keep(self, snapshot: Snapshot, now: datetime) -> None:
        """Write a snapshot, page by page, and then that it is the last one; forget those that nobody reads any more."""
        texts = snapshot.to_texts()
        pages = [texts[at : at + TEXTS] for at in range(0, len(texts), TEXTS)]
        name = f"{int(now.timestamp()):011}.{secrets.token_hex(4)}"
        for number, page in enumerate(pages):
            fields = {f"text{place:02}": text for place, text in enumerate(page)}
            self._rows.put(TABLE, Row(partition=PARTITION, key=f"{name}-{number:04}", fields=fields))
        self._rows.put(TABLE, Row(partition=PARTITION, key=HEAD, fields={"name": name, "pages": len(pages)}))
        self._sweep(name, f"{int((now - LEFT_FOR).timestamp()):011}")

    def _last(self, now: datetime) -> Snapshot | None:
        """The last snapshot, if it is whole and no older than the changes that are kept."""
        head = self._rows.get(TABLE, PARTITION, HEAD)
        if head is None:
            return None
        try:
            prefix, pages = f"{head.fields['name']}-", int(head.fields["pages"])
            rows = list(self._rows.select(TABLE, PARTITION, prefix=prefix, limit=pages))
            snapshot = Snapshot.from_texts(_texts(rows)) if len(rows) == pages else None
        except (LookupError, ValueError):
            return None
        is_of_use = snapshot is not None and now - KEPT < snapshot.as_of <= now
        return snapshot if is_of_use else None

    def _mend(self, failing: Mapping[str, Result], consents: Collection[str], now: datetime) -> None:
        """Make the failures that are kept a second time what the rows say: a write of both may have been cut."""
        told = {failing_key(one): one for one in self._results.failing() if one.consent in consents}
        for key, one in told.items():
            if key not in failing and now - one.tried_on > IN_FLIGHT:
                self._rows.delete(TABLE, FAILING, key)
        for key, one in failing.items():
            if key not in told and now - one.tried_on > IN_FLIGHT:
                self._rows.put(TABLE, Row(partition=FAILING, key=key, fields=to_fields(one)))

    def _sweep(self, last: str, oldest: str) -> None:
        for row in self._rows.select(TABLE, PARTITION):
            if row.key < oldest and not row.key.startswith(last):
                self._rows.delete(TABLE, PARTITION, row.key)


def _texts(rows: Iterable[Row]) -> Iterable[str]:
    return (str(row.fields[name]) for row in rows for name in sorted(row.fields))
