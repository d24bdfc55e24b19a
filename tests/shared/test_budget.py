"""The budget: never more than its limit in any stretch of time, turns in the order of asking, nobody waits in vain."""

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.budget import Budget


class Time:
    """A clock that goes on when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@settings(deadline=None)
@given(
    limit=st.integers(1, 6),
    seconds=st.floats(0.5, 10),
    pauses=st.lists(st.floats(0, 4), min_size=1, max_size=60),
)
def test_no_stretch_of_time_holds_more_than_the_limit(limit: int, seconds: float, pauses: list[float]) -> None:
    time = Time()
    budget = Budget(limit, seconds=seconds, monotonic=time.monotonic, sleep=time.sleep)
    turns = []
    for pause in pauses:
        time.now += pause
        budget.spend()
        turns.append(time.now)
    assert turns == sorted(turns)
    for first, after in zip(turns, turns[limit:], strict=False):
        assert after - first >= seconds - 1e-6


def test_what_is_within_the_limit_does_not_wait() -> None:
    time = Time()
    budget = Budget(3, seconds=10, monotonic=time.monotonic, sleep=time.sleep)
    for _ in range(3):
        budget.spend()
    assert time.slept == []
    budget.spend()
    assert time.slept == [10]


@given(
    limit=st.integers(1, 6),
    seconds=st.floats(0.5, 10),
    pauses=st.lists(st.floats(0, 4), min_size=1, max_size=60),
)
def test_who_does_not_wait_is_told_when_there_is_a_turn_and_takes_none(
    limit: int, seconds: float, pauses: list[float]
) -> None:
    time = Time()
    budget = Budget(limit, seconds=seconds, monotonic=time.monotonic, sleep=time.sleep)
    turns = []
    for pause in pauses:
        time.now += pause
        left = budget.take()
        assert 0 <= left <= seconds
        if left:
            time.now += left + 1e-6
            assert budget.take() == 0
        turns.append(time.now)
    assert time.slept == []
    for first, after in zip(turns, turns[limit:], strict=False):
        assert after - first >= seconds - 1e-6


def test_threads_share_one_budget() -> None:
    time, lock, waits = Time(), threading.Lock(), list[float]()

    def noted(seconds: float) -> None:
        with lock:
            waits.append(seconds)

    budget = Budget(10, seconds=1, monotonic=time.monotonic, sleep=noted)
    threads = [threading.Thread(target=budget.spend) for _ in range(35)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Ten at once, ten a second later, ten after two, and five after three: nobody has really slept here.
    assert sorted(waits) == [1.0] * 10 + [2.0] * 10 + [3.0] * 5
