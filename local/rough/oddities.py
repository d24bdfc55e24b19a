"""JSON as nobody expects it: each oddity makes another text of a JSON object's text."""

import json
from collections.abc import Callable, Mapping
from typing import Any

DEPTH = 100_000
# Python reads no whole number of more than 4,300 digits.
DIGITS = 5_000


def with_members(text: bytes, members: Mapping[str, Any]) -> bytes:
    """The object with these members in place of its own, or beside them."""
    return json.dumps(_members(text) | dict(members)).encode()


def _each_member(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    return lambda text: json.dumps({name: change(value) for name, value in _members(text).items()}).encode()


def _members(text: bytes) -> dict[str, Any]:
    """The object's members; of what is no JSON object, one that stands for it."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"value": "text"}


def _with(member: bytes) -> Callable[[bytes], bytes]:
    """The object with one more member, given as JSON."""
    return lambda text: json.dumps(_members(text)).encode()[:-1] + b', "more": ' + member + b"}"


def _twice(text: bytes) -> bytes:
    """Every name once with its value and once more with null, which is what most readers believe."""
    members = _members(text)
    return (json.dumps(members)[:-1] + ", " + json.dumps(dict.fromkeys(members))[1:]).encode()


def _in_bytes(change: Callable[[str], bytes]) -> Callable[[bytes], bytes]:
    return lambda text: change(json.dumps(_members(text)))


ODDITIES: Mapping[str, Callable[[bytes], bytes]] = {
    # not an object
    "nothing": lambda _text: b"",
    "null": lambda _text: b"null",
    "a number": lambda _text: b"7",
    "a text": lambda _text: b'"text"',
    "in a list": lambda text: b"[" + json.dumps(_members(text)).encode() + b"]",
    "deep": lambda _text: b"[" * DEPTH + b"]" * DEPTH,
    "deep and open": lambda _text: b'{"more":' * DEPTH,
    # an object without what is looked for, or with something else there
    "empty": lambda _text: b"{}",
    "nulls": _each_member(lambda _value: None),
    "numbers": _each_member(lambda _value: -7),
    "lists": _each_member(lambda value: [value]),
    "objects": _each_member(lambda value: {"value": value}),
    "empty texts": _each_member(lambda _value: ""),
    "lone surrogates": _each_member(lambda _value: "\ud800"),
    "control characters": _each_member(lambda value: f"{value}\r\nSet-Cookie: odd=1\x00"),
    "names twice": _twice,
    # the object, and something beside it
    "a member more": _with(b'"unknown"'),
    "not a number": _with(b"NaN"),
    "endless number": _with(b"9" * DIGITS),
    "beyond floats": _with(b"1e999"),
    # the object in other bytes
    "byte order mark": _in_bytes(lambda text: b"\xef\xbb\xbf" + text.encode()),
    "UTF-16": _in_bytes(lambda text: text.encode("utf-16")),
    "no UTF-8": _in_bytes(lambda text: text.encode().replace(b'"', b'"\xff', 1)),
    "cut off": _in_bytes(lambda text: text.encode()[:-1]),
    "followed by more": _in_bytes(lambda text: text.encode() + b"{}"),
}
