"""Odd JSON: what Python's own reader makes of each oddity."""

import json
from typing import Any

import pytest

from local.rough.oddities import ODDITIES

ORDINARY = b'{"a": 1, "b": "text"}'
CONTENT = {"a": 1, "b": "text"}

READ: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a text": "text",
    "in a list": [CONTENT],
    "empty": {},
    "nulls": {"a": None, "b": None},
    "numbers": {"a": -7, "b": -7},
    "lists": {"a": [1], "b": ["text"]},
    "objects": {"a": {"value": 1}, "b": {"value": "text"}},
    "empty texts": {"a": "", "b": ""},
    "lone surrogates": {"a": "\ud800", "b": "\ud800"},
    "control characters": {"a": "1\r\nSet-Cookie: odd=1\x00", "b": "text\r\nSet-Cookie: odd=1\x00"},
    "names twice": {"a": None, "b": None},
    "a member more": {**CONTENT, "more": "unknown"},
    "beyond floats": {**CONTENT, "more": float("inf")},
    "byte order mark": CONTENT,
    "UTF-16": CONTENT,
}
NOT_READ: dict[str, type[Exception]] = {
    "nothing": json.JSONDecodeError,
    "deep": RecursionError,
    "deep and open": RecursionError,
    "endless number": ValueError,
    "no UTF-8": UnicodeDecodeError,
    "cut off": json.JSONDecodeError,
    "followed by more": json.JSONDecodeError,
}


@pytest.mark.parametrize("oddity", READ)
def test_what_is_read_is_not_what_was_there(oddity: str) -> None:
    assert json.loads(ODDITIES[oddity](ORDINARY)) == READ[oddity]


@pytest.mark.parametrize("oddity", NOT_READ)
def test_what_cannot_be_read_fails_in_more_than_one_way(oddity: str) -> None:
    with pytest.raises(NOT_READ[oddity]) as caught:
        json.loads(ODDITIES[oddity](ORDINARY))
    assert caught.type is NOT_READ[oddity]


def test_not_a_number_is_read_though_json_has_no_such_thing() -> None:
    value = json.loads(ODDITIES["not a number"](ORDINARY))["more"]
    assert value != value  # noqa: PLR0124 - that is what it is


def test_every_oddity_is_described() -> None:
    assert {*READ, *NOT_READ, "not a number"} == set(ODDITIES)


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("text", [b"", b"<html>", b"[1]", b"\xff"], ids=repr)
def test_what_was_no_object_becomes_odd_as_if_it_were_one(oddity: str, text: bytes) -> None:
    assert ODDITIES[oddity](text) == ODDITIES[oddity](b'{"value": "text"}')
