"""Holding back: one wave counts once, waits are bounded, one success begins anew, and at last nothing is asked."""

import threading

from refresh_timer.backoff import LONGEST_WAIT, MOST_WAVES, Backoff


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 50.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def backoff_in(time: Time) -> Backoff:
    return Backoff(monotonic=time.monotonic, sleep=time.sleep)


def wave_of(backoff: Backoff) -> int:
    wave = backoff.wait()
    assert wave is not None
    return wave


def test_without_failures_nobody_waits() -> None:
    time = Time()
    backoff = backoff_in(time)
    for _ in range(100):
        backoff.succeeded(wave_of(backoff))
    assert time.slept == []


def test_waits_double_and_are_bounded_until_nothing_is_asked_any_more() -> None:
    time = Time()
    backoff = backoff_in(time)
    for _ in range(MOST_WAVES):
        backoff.failed(wave_of(backoff), retry_after=None)
    assert backoff.wait() is None
    assert time.slept == [2.0, 4.0, 8.0, 16.0]


def test_what_the_service_asks_for_is_obeyed_within_a_bound() -> None:
    time = Time()
    backoff = backoff_in(time)
    backoff.failed(wave_of(backoff), retry_after=7)
    backoff.failed(wave_of(backoff), retry_after=3600)
    wave_of(backoff)
    assert time.slept == [7.0, LONGEST_WAIT]


def test_however_many_of_one_wave_fail_they_count_once() -> None:
    time = Time()
    backoff = backoff_in(time)
    for _ in range(MOST_WAVES - 1):
        waves = [backoff.wait() for _ in range(16)]
        assert len(set(waves)) == 1
        for wave in waves:
            assert wave is not None
            backoff.failed(wave, retry_after=None)
    assert backoff.wait() is not None


def test_one_success_begins_anew_and_a_late_one_of_an_older_wave_does_not() -> None:
    time = Time()
    backoff = backoff_in(time)
    early = wave_of(backoff)
    for _ in range(MOST_WAVES - 1):
        backoff.failed(wave_of(backoff), retry_after=None)
    backoff.succeeded(early)
    backoff.failed(wave_of(backoff), retry_after=None)
    assert backoff.wait() is None, "the late one told nothing of how it is now"
    fresh = backoff_in(time)
    for _ in range(20):
        fresh.failed(wave_of(fresh), retry_after=None)
        fresh.succeeded(wave_of(fresh))
    assert fresh.wait() is not None


def test_waves_in_which_most_succeed_end_no_run() -> None:
    """One secret that is always busy fails first, each time; whatever began with it is done all the same."""
    time = Time()
    backoff = backoff_in(time)
    for _ in range(3 * MOST_WAVES):
        waves = [wave_of(backoff) for _ in range(16)]
        backoff.failed(waves[0], retry_after=None)
        for wave in waves[1:]:
            backoff.succeeded(wave)
    assert backoff.wait() is not None
    assert set(time.slept) == {2.0}


def test_threads_that_fail_together_are_one_wave() -> None:
    time = Time()
    backoff = backoff_in(time)
    wave, gate = wave_of(backoff), threading.Barrier(16)

    def fail() -> None:
        gate.wait()
        backoff.failed(wave, retry_after=None)

    threads = [threading.Thread(target=fail) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wave_of(backoff)
    assert time.slept == [2.0]
