"""The memory that callers share: bounded, at the cost of whoever holds the most, and fair to all others."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from token_http.shared_memory import SharedMemory

OWNERS = st.sampled_from(["a", "b", "c", "d"])
ACTS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "get", "pop"]), OWNERS, st.integers(0, 30)), max_size=200
)


@settings(deadline=None, max_examples=300)
@given(size=st.integers(1, 12), acts=ACTS)
def test_nobody_loses_an_entry_to_others_while_it_holds_less_than_its_even_share(
    size: int, acts: list[tuple[str, str, int]]
) -> None:
    memory: SharedMemory[int, str] = SharedMemory(size)
    held: dict[int, str] = {}
    for act, owner, key in acts:
        if act == "pop":
            memory.pop(key)
            held.pop(key, None)
        elif act == "get":
            assert memory.get(key) == (f"of {held[key]}" if key in held else None)
        else:
            before = dict(held)
            pays = held.get(key, owner)
            memory.put(key, f"of {pays}", owner=owner)
            held = {kept: before[kept] for kept in memory if kept != key} | {key: pays}
            lost = [before[gone] for gone in before.keys() - held.keys()]
            assert len(lost) == (len({*before, key}) > size)
            most = max(Counter({**before, key: pays}.values()).values())
            assert all(Counter({**before, key: pays}.values())[loser] == most for loser in lost)
        assert set(memory) == set(held)
        assert len(memory) <= size
        assert all(memory.held_by(name) == list(held.values()).count(name) for name in "abcd")


def test_of_ones_own_entries_the_least_recently_used_goes_first() -> None:
    memory: SharedMemory[str, int] = SharedMemory(3)
    for number, key in enumerate(("first", "second", "third")):
        memory.put(key, number, owner="a")
    assert memory.get("first") == 0
    memory.put("fourth", 3, owner="a")
    assert set(memory) == {"first", "third", "fourth"}


def test_what_another_puts_anew_stays_with_its_owner_so_that_nobody_takes_it_over_to_lose_it() -> None:
    memory: SharedMemory[str, int] = SharedMemory(2)
    memory.put("key", 1, owner="a")
    memory.put("key", 2, owner="b")
    assert (memory.get("key"), memory.held_by("a"), memory.held_by("b")) == (2, 1, 0)


def test_a_newcomer_gets_room_from_whoever_holds_the_most() -> None:
    memory: SharedMemory[str, int] = SharedMemory(4)
    for key in "wxyz":
        memory.put(key, 0, owner="a")
    memory.put("new", 1, owner="b")
    assert set(memory) == {"x", "y", "z", "new"}
