"""What an expression is for one row. Null is None: it spreads through every sign, and no condition holds for it."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.infra.kql.parsing import Call, Column, Expression, Member, Value

type Row = Mapping[str, Any]
SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def value(expression: Expression, row: Row, now: datetime) -> Any:  # noqa: ANN401, PLR0911 - any type; one for each case
    """The value; raises KeyError for a column that the row has not, SyntaxError for a function that nobody knows."""
    match expression:
        case Value("number", text):
            return int(text)
        case Value("span", text):
            return int(text[:-1]) * SPANS[text[-1]]
        case Value(_, text):
            return text
        case Column(name):
            return row[name]
        case Member(of, name):
            found = value(of, row, now)
            return found.get(name) if isinstance(found, Mapping) else None
        case Call("now", ()):
            return now
        case Call(name, arguments):
            if name not in FUNCTIONS:
                raise SyntaxError(f"no function that is known here: {name}")
            return FUNCTIONS[name](*(value(argument, row, now) for argument in arguments))


def _text(found: Any) -> str:  # noqa: ANN401
    if found is None:
        return ""
    if isinstance(found, bool | list | dict):
        return json.dumps(found)
    return str(found)


def _has(text: str, term: str) -> bool:
    """Whole terms: what stands beside them is no letter or digit (learn: datatypes-string-operators)."""
    before, after = (r"(?<![a-z0-9])" if term[0].isalnum() else "", r"(?![a-z0-9])" if term[-1].isalnum() else "")
    return re.search(before + re.escape(term) + after, _text(text), re.IGNORECASE) is not None


def _json(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except ValueError:
        return text  # parse_json makes a string of what is no JSON


def _int(found: Any) -> int | None:  # noqa: ANN401
    try:
        return int(float(found))
    except (TypeError, ValueError):
        return None


def _float(found: Any) -> float | None:  # noqa: ANN401
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _bin(moment: datetime, size: timedelta) -> datetime:
    start = datetime(1, 1, 1, tzinfo=moment.tzinfo)
    return start + (moment - start) // size * size


def _strict[T](sign: Callable[..., T]) -> Callable[..., T | None]:
    """Null as soon as one of its arguments is."""
    return lambda *arguments: None if None in arguments else sign(*arguments)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "or": lambda left, right: bool(left) or bool(right),
    "and": lambda left, right: bool(left) and bool(right),
    "==": _strict(lambda left, right: left == right),
    "!=": _strict(lambda left, right: left != right),
    "<": _strict(lambda left, right: left < right),
    "<=": _strict(lambda left, right: left <= right),
    ">": _strict(lambda left, right: left > right),
    ">=": _strict(lambda left, right: left >= right),
    "+": _strict(lambda left, right: left + right),
    "-": _strict(lambda left, right: left - right),
    "*": _strict(lambda left, right: left * right),
    "/": _strict(lambda left, right: left / right),
    "in": lambda found, *listed: found in listed,
    "has": _has,
    "startswith": lambda text, start: _text(text).lower().startswith(start.lower()),
    "parse_json": _json,
    "tostring": _text,
    "toint": _int,
    "todouble": _float,
    "tobool": lambda found: found if isinstance(found, bool) else None,
    "isnull": lambda found: found is None,
    "isnotnull": lambda found: found is not None,
    "iff": lambda condition, yes, no: yes if condition else no,
    "coalesce": lambda *found: next((one for one in found if one not in {None, ""}), None),
    "strcat": lambda *found: "".join(map(_text, found)),
    "array_concat": lambda *lists: [one for found in lists for one in found],
    "bin": _strict(_bin),
}
