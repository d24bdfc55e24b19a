"""Rows in memory, for tests of what stands on them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice

from shared.rows import Row, checked_table
from shared.rows_errors import RowsUnavailable


class MemoryRows:
    """See Rows; `away` makes it unavailable, `writes` counts what was written."""

    is_shared = True

    def __init__(self) -> None:
        self.away = False
        self.writes = 0
        self._tables: dict[str, dict[tuple[str, str], Row]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody gets an answer meanwhile."""
        with self._lock:
            yield

    def free(self) -> AbstractContextManager[None]:
        """As it is."""
        return nullcontext()

    def put(self, table: str, row: Row) -> None:
        with self._lock:
            self._rows(checked_table(table), make=True)[row.partition, row.key] = row
            self.writes += 1

    def add(self, table: str, row: Row) -> bool:
        with self._lock:
            rows = self._rows(checked_table(table), make=True)
            is_new = (row.partition, row.key) not in rows
            if is_new:
                rows[row.partition, row.key] = row
                self.writes += 1
            return is_new

    def get(self, table: str, partition: str, key: str) -> Row | None:
        with self._lock:
            return self._rows(table).get((partition, key))

    def delete(self, table: str, partition: str, key: str) -> None:
        with self._lock:
            self._rows(table).pop((partition, key), None)

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        with self._lock:
            rows = sorted(self._rows(table).items())
        found = [row for (of, key), row in rows if of == partition and key.startswith(prefix) and key > after]
        return islice(found, limit)

    def tables(self) -> Sequence[str]:
        with self._lock:
            self._require_there()
            return sorted(name for name, rows in self._tables.items() if rows)

    def drop(self, table: str) -> None:
        with self._lock:
            self._require_there()
            self._tables.pop(table, None)

    def _rows(self, table: str, *, make: bool = False) -> dict[tuple[str, str], Row]:
        self._require_there()
        return self._tables.setdefault(table, {}) if make else self._tables.get(table, {})

    def _require_there(self) -> None:
        if self.away:
            raise RowsUnavailable
