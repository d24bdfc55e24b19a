"""What each operator makes of the rows before it, and what summarize counts."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from tests.infra.kql.expressions import Row, value
from tests.infra.kql.parsing import Call, Column, Expression, Named, Operator, Pipeline, Value

type Tables = dict[str, Sequence[Row]]


def evaluated(pipeline: Pipeline, tables: Mapping[str, Sequence[Row]], now: datetime) -> list[Row]:
    """The rows at the end of a pipeline."""
    rows = [row for source in pipeline.sources for row in tables[source]]
    for operator in pipeline.operators:
        rows = _OPERATORS[operator.name](operator, rows, now)
    return rows


def _where(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    return [row for row in rows if value(operator.items[0].expression, row, now)]


def _extend(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    return [{**row, **_columns(operator.items, row, now)} for row in rows]


def _project(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    return [_columns(operator.items, row, now) for row in rows]


def _mv_expand(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    """A row for each element: none for an empty list, one with null for null."""
    (item,) = operator.items
    found = [(row, value(item.expression, row, now)) for row in rows]
    return [{**row, item.name: one} for row, elements in found for one in ([None] if elements is None else elements)]


def _order(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    for item, descending in reversed(list(zip(operator.items, operator.descending, strict=True))):
        rows = sorted(rows, key=partial(_key, item.expression, now), reverse=descending)
    return rows


def _key(expression: Expression, now: datetime, row: Row) -> tuple[bool, Any]:
    found = value(expression, row, now)
    return found is not None, found


def _summarize(operator: Operator, rows: list[Row], now: datetime) -> list[Row]:
    """One row for each group; without `by` one row, even of nothing."""
    groups: dict[tuple[Any, ...], list[Row]] = {} if operator.by else {(): []}
    for row in rows:
        groups.setdefault(tuple(_columns(operator.by, row, now).values()), []).append(row)
    names = [item.name for item in operator.by]
    return [
        {**dict(zip(names, key, strict=True)), **_aggregated(operator.items, group, now)}
        for key, group in groups.items()
    ]


def _columns(items: Sequence[Named], row: Row, now: datetime) -> dict[str, Any]:
    return {item.name: value(item.expression, row, now) for item in items}


def _aggregated(items: Sequence[Named], rows: list[Row], now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        match item.expression:
            case Call("arg_max", (Column(by), *rest)):
                columns = [by, *(column.name for column in rest if isinstance(column, Column))]
                last = max(rows, key=lambda row: row[by], default=dict.fromkeys(columns))
                found |= {name: last[name] for name in columns}
            case Call(name, arguments) if name in _AGGREGATES:
                found[item.name] = _AGGREGATES[name](rows, now, *arguments)
            case _:
                raise SyntaxError(f"not an aggregate that is known here: {item}")
    return found


def _values(rows: list[Row], now: datetime, of: Expression) -> list[Any]:
    return [found for row in rows if (found := value(of, row, now)) is not None]


def _matching(rows: list[Row], now: datetime, condition: Expression) -> list[Row]:
    return [row for row in rows if value(condition, row, now)]


def _percentile(rows: list[Row], now: datetime, of: Expression, rank: Expression) -> Any:  # noqa: ANN401
    found = sorted(_values(rows, now, of))
    percent = int(rank.text) if isinstance(rank, Value) else 0
    return found[math.ceil(len(found) * percent / 100) - 1] if found else None


_OPERATORS: Mapping[str, Callable[[Operator, list[Row], datetime], list[Row]]] = {
    "where": _where,
    "extend": _extend,
    "project": _project,
    "summarize": _summarize,
    "mv-expand": _mv_expand,
    "order": _order,
}
_AGGREGATES: Mapping[str, Callable[..., Any]] = {
    "count": lambda rows, _now: len(rows),
    "countif": lambda rows, now, condition: len(_matching(rows, now, condition)),
    "dcount": lambda rows, now, of: len(set(_values(rows, now, of))),
    "max": lambda rows, now, of: max(_values(rows, now, of), default=None),
    "maxif": lambda rows, now, of, condition: max(_values(_matching(rows, now, condition), now, of), default=None),
    "percentile": _percentile,
    "sum": lambda rows, now, of: sum(_values(rows, now, of)),
}
