"""Time as text: written in UTC with whole seconds, and read back only when it is one moment."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import day_for_people, from_text, to_text, utc_now

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2300, 1, 1), timezones=ZONES))  # noqa: DTZ001 - zones are given
def test_a_moment_comes_back_to_the_second(moment: datetime) -> None:
    assert from_text(to_text(moment)) == moment.replace(microsecond=0)
    assert from_text(to_text(moment)).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-13-01T12:00:00+00:00",
        "1772366400",
        # What no day can be added to, or no zone be taken from, without leaving the calendar.
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_what_is_not_one_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


def test_now_knows_its_zone() -> None:
    assert utc_now().tzinfo is UTC


def test_a_day_is_told_in_words_and_in_utc() -> None:
    late = datetime(2026, 6, 2, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert day_for_people(late) == "3 June 2026"
