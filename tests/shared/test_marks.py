"""Marks with an end: what one instance marks, others see within an age that a setting gives, no longer than meant."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.marks import FORGET_TENANT, SIGNED_OUT, TABLE, Marks
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
    marks.set(FORGET_TENANT, "contoso", until=NOON + HOUR)
    times.seconds = 5
    marks.set(FORGET_TENANT, "contoso", until=NOON + 2 * HOUR)
    (found,) = marks.in_force(FORGET_TENANT).values()
    assert (found.made_on, found.until) == (NOON + timedelta(seconds=5), NOON + 2 * HOUR)


def test_what_has_ended_is_swept_and_the_rest_stays(rows: MemoryRows, times: Times) -> None:
    marks = instance(rows, times)
    marks.set(SIGNED_OUT, "old", until=NOON + timedelta(seconds=1))
    marks.set(SIGNED_OUT, "young", until=NOON + HOUR)
    rows.put(TABLE, Row(partition=SIGNED_OUT, key="unreadable", fields={"until": "some day"}))
    times.seconds = 2
    assert marks.sweep() == 2
    assert [row.key for row in rows.select(TABLE, SIGNED_OUT)] == ["young"]


def test_that_nothing_can_be_read_is_said_and_not_taken_for_nothing_marked(rows: MemoryRows, times: Times) -> None:
    rows.away = True
    with pytest.raises(RowsUnavailable):
        instance(rows, times).in_force(SIGNED_OUT)
