"""How long work may take: what has not begun in time does not begin, on this thread and for this work alone."""

from contextvars import copy_context
from threading import Thread

from shared.customers.patience import is_over, seconds_left, within


def test_without_a_word_there_is_no_end() -> None:
    assert seconds_left() == float("inf")
    assert not is_over()


def test_time_runs_out_inside_and_is_forgotten_outside() -> None:
    now = [100.0]
    with within(10, lambda: now[0]):
        assert seconds_left() == 10
        now[0] += 10
        assert is_over()
        with within(5, lambda: now[0]):
            assert seconds_left() == 5, "work that must not be cut off has a time of its own"
        assert is_over()
    assert not is_over()


def test_another_thread_has_the_time_that_it_is_handed() -> None:
    found: list[bool] = []
    with within(0):
        handed = copy_context()
        for run in (is_over, lambda: handed.run(is_over)):
            thread = Thread(target=lambda ask=run: found.append(ask()))
            thread.start()
            thread.join()
    assert found == [False, True]
