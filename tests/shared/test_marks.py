"""Marks with an end: what one instance marks, others see within an age that a setting gives, no longer than meant."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.marks import FAILED_SECONDS, FORGET_TENANT, SIGNED_OUT, TABLE, Marks
from shared.rows import Row
from shared.rows_errors import RowsUnavailable
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGE, HOUR = timedelta(seconds=30), timedelta(hours=1)


class Times:
    """A clock and a stopwatch that go together."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows()


@pytest.fixture
def times() -> Times:
    return Times()


def instance(rows: MemoryRows, times: Times) -> Marks:
    return Marks(rows, max_age=AGE, clock=times.clock, monotonic=times.monotonic)


def test_whoever_marks_sees_it_at_once(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    assert marks.in_force(SIGNED_OUT) == {}
    mark = marks.set(SIGNED_OUT, "session-1", until=NOON + HOUR)
    assert marks.in_force(SIGNED_OUT) == {"session-1": mark}
    assert marks.in_force(FORGET_TENANT) == {}


def test_others_see_it_within_the_age_and_not_before_they_read_again(rows: MemoryRows, times: Times) -> None:
    one, other = instance(rows, times), instance(rows, times)
    assert other.in_force(FORGET_TENANT) == {}
    mark = one.set(FORGET_TENANT, "contoso", until=NOON + HOUR)
    times.seconds = 29
    assert other.in_force(FORGET_TENANT) == {}
    times.seconds = 30
    assert other.in_force(FORGET_TENANT) == {"contoso": mark}


def test_a_mark_ends_when_it_was_said_to(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    marks.set(SIGNED_OUT, "session-1", until=NOON + timedelta(seconds=10))
    assert set(marks.in_force(SIGNED_OUT)) == {"session-1"}
    times.seconds = 10
    assert marks.in_force(SIGNED_OUT) == {}


def test_what_is_marked_again_is_marked_anew(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    first = marks.set(FORGET_TENANT, "contoso", until=NOON + 2 * HOUR)
    second = marks.set(FORGET_TENANT, "contoso", until=NOON + HOUR)
    (found,) = marks.in_force(FORGET_TENANT).values()
    assert first.acts.isdisjoint(second.acts)
    assert (found.acts, found.until) == (first.acts | second.acts, NOON + 2 * HOUR)


def test_what_has_ended_is_swept_and_the_rest_stays(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    marks.set(SIGNED_OUT, "old", until=NOON + timedelta(seconds=1))
    marks.set(SIGNED_OUT, "young", until=NOON + HOUR)
    rows.put(TABLE, Row(partition=SIGNED_OUT, key="unreadable", fields={"until": "some day"}))
    times.seconds = 2
    assert marks.sweep() == 2
    assert [row.fields["key"] for row in rows.select(TABLE, SIGNED_OUT)] == ["young"]


class SetWhileSwept(MemoryRows):
    """Something is done by another instance in the moment before a row is taken away."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def delete(self, table: str, partition: str, key: str) -> None:
        self.meanwhile()
        super().delete(table, partition, key)


def test_a_mark_that_is_set_again_in_the_moment_it_is_swept_stays(times: Times) -> None:
    rows = SetWhileSwept()
    sweeping, other = instance(rows, times), instance(rows, times)
    sweeping.set(FORGET_TENANT, "contoso", until=NOON + timedelta(seconds=1))
    times.seconds = 40
    rows.meanwhile = lambda: other.set(FORGET_TENANT, "contoso", until=NOON + HOUR)
    assert sweeping.sweep() == 1
    assert set(instance(rows, times).in_force(FORGET_TENANT)) == {"contoso"}


class Slow(MemoryRows):
    """A reading takes until it is let go, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let_go, self.readings = threading.Event(), threading.Event(), 0

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        self.readings += 1
        found = list(super().select(table, partition, prefix=prefix, after=after, limit=limit))
        if partition == FORGET_TENANT:
            self.begun.set()
            assert self.let_go.wait(10)
        return iter(found)


def test_a_slow_reading_keeps_nobody_who_reads_or_sets_something_else(times: Times) -> None:
    rows = Slow()
    marks = instance(rows, times)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(marks.in_force, FORGET_TENANT)
        assert rows.begun.wait(10)
        marks.set(SIGNED_OUT, "session-1", until=NOON + HOUR)
        assert set(marks.in_force(SIGNED_OUT)) == {"session-1"}
        rows.let_go.set()
        assert slow.result(10) == {}


def test_those_who_ask_during_a_reading_share_it(times: Times) -> None:
    rows = Slow()
    marks = instance(rows, times)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(marks.in_force, FORGET_TENANT) for _ in range(4)]
        assert rows.begun.wait(10)
        rows.let_go.set()
        assert [one.result(10) for one in asked] == [{}] * 4
    assert rows.readings == 1


def test_what_is_set_during_a_reading_is_seen_by_whoever_asks_after_that(times: Times) -> None:
    rows = Slow()
    marks = instance(rows, times)
    with ThreadPoolExecutor(1) as threads:
        early = threads.submit(marks.in_force, FORGET_TENANT)
        assert rows.begun.wait(10)
        marks.set(FORGET_TENANT, "contoso", until=NOON + HOUR)
        rows.let_go.set()
        assert set(marks.in_force(FORGET_TENANT)) == {"contoso"}
        assert early.result(10) == {}
    assert set(marks.in_force(FORGET_TENANT)) == {"contoso"}


def test_that_nothing_can_be_read_is_said_and_not_taken_for_nothing_marked(rows: MemoryRows, times: Times) -> None:
    rows.away = True
    with pytest.raises(RowsUnavailable):
        instance(rows, times).in_force(SIGNED_OUT)


def test_a_failed_reading_is_tried_again_some_seconds_later(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    rows.away = True
    with pytest.raises(RowsUnavailable):
        marks.in_force(SIGNED_OUT)
    rows.away = False
    with pytest.raises(RowsUnavailable):
        marks.in_force(SIGNED_OUT)
    times.seconds = FAILED_SECONDS
    assert marks.in_force(SIGNED_OUT) == {}
