"""When somebody is told: each threshold once, a loss at once and then weekly, whatever the clock does."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refresh_timer.alarms import THRESHOLDS, alarmed, crossed, days_left
from shared.consents.health import FAILING, LOST, Health
from tests.refresh_timer.scene import DAY, NOON


def health(**changes: object) -> Health:
    return Health(**{"lineage": "l1", "renewed_on": NOON, "status": FAILING, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "warned", "told"),
    [
        (90, None, None),
        (31, None, None),
        (30, None, 30),
        (30, 30, None),
        (29, 30, None),
        (14, 30, 14),
        (13, 14, None),
        (2, 30, 3),
        (0, None, 1),
        (0, 1, None),
        (20, 7, None),
    ],
)
def test_a_threshold_is_told_when_it_is_come_down_to_and_not_again(
    left: int, warned: int | None, told: int | None
) -> None:
    assert crossed(left, warned) == told


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=20, max_size=120))
def test_each_threshold_is_told_at_most_once_and_the_last_always(steps: list[int]) -> None:
    """Days pass one by one, or several at once while the app is down."""
    left, warned, told = 90, None, []
    for step in [*steps, 90]:
        left = max(0, left - step)
        threshold = crossed(left, warned)
        if threshold is not None:
            told.append(threshold)
            warned = threshold
    assert len(told) == len(set(told))
    assert told == sorted(told, reverse=True)
    assert set(told) <= set(THRESHOLDS)
    assert told[-1] == min(THRESHOLDS)


def test_a_loss_is_told_at_once_and_again_after_each_week() -> None:
    found, told = health(status=LOST), []
    for day in range(30):
        found, _, tells = alarmed(found, NOON + day * DAY)
        if tells:
            told.append(day)
    assert told == [0, 7, 14, 21, 28]


@pytest.mark.parametrize("shift", [-400 * DAY, 400 * DAY], ids=["behind", "ahead"])
def test_a_clock_that_was_wrong_silences_nobody_for_long(shift: timedelta) -> None:
    wrong, _, tells = alarmed(health(status=LOST), NOON + shift)
    assert tells
    _, _, again = alarmed(wrong, NOON)
    assert again, "a moment in another year is no reason to be silent now"


def test_what_is_only_failing_tells_its_thresholds_and_no_loss() -> None:
    found, threshold, tells = alarmed(health(), NOON + 61 * DAY)
    assert (found.warned, threshold, tells, found.alarmed_on) == (30, 30, False, None)


def test_days_left_are_whole_days_and_never_below_none() -> None:
    assert [days_left(NOON, NOON - 2 * DAY - timedelta(seconds=1)), days_left(NOON, NOON + DAY)] == [2, 0]
