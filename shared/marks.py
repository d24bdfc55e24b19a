"""Small marks with an end that instances tell each other by: forget this tenant, this session has signed out."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock, from_text, to_text
from shared.rows import Row, Rows

TABLE = "brokermarks"
# The kinds there are: the key is a tenant's id, or the id of a session.
FORGET_TENANT, SIGNED_OUT = "forget-tenant", "signed-out"
KINDS = (FORGET_TENANT, SIGNED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark: what was marked when, and until when that means something."""

    key: str
    made_on: datetime
    until: datetime


class Marks:
    """Set by one instance, seen by all within `max_age`; every method may block.

    `in_force` raises what Rows raises: whoever asks decides whether not knowing means no.
    """

    def __init__(
        self, rows: Rows, *, max_age: timedelta, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._max_age = max_age.total_seconds()
        self._clock = clock
        self._monotonic = monotonic
        self._read: dict[str, tuple[float, Mapping[str, Mark]]] = {}
        self._lock = threading.Lock()

    def set(self, kind: str, key: str, *, until: datetime) -> Mark:
        """Mark something; a mark that is there is replaced. This instance sees it at once."""
        mark = Mark(key=key, made_on=self._clock(), until=until)
        fields = {"made_on": to_text(mark.made_on), "until": to_text(until)}
        self._rows.put(TABLE, Row(partition=kind, key=key, fields=fields))
        with self._lock:
            self._read.pop(kind, None)
        return mark

    def in_force(self, kind: str) -> Mapping[str, Mark]:
        """The marks of a kind by their keys, as they were at most `max_age` ago; none that has ended."""
        with self._lock:
            read_on, marks = self._read.get(kind, (float("-inf"), {}))
            if self._monotonic() - read_on >= self._max_age:
                read_on, marks = self._monotonic(), self._all(kind)
                self._read[kind] = (read_on, marks)
        now = self._clock()
        return {key: mark for key, mark in marks.items() if mark.until > now}

    def sweep(self) -> int:
        """Take away what has ended, of every kind; how many."""
        now, ended = self._clock(), 0
        for kind in KINDS:
            for mark in self._all(kind).values():
                if mark.until <= now:
                    self._rows.delete(TABLE, kind, mark.key)
                    ended += 1
        return ended

    def _all(self, kind: str) -> Mapping[str, Mark]:
        return {row.key: _mark(row) for row in self._rows.select(TABLE, kind)}


def _mark(row: Row) -> Mark:
    try:
        made_on, until = from_text(str(row.fields["made_on"])), from_text(str(row.fields["until"]))
    except (KeyError, ValueError):
        made_on = until = datetime.fromisoformat("1970-01-01T00:00:00+00:00")  # not ours to read: it has ended
    return Mark(key=row.key, made_on=made_on, until=until)
