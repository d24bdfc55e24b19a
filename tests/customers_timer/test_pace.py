"""The pace: so many in a second, half as many when asked to wait, twice as many again after a quiet minute."""

import pytest

from customers_timer.pace import QUIET_SECONDS, SLOWEST, Pace


class Stopwatch:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


def pace(watch: Stopwatch, per_second: float = 20.0) -> Pace:
    return Pace(per_second, monotonic=watch, sleep=watch.sleep)


def seconds_for(pace: Pace, watch: Stopwatch, turns: int) -> float:
    begun = watch()
    for _ in range(turns):
        pace.turn()
    return watch() - begun


def test_turns_are_spread_evenly(watch: Stopwatch) -> None:
    assert seconds_for(pace(watch), watch, 101) == pytest.approx(5.0)


def test_time_that_nobody_used_is_not_made_up_for(watch: Stopwatch) -> None:
    one = pace(watch)
    watch.sleep(60)
    assert seconds_for(one, watch, 101) == pytest.approx(5.0)


def test_whoever_is_asked_to_wait_halves_the_pace(watch: Stopwatch) -> None:
    one = pace(watch)
    one.throttled(one.turn())
    assert one.per_second == 10.0
    one.turn()
    assert seconds_for(one, watch, 100) == pytest.approx(10.0)


def test_those_who_were_under_way_halve_it_once_together(watch: Stopwatch) -> None:
    one = pace(watch)
    turns = [one.turn() for _ in range(8)]
    watch.sleep(0.1)
    for turn in turns:
        one.throttled(turn)
    assert one.per_second == 10.0
    one.throttled(one.turn())
    assert one.per_second == 5.0


def test_it_never_comes_to_a_stop(watch: Stopwatch) -> None:
    one = pace(watch)
    for _ in range(20):
        one.throttled(one.turn())
    assert one.per_second == SLOWEST


def test_after_a_quiet_minute_it_is_twice_as_fast_up_to_what_it_was(watch: Stopwatch) -> None:
    one = pace(watch)
    one.throttled(one.turn())
    for expected in (20.0, 20.0):
        watch.sleep(QUIET_SECONDS)
        one.turn()
        assert one.per_second == expected
