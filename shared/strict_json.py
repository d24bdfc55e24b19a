"""JSON from others, read so that nobody else could read it otherwise: one meaning a name, no endless nesting."""

import json
import re
from collections import Counter
from typing import Any

from shared.errors import InvalidRequest
from shared.quoted import quoted

DEEPEST = 32
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
# A text is skipped whole, an unfinished one too: a bracket within it nests nothing.
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parse_json(text: bytes | str, *, what: str) -> Any:  # noqa: ANN401 - JSON
    """What the text says; raises InvalidRequest, which names it as `what`.

    Refused: a name that is there twice in an object, more than 32 levels, and what JSON in UTF-8 (RFC 8259) cannot
    say: NaN, an infinite number, half a character.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        if _depth(decoded) > DEEPEST:
            raise InvalidRequest(f"{what} is nested deeper than {DEEPEST} levels.")
        content = json.loads(decoded, object_pairs_hook=lambda pairs: _once(pairs, what))
    except ValueError:
        raise InvalidRequest(f"{what} is not JSON in UTF-8.") from None
    try:
        _WRITER.encode(content).encode()
    except ValueError:
        raise InvalidRequest(f"{what} holds a number or a character that JSON in UTF-8 does not have.") from None
    return content


def _depth(text: str) -> int:
    """How deep the brackets nest; counted before parsing, which calls itself for each level."""
    depth = deepest = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        if found[0] in {"[", "{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in {"]", "}"}:
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]], what: str) -> dict[str, Any]:
    # Of two fields of one name, another reader might take the other one.
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        raise InvalidRequest(f"{what} has a field twice: {quoted(twice)}.")
    return content
