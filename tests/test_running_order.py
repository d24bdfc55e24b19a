"""The order of the tests: a file's stay together, the quick come first, the long are begun at once."""

from collections import Counter
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdist.scheduler.worksteal import WorkStealingScheduling

from tests.running_order import LONG, SLOW, in_running_order

TESTS = Path(__file__).resolve().parent
QUICK = ("shared/test_clock.py", "token_http/test_policy.py", "test_house_rules.py")
OTHERS = ("browser/test_accessibility.py", "contract/test_entra.py")
type Item = tuple[str, int]


def collected(tests_of: dict[str, int]) -> list[Item]:
    """As pytest collects them: folder by folder, file by file."""
    return [(file, number) for file in sorted(tests_of) for number in range(tests_of[file])]


def ordered(items: list[Item], workers: int) -> list[Item]:
    return in_running_order(items, file_of=lambda item: item[0], workers=workers)


def files_of(items: list[Item]) -> list[str]:
    return [file for file, _ in groupby(items, key=lambda item: item[0])]


def test_of_two_workers_one_begins_with_the_quick_tests_and_the_other_with_the_long_ones() -> None:
    items = collected(dict.fromkeys(QUICK, 20) | dict.fromkeys(OTHERS, 5) | dict.fromkeys(LONG, 2))
    found = ordered(items, workers=2)
    first, second = found[: len(items) // 2], found[len(items) // 2 :]
    assert {file for file, _ in first} <= set(QUICK)
    assert files_of(second)[: len(LONG)] == list(LONG)
    assert files_of(second)[-len(OTHERS) :] == list(OTHERS), "what is quick comes before what starts programs"


class Worker:
    """A worker as xdist's scheduler knows it: it is sent the numbers of its tests."""

    shutting_down = False
    gateway = SimpleNamespace(id="of a test")

    def __init__(self) -> None:
        self.sent: list[int] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.sent += numbers


@pytest.mark.parametrize("workers", [2, 3, 4, 8])
def test_every_worker_but_one_is_dealt_long_files_first_as_far_as_they_go(workers: int) -> None:
    """By xdist's own scheduler."""
    items = collected(dict.fromkeys(QUICK, 400) | dict.fromkeys(LONG, 2))
    names = [f"{file}::{number}" for file, number in ordered(items, workers)]
    config: Any = SimpleNamespace(getvalue=lambda _name: [f"{workers}*popen"])
    scheduler, nodes = WorkStealingScheduling(config), [Worker() for _ in range(workers)]
    for one in nodes:
        node: Any = one
        scheduler.add_node(node)
        scheduler.add_node_collection(node, names)
    scheduler.schedule()
    begun = [names[one.sent[0]].partition("::")[0] for one in nodes]
    assert begun[0] in QUICK
    assert begun[1:] == [*LONG[: workers - 1], *begun[1 + len(LONG) :]]
    assert set(begun[1 + len(LONG) :]) <= set(QUICK)


@given(
    tests_of=st.dictionaries(st.sampled_from([*QUICK, *OTHERS, *LONG]), st.integers(1, 9)),
    workers=st.integers(1, 9),
)
def test_no_test_is_lost_or_added_and_those_of_a_file_stay_in_their_order(
    tests_of: dict[str, int], workers: int
) -> None:
    items = collected(tests_of)
    found = ordered(items, workers)
    assert Counter(found) == Counter(items)
    for file, count in tests_of.items():
        assert [number for name, number in found if name == file] == list(range(count))


def test_every_file_and_folder_that_is_named_is_there() -> None:
    assert [name for name in LONG if not (TESTS / name).is_file()] == []
    assert [name for name in SLOW if not (TESTS / name).is_dir()] == []
