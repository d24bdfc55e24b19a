"""JSON from others: read as anybody else would read it, or refused, however it is made."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.strict_json import DEEPEST, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half a surrogate pair is no character.
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4)
    ),
    max_leaves=30,
)
MANY = settings(max_examples=200, deadline=None)
# Letters in which brackets, texts and their escapes are frequent.
TRICKY = st.text('[]{}":,\\ 1aeEN\ud800é\n', max_size=60)


def refusal(text: bytes | str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse_json(text, what="The body")
    assert refused.value.__cause__ is None
    return refused.value.detail


def nested(levels: int, *, of: str = "[]", content: str = "1") -> str:
    opening = "[" if of == "[]" else '{"a":'
    return opening * levels + content + of[1] * levels


@MANY
@given(VALUES)
def test_a_document_is_read_as_it_was_written(content: object) -> None:
    for text in (json.dumps(content), json.dumps(content, ensure_ascii=False, indent=1)):
        assert parse_json(text, what="The body") == content
        assert parse_json(text.encode(), what="The body") == content


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert parse_json(b"\xef\xbb\xbf{}", what="The body") == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"tenant=t",
        b'{"tenant": "t"',
        b'{"tenant": "t"} {}',
        b"{'tenant': 't'}",
        b'{"a": 1,}',
        b"{} // a comment",
        b"\xff\xfe",
        b'{"tenant": "\xff"}',
        '{"tenant": "t"}'.encode("utf-16"),
        b"\0",
        b'{"a": "\n"}',
        b'{"seconds": ' + b"9" * 5000 + b"}",
        b'"' * 1001,
        b'"\\',
    ],
    ids=lambda text: repr(text[:30]),
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    assert refusal(text) == "The body is not JSON in UTF-8."


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        '{"a": Infinity}',
        "[-Infinity]",
        "NaN",
        '{"a": {"b": [1e999]}}',
        "-1e999",
        '"\\ud800"',
        '{"\\udc00": 1}',
    ],
)
def test_what_json_has_no_word_for_is_refused(text: str) -> None:
    assert refusal(text).startswith("The body holds a number or a character")


def test_a_text_that_nobody_could_send_is_refused() -> None:
    assert refusal('"\ud800"').startswith("The body holds a number or a character")


@pytest.mark.parametrize("of", ["[]", "{}"])
def test_as_many_levels_as_anybody_needs_are_read_and_one_more_is_not(of: str) -> None:
    parse_json(nested(DEEPEST, of=of), what="The body")
    assert refusal(nested(DEEPEST + 1, of=of)) == "The body is nested deeper than 32 levels."


@pytest.mark.parametrize(
    "text",
    ["[" * 1_000_000, '{"a":' * 300_000, "[[" * 50_000 + '"', '["\\"",' * 100_000, "]" * 50 + "[" * 100_000],
    ids=["lists", "objects", "a text at the end", "texts with quotes", "closed first"],
)
def test_nesting_without_end_is_refused_before_it_is_parsed(text: str) -> None:
    assert refusal(text) == "The body is nested deeper than 32 levels."


def test_brackets_within_texts_nest_nothing() -> None:
    content = {"a": "[" * 100, 'b"[[[': '\\"[{' * 40, "c\\": ["{" * 100]}
    assert parse_json(json.dumps(content), what="The body") == content


def test_texts_without_end_take_no_longer_than_others() -> None:
    """Were each quote tried as a beginning, the time would grow by the square, and this test would not end."""
    assert refusal('"' + '\\"' * 1_000_000) == "The body is not JSON in UTF-8."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1, "a": 1}', "The body has a field twice: 'a'."),
        ('{"b": [{"a": 1, "c": 2, "a": 2}]}', "The body has a field twice: 'a'."),
        ('{"a": 1, "\\u0061": 2}', "The body has a field twice: 'a'."),
        ('{"a":1,"a":1,"b":1,"b":1,"c":1,"c":1,"d":1,"d":1}', "The body has a field twice: 'a', 'b', 'c' and 1 more."),
        ('{"' + "x" * 50 + '": 1, "' + "x" * 50 + '": 2}', f"The body has a field twice: '{'x' * 40}'."),
    ],
)
def test_a_name_that_is_there_twice_is_refused_wherever_it_is(text: str, told: str) -> None:
    assert refusal(text) == told


@MANY
@given(st.binary(max_size=60) | TRICKY)
def test_any_text_is_read_in_one_way_or_refused(text: bytes | str) -> None:
    try:
        content = parse_json(text, what="The body")
    except InvalidRequest:
        return
    again = json.dumps(content, allow_nan=False, ensure_ascii=False)
    assert parse_json(again.encode(), what="The body") == content


@MANY
@given(VALUES, st.data())
def test_a_document_with_one_number_too_large_is_refused(content: object, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(["[{0}, {1}]", '{{"a": {0}, "b": {1}}}', "[[{1}], {0}]"]))
    odd = data.draw(st.sampled_from(["NaN", "Infinity", "-Infinity", "1e400", "-1e400"]))
    assert not math.isfinite(json.loads(odd))
    assert refusal(place.format(json.dumps(content), odd)).startswith("The body holds a number")
