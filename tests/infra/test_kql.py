"""The small evaluator: what our queries use of Kusto means what Kusto's pages say; what they do not use is an error.

See learn.microsoft.com/kusto/query.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.infra.kql import run
from tests.infra.test_queries import ALL, Query

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = [
    {"TimeGenerated": NOON, "Message": "Ada's tea", "Level": 1, "Bag": {"of": "tea", "n": 3, "list": ["a", "b"]}},
    {"TimeGenerated": NOON - timedelta(hours=3), "Message": "Bob", "Level": 3, "Bag": {"of": None, "list": []}},
]


def found(steps: str, *columns: str) -> list[Any]:
    rows = run(f"T | {steps}", {"T": ROWS}, now=NOON)
    return [tuple(row[column] for column in columns) if columns else dict(row) for row in rows]


@pytest.mark.parametrize(
    ("condition", "messages"),
    [
        ("Level >= 3", ["Bob"]),
        ("Level == 2", []),
        ("Message has 'TEA'", ["Ada's tea"]),
        ("Message has 'te'", []),
        ("Message startswith 'ada'", ["Ada's tea"]),
        ("Message startswith 'da'", []),
        ("Message in ('Bob', 'Eve')", ["Bob"]),
        ("Message in ('bob')", []),
        ("Bag.of == 'tea'", ["Ada's tea"]),
        ("Bag.n <= 3", ["Ada's tea"]),
        ("isnull(Bag.n)", ["Bob"]),
        ("isnotnull(Bag.n) and Level < 3", ["Ada's tea"]),
        ("Level == 1 or Level == 3 and Message == 'nobody'", ["Ada's tea"]),
        ("(Level == 1 or Level == 3) and Message != 'Bob'", ["Ada's tea"]),
        ("tostring(Bag.of) == ''", ["Bob"]),
        ("toint('503') >= 500 and toint('x') >= 0", []),
    ],
)
def test_a_condition_holds_for_these_rows_alone(condition: str, messages: list[str]) -> None:
    assert [message for (message,) in found(f"where {condition}", "Message")] == messages


def test_columns_are_made_renamed_and_left_out() -> None:
    assert found("extend n = Level + 1 | project n, What = strcat(Message, ' ', Bag.of)") == [
        {"n": 2, "What": "Ada's tea tea"},
        {"n": 4, "What": "Bob "},
    ]


def test_groups_are_counted() -> None:
    steps = "summarize Times = count(), Last = max(TimeGenerated), High = countif(Level > 2) by Kind = tostring(Bag.of)"
    assert found(steps, "Kind", "Times", "Last", "High") == [
        ("tea", 1, NOON, 0),
        ("", 1, NOON - timedelta(hours=3), 1),
    ]


def test_without_groups_nothing_counts_as_nothing_in_one_row() -> None:
    steps = "where Level == 9 | summarize Times = count(), Last = maxif(TimeGenerated, Level == 1), arg_max(Level, Bag)"
    assert found(steps) == [{"Times": 0, "Last": None, "Level": None, "Bag": None}]


def test_the_last_row_is_found_by_its_greatest() -> None:
    assert found("summarize arg_max(Level, Message)") == [{"Level": 3, "Message": "Bob"}]


def test_a_list_makes_a_row_of_each_of_its_elements() -> None:
    steps = "mv-expand One = array_concat(Bag.list, Bag.list) to typeof(string)"
    assert found(steps, "One") == [("a",), ("b",), ("a",), ("b",)]


def test_null_makes_a_row_and_an_empty_list_none() -> None:
    assert found("where Level == 3 | mv-expand One = Bag.of to typeof(string)", "One") == [(None,)]
    assert found("where Level == 3 | mv-expand One = Bag.list to typeof(string)", "One") == []


def test_rows_are_put_in_order_and_time_in_steps() -> None:
    assert found("extend Hours = (now() - TimeGenerated) / 1h | order by Hours desc", "Hours") == [(3.0,), (0.0,)]
    assert found("summarize n = count() by bin(TimeGenerated, 1d)", "TimeGenerated") == [
        (datetime(2026, 3, 1, tzinfo=UTC),)
    ]


def test_a_table_by_name_is_put_together_with_another() -> None:
    query = "let high = T | where Level > 2; let low = T | where Level < 2; union high, low | project Level"
    assert run(query, {"T": ROWS}, now=NOON) == [{"Level": 3}, {"Level": 1}]


@pytest.mark.parametrize(
    "steps",
    ["where Level ~ 1", "take 5", "extend n = lower(Message)", "summarize n = avg(Level)", "where (Level == 1"],
)
def test_what_it_does_not_know_is_an_error(steps: str) -> None:
    with pytest.raises(SyntaxError):
        found(steps)


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        found("where Severity == 1")


@pytest.mark.parametrize("query", ALL, ids=lambda query: query.place)
def test_it_understands_each_of_our_queries(query: Query) -> None:
    assert run(query.text, {"AppTraces": [], "AppRequests": [], "AppExceptions": []}, now=NOON) is not None
