"""Small marks with an end that instances tell each other by: forget this tenant, this session has signed out."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.clock import Clock, from_text, to_text
from shared.errors import BrokerError
from shared.rows import Row, Rows

TABLE = "brokermarks"
# The kinds there are: the key is a tenant's id, or the id of a session.
FORGET_TENANT, SIGNED_OUT = "forget-tenant", "signed-out"
KINDS = (FORGET_TENANT, SIGNED_OUT)
LONGEST_KEY = 160
# So many seconds is a failed reading remembered: threads do not try it one after the other.
FAILED_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is marked, by which acts (the keys of their rows), and until when that means something.

    Acts are told apart by their own identity, never by time: the clocks of instances are seconds apart.
    """

    key: str
    acts: frozenset[str]
    until: datetime


type _Marks = Mapping[str, Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the rows held when it began (seconds), or why nobody could tell; `age` is how long it counts."""

    began_on: float
    age: float
    outcome: _Marks | BrokerError


class Marks:
    """Set by one instance, seen by all within `max_age`; every method may block.

    Each act of marking is a row of its own, so that a mark that is set anew is not what a sweep takes away.
    Several acts with one key are one mark, until the latest of their ends.
    """

    def __init__(
        self, rows: Rows, *, max_age: timedelta, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._max_age = max_age.total_seconds()
        self._clock = clock
        self._monotonic = monotonic
        self._kept: dict[str, _Reading] = {}
        self._under_way: dict[str, Future[_Reading]] = {}
        # Held for a moment, and never while rows are read.
        self._lock = threading.Lock()

    def set(self, kind: str, key: str, *, until: datetime) -> Mark:
        """Mark something, again too. This instance sees it at once. Raises what Rows raises: it may be marked then."""
        if not 0 < len(key) <= LONGEST_KEY:
            raise ValueError(f"the key of a mark has 1 to {LONGEST_KEY} characters")
        act = f"{key}.{secrets.token_hex(8)}"
        fields = {"key": key, "made_on": to_text(self._clock()), "until": _to_text(until)}
        try:
            self._rows.put(TABLE, Row(partition=kind, key=act, fields=fields))
        finally:
            with self._lock:
                self._kept.pop(kind, None)
                # A reading under way may have passed the place of the new row: whoever asks from now on begins anew.
                self._under_way.pop(kind, None)
        return Mark(key=key, acts=frozenset({act}), until=until)

    def in_force(self, kind: str) -> Mapping[str, Mark]:
        """The marks of a kind by their keys, as they were at most `max_age` ago; none that has ended.

        Raises what Rows raises: whoever asks decides whether not knowing means no. Threads share one reading.
        """
        outcome = self._reading(kind).outcome
        if isinstance(outcome, BrokerError):
            raise outcome.afresh()
        now = self._clock()
        return {key: mark for key, mark in outcome.items() if mark.until > now}

    def sweep(self) -> int:
        """Take away what has ended, of every kind; how many."""
        now, ended = self._clock(), 0
        for kind in KINDS:
            for row in self._rows.select(TABLE, kind):
                if _mark(row).until <= now:
                    self._rows.delete(TABLE, kind, row.key)
                    ended += 1
        return ended

    def _reading(self, kind: str) -> _Reading:
        with self._lock:
            kept = self._kept.get(kind)
            if kept is not None and self._monotonic() - kept.began_on < kept.age:
                return kept
            reading = self._under_way.get(kind)
            is_mine = reading is None
            if reading is None:
                reading = self._under_way[kind] = Future()
        if is_mine:
            self._read(kind, reading)
        return reading.result()

    def _read(self, kind: str, reading: Future[_Reading]) -> None:
        began = self._monotonic()
        try:
            marks = _together(_mark(row) for row in self._rows.select(TABLE, kind))
            found = _Reading(began_on=began, age=self._max_age, outcome=marks)
        except BrokerError as error:
            age = min(self._max_age, FAILED_SECONDS)
            found = _Reading(began_on=self._monotonic(), age=age, outcome=error.afresh())
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._end(kind, reading, None)
            reading.set_exception(error)
            return
        self._end(kind, reading, found)
        reading.set_result(found)

    def _end(self, kind: str, reading: Future[_Reading], found: _Reading | None) -> None:
        with self._lock:
            if self._under_way.get(kind) is reading:
                del self._under_way[kind]
                if found is not None:
                    self._kept[kind] = found


def _together(marks: Iterable[Mark]) -> _Marks:
    found: dict[str, Mark] = {}
    for mark in marks:
        other = found.get(mark.key, mark)
        found[mark.key] = Mark(key=mark.key, acts=mark.acts | other.acts, until=max(mark.until, other.until))
    return found


def _to_text(moment: datetime) -> str:
    """As exact as the clock: a mark ends neither before nor after it was said to."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _mark(row: Row) -> Mark:
    try:
        key, until = str(row.fields["key"]), from_text(str(row.fields["until"]))
    except (KeyError, ValueError):
        key, until = row.key, datetime(1970, 1, 1, tzinfo=UTC)  # not ours to read: it has ended
    return Mark(key=key, acts=frozenset({row.key}), until=until)
