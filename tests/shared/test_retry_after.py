"""Retry-After in both of its forms, and whatever else may stand there."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.retry_after import LONGEST_SECONDS, seconds_to_wait

NOW = datetime(2026, 11, 28, 20, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("17", 17),
        (" 17 ", 17),
        ("0", 0),
        ("301", LONGEST_SECONDS),
        ("9" * 5000, LONGEST_SECONDS),
        ("Sat, 28 Nov 2026 20:00:30 GMT", 30),
        ("Saturday, 28-Nov-26 20:00:30 GMT", 30),
        ("Sat Nov 28 20:00:30 2026", 30),
        ("Sat, 28 Nov 2026 21:00:30 +0100", 30),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_SECONDS),
        ("Sat, 28 Nov 2026 19:59:00 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
    ],
)
def test_seconds_and_dates_are_read_within_a_bound(said: str, seconds: int) -> None:
    """A date of RFC 9110 section 5.6.7, the two obsolete forms included; a part of a second is waited for too."""
    assert seconds_to_wait(said, now=NOW) == seconds


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "soon",
        "-1",
        "1.5",
        "+7",
        "1e3",
        "\u0661\u0667",
        "²",
        "nan",
        "Sat, 31 Nov 2026 20:00:30 GMT",
        "Sat, 28 Nov 2026",
    ],
)
def test_what_is_neither_says_nothing(said: str | None) -> None:
    assert seconds_to_wait(said, now=NOW) is None


@given(st.one_of(st.text(), st.datetimes().map(lambda moment: f"{moment:%a, %d %b %Y %H:%M:%S} GMT")))
def test_whatever_stands_there_the_wait_is_none_or_within_the_bound(said: str) -> None:
    seconds = seconds_to_wait(said, now=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_SECONDS
