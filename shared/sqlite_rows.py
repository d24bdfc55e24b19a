"""Rows in a file of SQLite: the embedded default, for one machine."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from shared.rows import Row, checked_table, row_read
from shared.rows_errors import RowsUnavailable

PAGE = 500
# Seconds that one process waits for another.
BUSY_SECONDS = 30.0
# Above every character that a key can have.
LAST = "~"
LAYOUT = """
CREATE TABLE IF NOT EXISTS entries (
    tab TEXT NOT NULL, part TEXT NOT NULL, key TEXT NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (tab, part, key)
) WITHOUT ROWID
"""


class SqliteRows:
    """Rows in a file, which is made when it is first used, and which this user alone may read."""

    is_shared = False

    def __init__(self, file: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._file = file
        self._busy_seconds = busy_seconds
        # SQLite has who waits try again at intervals and keeps no order: of many threads some never have a turn.
        self._one_at_a_time = threading.Lock()

    def put(self, table: str, row: Row) -> None:
        """See Rows."""
        values = (checked_table(table), row.partition, row.key, json.dumps(dict(row.fields)))
        with self._opened() as database:
            database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", values)

    def add(self, table: str, row: Row) -> bool:
        """See Rows."""
        values = (checked_table(table), row.partition, row.key, json.dumps(dict(row.fields)))
        with self._opened() as database:
            return database.execute("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", values).rowcount == 1

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See Rows."""
        query = "SELECT fields FROM entries WHERE tab = ? AND part = ? AND key = ?"
        with self._opened() as database:
            found = database.execute(query, (table, partition, key)).fetchone()
        return _row(partition, key, found[0]) if found else None

    def delete(self, table: str, partition: str, key: str) -> None:
        """See Rows."""
        with self._opened() as database:
            database.execute("DELETE FROM entries WHERE tab = ? AND part = ? AND key = ?", (table, partition, key))

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        """See Rows."""
        query = (
            "SELECT key, fields FROM entries WHERE tab = ? AND part = ? AND key >= ? AND key < ? AND key > ? "
            "ORDER BY key LIMIT ?"
        )
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            with self._opened() as database:
                bounds = (table, partition, prefix, prefix + LAST, after, size)
                page = database.execute(query, bounds).fetchall()
            yield from (row for key, fields in page if (row := _row(partition, key, fields)) is not None)
            if len(page) < size:
                return
            after = page[-1][0]
            left = None if left is None else left - len(page)

    def tables(self) -> Sequence[str]:
        """See Rows."""
        with self._opened() as database:
            return [name for (name,) in database.execute("SELECT DISTINCT tab FROM entries ORDER BY tab")]

    def drop(self, table: str) -> None:
        """See Rows."""
        with self._opened() as database:
            database.execute("DELETE FROM entries WHERE tab = ?", (table,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection and one transaction; none is kept, so that nothing is left behind by any thread."""
        try:
            with self._one_at_a_time, closing(self._connected()) as database, database:
                database.execute(LAYOUT)
                yield database
        except (sqlite3.Error, OSError) as error:
            raise RowsUnavailable from error

    def _connected(self) -> sqlite3.Connection:
        if not self._file.exists():
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        return sqlite3.connect(self._file, timeout=self._busy_seconds)


def _row(partition: str, key: str, text: str) -> Row | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row_read(partition, key, fields)
