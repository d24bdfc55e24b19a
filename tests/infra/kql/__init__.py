"""Kusto's query language as far as our queries use it, over rows in memory; anything else of it is an error."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tests.infra.kql.expressions import Row
from tests.infra.kql.operators import Tables, evaluated
from tests.infra.kql.parsing import parsed

__all__ = ["Row", "run"]


def run(query: str, tables: Mapping[str, Sequence[Row]], *, now: datetime) -> list[Row]:
    """The rows that a query finds; raises KeyError for a column that no table has, SyntaxError for unknown words."""
    named: Tables = dict(tables)
    *lets, last = parsed(query)
    for let in lets:
        named[let.name] = evaluated(let.pipeline, named, now)
    return evaluated(last.pipeline, named, now)
