"""JSON from others, read so that nobody else could read it otherwise: one meaning a name, no endless nesting."""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from shared.errors import InvalidRequest
from shared.quoted import quoted

DEEPEST = 32
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A text is skipped whole, an unfinished one too: a bracket within it nests nothing.
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_WRITER = json.JSONEncoder(ensure_ascii=False)
_UNSAYABLE = "holds a number or a character that JSON in UTF-8 does not have."


class _UnclearError(Exception):
    """What follows the name of the text in the sentence about it."""


def parse_json(text: bytes | str, *, what: str) -> Any:  # noqa: ANN401 - JSON
    """What the text says; raises InvalidRequest, which names it as `what`.

    Refused: a name that is there twice in an object, more than 32 levels, and what JSON in UTF-8 (RFC 8259) cannot
    say: NaN, an infinite number, half a character.
    """
    try:
        decoded = text.removeprefix(BYTE_ORDER_MARK).decode() if isinstance(text, bytes) else text
        if _is_too_deep(decoded):
            raise InvalidRequest(f"{what} is nested deeper than {DEEPEST} levels.")
        content = _READER.decode(decoded)
    except _UnclearError as problem:
        raise InvalidRequest(f"{what} {problem}") from None
    except ValueError:
        raise InvalidRequest(f"{what} is not JSON in UTF-8.") from None
    # Half a character cannot be in bytes that were decoded, but for an escape of it.
    if (isinstance(text, str) or "\\u" in decoded) and not _is_utf8(content):
        raise InvalidRequest(f"{what} {_UNSAYABLE}")
    return content


def _is_too_deep(text: str) -> bool:
    """Whether the brackets nest too deep; counted before parsing, which calls itself for each level."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = deepest = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        if found[0] in {"[", "{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in {"]", "}"}:
            depth -= 1
    return deepest > DEEPEST


def _is_utf8(content: Any) -> bool:  # noqa: ANN401 - JSON
    try:
        _WRITER.encode(content).encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two fields of one name, another reader might take the other one.
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        raise _UnclearError(f"has a field twice: {quoted(twice)}.")
    return content


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise _UnclearError(_UNSAYABLE)
    return value


def _no_number(_word: str) -> NoReturn:
    raise _UnclearError(_UNSAYABLE)


_READER = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_number)
