"""What verbs print: tables that cut nothing, CSV and JSON for programs, colours for a terminal alone."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from partner_token.printed import for_people, show_facts, show_rows
from tests.clients.python.people import SOURCES

COLUMNS = {"name": "CONSENT", "status": "STATUS", "error": "ERROR"}
LONG = "x" * 300
ROWS: list[dict[str, Any]] = [
    {"name": "partner", "status": "ok", "error": None},
    {"name": LONG, "status": "lost", "error": 'a, "b"\nc'},
]


def test_a_piped_table_has_no_box_and_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows("table", ROWS, ROWS, COLUMNS)
    told = capsys.readouterr().out
    assert told.splitlines()[0].split() == ["CONSENT", "STATUS", "ERROR"]
    assert LONG in told
    assert told.isascii()
    assert "\x1b" not in told


def test_long_texts_of_a_piped_table_stand_below_their_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Or each row would be as wide as the longest of all customers'."""
    columns = {"tenant": "TENANT", "outcome": "OUTCOME", "there": "THERE", "plan": "PLAN", "detail": "DETAIL"}
    row = {"tenant": "t" * 36, "outcome": "extended", "there": "graph " * 40, "plan": "p1", "detail": "lacks " * 15}
    show_rows("table", [], [row, {"tenant": "u" * 36, "outcome": "created"}], columns)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["TENANT", "OUTCOME", "PLAN", "DETAIL"],
        ["t" * 36, "extended", "p1", *["lacks"] * 15],
    ]
    assert lines[2].strip() == f"THERE: {'graph ' * 40}".strip()
    assert lines[3].split() == ["u" * 36, "created", "-", "-"]
    assert len(lines) == 4


def test_csv_is_read_back_as_it_was_but_for_what_no_line_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows("csv", ROWS, ROWS, COLUMNS)
    read = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert read == [["name", "status", "error"], ["partner", "ok", ""], [LONG, "lost", 'a, "b"?c']]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1", '=HYPERLINK("https://example.org")']
)
def test_a_spreadsheet_computes_no_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_rows("csv", [], [{"name": name, "status": "ok", "error": "a=b-c"}], COLUMNS)
    read = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert read[1] == [f"'{name}", "ok", "a=b-c"]


def test_json_is_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows("json", {"consents": ROWS, "more": 1}, ROWS, COLUMNS)
    assert json.loads(capsys.readouterr().out) == {"consents": ROWS, "more": 1}


def test_people_read_acts_in_words_and_numbers_with_their_letters(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "authority_code": 700082,
        "error_codes": [50173, 65001],
        "remedy": "POST it",
        "act": {"name": "consent.link", "parameters": {"consent": "backup"}},
    }
    told = for_people(row)
    assert told["authority_code"] == "AADSTS700082"
    assert told["error_codes"] == "AADSTS50173, AADSTS65001"
    assert "partner-broker link backup" in told["remedy"]
    show_facts("table", row)
    assert "AADSTS700082" in capsys.readouterr().out


def test_a_terminal_does_not_obey_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    show_facts("table", {"username": "ada\x1b[31m\u202e@fabrikam.example"})
    assert "ada?[31m?@fabrikam.example" in capsys.readouterr().out


def on_a_terminal(**environment: str) -> str:
    """What a table looks like where somebody looks: a process whose stdout is a terminal."""
    parent, child = pty.openpty()
    program = (
        "from partner_token.printed import show_rows\n"
        "rows = [{'name': '[red]x', 'status': 'lost'}]\n"
        "show_rows('table', rows, rows, {'name': 'NAME', 'status': 'STATUS'})\n"
    )
    usual = {"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "80"}
    with os.fdopen(parent, "rb", buffering=0) as seen:
        subprocess.run([sys.executable, "-c", program], env=usual | environment, stdout=child, check=True, timeout=60)  # noqa: S603
        os.close(child)
        return seen.read(4096).decode()


def test_a_terminal_gets_colours_and_names_are_no_markup() -> None:
    told = on_a_terminal()
    assert "\x1b[" in told
    assert "[red]x" in told


def test_no_color_is_kept_to() -> None:
    told = on_a_terminal(NO_COLOR="1")
    assert "lost" in told
    assert "\x1b[3" not in told
