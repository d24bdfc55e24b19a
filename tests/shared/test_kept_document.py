"""A kept document: one look for all, the last good one for a while, and "could not find out" said as that."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import AuthorityUnavailable, BrokerError
from shared.kept_document import Ages, KeptDocument

AGES = Ages(last_good=1000.0, fresh=100.0, again=10.0, failed=3.0, patience=5.0)


class Source:
    """Somebody who publishes, or is away; and time."""

    def __init__(self) -> None:
        self.says: str | Exception = "first"
        self.looks = 0
        self.now = 0.0

    def read(self) -> str:
        self.looks += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def kept(self, ages: Ages = AGES) -> KeptDocument[str]:
        return KeptDocument(self.read, ages=ages, monotonic=lambda: self.now, start=lambda work: work())


def outcome(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except BrokerError as error:
        return error.code


@pytest.mark.parametrize("error", [AuthorityUnavailable("detail"), ValueError("text of nobody's business")], ids=str)
def test_a_failure_is_shared_for_a_moment_and_holds_nothing_alive(error: Exception) -> None:
    source = Source()
    kept = source.kept()
    source.says = error
    for _ in range(5):
        with pytest.raises(AuthorityUnavailable) as told:
            kept.get()
        assert "nobody's business" not in told.value.description
    assert source.looks == 1
    source.says, source.now = "second", AGES.failed
    assert kept.get() == "second"


def test_many_who_ask_at_once_cause_one_look() -> None:
    source, go_on = Source(), threading.Event()

    def slow() -> str:
        assert go_on.wait(20)
        return source.read()

    kept = KeptDocument(slow, ages=AGES)
    with ThreadPoolExecutor(16) as threads:
        asked = [threads.submit(kept.get) for _ in range(16)]
        go_on.set()
        assert {one.result(20) for one in asked} == {"first"}
    assert source.looks == 1


def test_each_waits_its_own_time_at_most_and_the_look_goes_on() -> None:
    go_on, done = threading.Event(), threading.Event()

    def slow() -> str:
        assert go_on.wait(20)
        done.set()
        return "late"

    kept = KeptDocument(slow, ages=replace(AGES, patience=0.02))
    for _ in range(2):
        with pytest.raises(AuthorityUnavailable):
            kept.get()
    go_on.set()
    assert done.wait(20)
    assert KeptDocument(lambda: "x", ages=AGES).get() == "x"


def test_a_look_that_could_not_begin_is_a_failed_one_and_keeps_nobody_from_the_next() -> None:
    """As when the machine has no thread left for a moment."""
    source, has_threads = Source(), False

    def start(work: Callable[[], None]) -> None:
        if not has_threads:
            raise RuntimeError("can't start new thread")
        work()

    kept = KeptDocument(source.read, ages=replace(AGES, patience=0.02), monotonic=lambda: source.now, start=start)
    assert outcome(kept.get) == "authority_unavailable"
    has_threads, source.now = True, AGES.failed
    assert kept.get() == "first"
    has_threads, source.now = False, AGES.failed + AGES.fresh
    assert kept.get() == "first", "what is known serves, whatever the background can do"


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["get", "newest"]),
        st.floats(0, 2000).map(lambda seconds: ("wait", seconds)),
        st.sampled_from(["away", "back", "new"]),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_whatever_happens_nothing_is_served_past_its_time_nor_guessed(steps: list[object]) -> None:
    """And it is looked for at most once in three seconds after a failure, once in ten after a success."""
    source, number, published_on = Source(), 0, {"first": 0.0}
    kept, looked_on, away = source.kept(), float("-inf"), False
    for step in steps:
        if isinstance(step, tuple):
            source.now += step[1]
        elif step in {"away", "back"}:
            away = step == "away"
            source.says = AuthorityUnavailable() if away else f"document {number}"
            published_on.setdefault(f"document {number}", source.now)
        elif step == "new":
            number += 1
            source.says, away = f"document {number}", False
            published_on[f"document {number}"] = source.now
        else:
            before = source.looks
            told = outcome(kept.get if step == "get" else kept.newest)
            if source.looks > before:
                assert source.looks == before + 1
                assert source.now - looked_on >= AGES.failed
                looked_on = source.now
                assert (told == "authority_unavailable") is (away and (step == "newest" or kept.known is None))
            if told != "authority_unavailable":
                assert told in published_on
                assert kept.known == told
