"""What a verb prints: a table for people, JSON and CSV for programs. Piped tables have no boxes and cut nothing."""

import csv
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from partner_token import acts
from partner_token.failures import Failure, printable

TABLE, JSON, CSV = "table", "json", "csv"
# What makes a spreadsheet take a field for a formula, in the full width of other scripts too.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
OUTPUTS = (TABLE, JSON, CSV)
# Of a line of a table that is no terminal's; what is shorter than a long text stays in its column.
WIDEST, LONG_TEXT = 160, 60
# What a glance at a terminal should find; rich leaves colours out where NO_COLOR is set.
COLOURS = {
    **dict.fromkeys(("ok", "works", "good", "created", "replaced", "unchanged", "removed", "absent"), "green"),
    **dict.fromkeys(("lost", "failing", "bad", "damaged", "withdrawn"), "red"),
}


def say(line: str) -> None:
    """One line for people, on stderr: stdout belongs to what was asked for."""
    print(line, file=sys.stderr, flush=True)


def say_failure(failure: Failure, *, who: str = "") -> int:
    """A failure, on stderr; returns its exit code."""
    lines = [printable(line) for line in failure.lines]
    say("\n".join([f"{who}: {lines[0]}" if who else lines[0], *lines[1:]]))
    return failure.exit_code


def show_rows(output: str, content: Any, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:  # noqa: ANN401 - JSON
    """Rows under headings; as JSON the whole of `content`, as CSV the fields that have a column."""
    if output == JSON:
        _json(content)
        return
    told = [for_people(row) for row in rows]
    table = [[_text(row.get(name)) for name in columns] for row in told]
    if output == CSV:
        _csv([list(columns), *table])
    elif sys.stdout.isatty() and importlib.util.find_spec("rich"):
        _rich(table, list(columns.values()))
    else:
        _table(list(columns.values()), table)


def show_facts(output: str, facts: Mapping[str, Any]) -> None:
    """A line for each fact; as CSV one row."""
    if output == JSON:
        _json(facts)
        return
    told = {name: _text(fact) for name, fact in for_people(facts).items()}
    if output == CSV:
        _csv([list(told), list(told.values())])
    else:
        _aligned([[name, text] for name, text in told.items()])


def for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as people read it: acts in words, and Entra ID's numbers as AADSTS numbers."""
    told = {name: fact for name, fact in row.items() if name != "act"}
    act = row.get("act")
    if isinstance(act, Mapping):
        told["remedy"] = acts.words(
            str(act.get("name")), act.get("parameters") or {}, otherwise=str(row.get("remedy") or "")
        )
    if isinstance(row.get("authority_code"), int):
        told["authority_code"] = f"AADSTS{row['authority_code']}"
    if isinstance(row.get("error_codes"), list):
        told["error_codes"] = ", ".join(f"AADSTS{number}" for number in row["error_codes"])
    return told


def _text(fact: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(fact, list):
        fact = " ".join(str(one) for one in fact)
    # A username is whatever its tenant made it; a terminal must not obey it.
    return "-" if fact is None or fact == "" else printable(str(fact))


def _json(content: Any) -> None:  # noqa: ANN401 - JSON
    print(json.dumps(content, indent=2))


def _csv(rows: Iterable[Sequence[str]]) -> None:
    csv.writer(sys.stdout, lineterminator="\n").writerows(
        [["" if text == "-" else _no_formula(text) for text in row] for row in rows]
    )


def _no_formula(text: str) -> str:
    """The text behind an apostrophe where a spreadsheet would compute it: a customer names itself."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A line for each row; below it long texts that would make all lines wider than anybody reads, the longest first.

    What a row is called by, its first column, stays where it is.
    """
    lines = [headings, *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headings))]
    beside = list(range(len(headings)))
    for index in sorted(beside[1:], key=lambda index: widths[index], reverse=True):
        if widths[index] > LONG_TEXT and sum(widths[one] + 2 for one in beside) > WIDEST:
            beside.remove(index)
    told = _aligned_lines([[line[index] for index in beside] for line in lines])
    for row, line in zip([[], *rows], told, strict=True):
        print(line)
        for index, text in enumerate(row):
            if index not in beside and text != "-":
                print(f"  {headings[index]}: {text}")


def _aligned(lines: Sequence[Sequence[str]]) -> None:
    for line in _aligned_lines(lines):
        print(line)


def _aligned_lines(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _rich(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # Text, not markup: brackets in a name are a name's.
        table.add_row(*(Text(text, style=COLOURS.get(text, ""), overflow="fold") for text in row))
    Console().print(table)
