"""Names that others wrote, repeated: few, short, and nothing that a terminal or a page would obey."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.quoted import LONGEST_NAME, MOST_NAMES, quoted


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["tenat"], "'tenat'"),
        (["a", "b", "c"], "'a', 'b', 'c'"),
        (["a", "b", "c", "d"], "'a', 'b', 'c' and 1 more"),
        (["a"] * 100, "'a', 'a', 'a' and 97 more"),
        ([""], "''"),
        (["x" * 41], f"'{'x' * 40}'"),
        (["a\r\nSet-Cookie: b"], "'a??Set-Cookie: b'"),
        (["\x1b[2J"], "'?[2J'"),
        (["a\u202eb"], "'a?b'"),
        (["\ud800"], "'?'"),
        (["Größe"], "'Größe'"),
    ],
)
def test_names_are_repeated_as_far_as_is_of_use(names: list[str], told: str) -> None:
    assert quoted(names) == told


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=60), min_size=1, max_size=8))
def test_whatever_the_names_are_what_is_told_is_short_and_printable(names: list[str]) -> None:
    told = quoted(names)
    assert told.isprintable()
    assert len(told) <= MOST_NAMES * (LONGEST_NAME + 4) + len(" and 5 more")
    assert told.encode()
