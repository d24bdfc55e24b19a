"""Refusals on record: each kind at once, its repetitions as counts, and no more of them than anybody may cause."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bursts import MANY, MINUTE, MOST, MOST_NAMED, MOST_OF_ONE, Bursts

NOBODY: dict[str, str | None] = {"caller": None}


class Scene:
    """Bursts on a clock by hand, and what they have written."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO", "broker.audit")
        caplog.clear()
        self._caplog = caplog
        self.now = 1000.0
        self.bursts = Bursts(monotonic=lambda: self.now)
        self._told = 0

    def refuse(self, caller: str | None = "ada", outcome: str = "not_permitted", tenant: str = "contoso") -> None:
        self._told += 1
        self.bursts.tell(
            "token.refused",
            who={"caller": caller},
            kind={"outcome": outcome},
            asked={"tenant_asked": tenant},
            latest={"correlation_id": f"c{self._told}"},
        )

    def written(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._caplog.messages]

    def counts(self) -> list[int]:
        return [found["count"] for found in self.written()]


@pytest.fixture
def scene(caplog: pytest.LogCaptureFixture) -> Scene:
    return Scene(caplog)


def test_a_refusal_is_on_record_at_once_with_all_that_is_known(scene: Scene) -> None:
    scene.refuse()
    assert scene.written() == [
        {
            "event": "token.refused",
            "caller": "ada",
            "outcome": "not_permitted",
            "tenant_asked": "contoso",
            "correlation_id": "c1",
            "count": 1,
        }
    ]


def test_what_differs_in_anything_is_a_record_of_its_own(scene: Scene) -> None:
    scene.refuse()
    scene.refuse(caller="grace")
    scene.refuse(outcome="role_missing")
    scene.refuse(tenant="northwind")
    scene.refuse(caller=None)
    assert scene.counts() == [1] * 5


def test_a_burst_is_few_records_that_count_it(scene: Scene) -> None:
    for _ in range(1_000):
        scene.refuse()
    assert scene.counts() == [1, MANY - 1, 9 * MANY]
    scene.now += MINUTE
    scene.bursts.write_what_is_due()
    assert scene.counts() == [1, MANY - 1, 9 * MANY, 800]
    assert [found["correlation_id"] for found in scene.written()] == ["c1", "c20", "c200", "c1000"]


def test_a_burst_that_goes_on_is_a_record_a_minute(scene: Scene) -> None:
    for _ in range(10):
        scene.refuse()
        scene.now += MINUTE / 2
    scene.now += MINUTE
    scene.bursts.write_what_is_due()
    assert sum(scene.counts()) == 10
    assert len(scene.counts()) <= 6


def test_what_waits_is_written_by_whatever_comes_next(scene: Scene) -> None:
    scene.refuse()
    scene.refuse()
    scene.now += MINUTE - 0.1
    scene.bursts.write_what_is_due()
    assert scene.counts() == [1]
    scene.now += 0.1
    scene.refuse(caller="grace")
    assert [(found["caller"], found["count"]) for found in scene.written()] == [("ada", 1), ("ada", 1), ("grace", 1)]


def test_a_burst_that_ended_is_forgotten_and_the_next_one_is_told_at_once(scene: Scene) -> None:
    scene.refuse()
    scene.now += MINUTE
    scene.refuse()
    assert scene.counts() == [1, 1]


def test_one_who_asks_for_something_else_each_time_is_counted_by_name(scene: Scene) -> None:
    for number in range(MOST_OF_ONE + 1_000):
        scene.refuse(tenant=f"tenant-{number}")
    written = scene.written()
    assert len(written) <= MOST_OF_ONE + 4
    assert {found["caller"] for found in written} == {"ada"}
    assert {found["tenant_asked"] for found in written[MOST_OF_ONE:]} == {None}
    scene.refuse(caller="grace", tenant="her own")
    assert scene.written()[-1]["tenant_asked"] == "her own", "others are told apart as before"
    scene.now += MINUTE
    scene.bursts.write_what_is_due()
    assert sum(scene.counts()) == MOST_OF_ONE + 1_001


def test_nobody_who_fills_the_room_for_what_is_asked_hides_who_else_asks(scene: Scene) -> None:
    for caller in range(MOST // MOST_OF_ONE + 2):
        for number in range(MOST_OF_ONE + 10):
            scene.refuse(caller=f"caller-{caller}", tenant=f"tenant-{number}")
    scene.refuse(caller="grace", tenant="her own")
    assert scene.written()[-1]["caller"] == "grace"


def test_many_who_ask_for_many_things_fill_no_memory_and_are_counted(scene: Scene) -> None:
    for number in range(MOST_NAMED + 1_000):
        scene.refuse(caller=f"caller-{number}")
    written = scene.written()
    assert len(written) <= MOST_NAMED + 5
    assert {found["caller"] for found in written[MOST_NAMED:]} == {None}
    scene.now += MINUTE
    scene.bursts.write_what_is_due()
    assert sum(scene.counts()) == MOST_NAMED + 1_000
    scene.now += MINUTE
    scene.refuse(caller="ada")
    assert scene.written()[-1]["caller"] == "ada", "there is room again"


STEPS = st.lists(
    st.tuples(
        st.sampled_from([None, "ada", "grace"]),
        st.sampled_from(["not_permitted", "role_missing"]),
        st.sampled_from(["contoso", "northwind"]),
        st.floats(0, 2 * MINUTE),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_refusal_is_lost_or_counted_twice(caplog: pytest.LogCaptureFixture, steps: list[Any]) -> None:
    scene = Scene(caplog)
    asked: Counter[tuple[str | None, str, str]] = Counter()
    for caller, outcome, tenant, pause in steps:
        scene.refuse(caller, outcome, tenant)
        asked[caller, outcome, tenant] += 1
        scene.now += pause
    scene.now += MINUTE
    scene.bursts.write_what_is_due()
    told: Counter[tuple[str | None, str, str]] = Counter()
    for found in scene.written():
        told[found["caller"], found["outcome"], found["tenant_asked"]] += found["count"]
    assert told == asked
