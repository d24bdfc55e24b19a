"""Troubleshooting against the code: every code and every number is told once, each number has its codes, no remedy."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from local.entra.aadsts_codes import CODES as AADSTS
from scripts.tables import every_error
from shared.entra.aadsts import MEANINGS
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.place import Place
from tests.documents.pages import ROOT, rows, section

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
CODES = [row for row in rows(section(TEXT, "The broker's own codes"), 3) if row[0].startswith("`")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of numbers: its cause, and the code that they have in each place, by the line above the list."""

    numbers: tuple[int, ...]
    cause: str
    codes: Mapping[str, str]


def told_numbers() -> Iterator[Told]:
    codes: dict[str, str] = {}
    for line in section(TEXT, "What you see").splitlines():
        if line.startswith(("### ", "`")):
            codes = {
                place: code
                for code, places in re.findall(r"`(\w+)` \(([a-z, -]+)\)", line)
                for place in places.split(", ")
            }
        elif line.startswith("* AADSTS"):
            numbers, _, cause = line.removeprefix("* ").partition(": ")
            yield Told(numbers=tuple(map(int, re.findall(r"AADSTS(\d+)", numbers))), cause=cause, codes=codes)


NUMBERS = list(told_numbers())


def codes_of(number: int) -> dict[str, str]:
    """The code of a number in each place."""
    error = AADSTS[number].error if number in AADSTS else "invalid_grant"
    answer = ErrorAnswer(tenant_id="the-tenant", error=error, codes=(number,))
    places = {"customer": Place.CUSTOMER, "home": Place.HOME, "sign-in": Place.SIGN_IN}
    return {name: judge(answer, place).code for name, place in places.items()}


def test_every_code_has_one_row_and_no_other_has() -> None:
    assert sorted(row[0].strip("`") for row in CODES) == sorted(kind.code for kind in every_error())


@pytest.mark.parametrize("row", CODES, ids=lambda row: row[0].strip("`"))
def test_every_row_says_what_lies_behind_it_and_what_to_check(row: list[str]) -> None:
    assert all(len(cell) > 5 for cell in row[1:])


def test_no_remedy_of_the_list_of_errors_is_repeated() -> None:
    assert [kind.code for kind in every_error() if kind.remedy.rstrip(".").lower() in TEXT.lower()] == []


def test_every_number_that_the_broker_knows_is_told_once_and_no_other_is() -> None:
    assert sorted(number for told in NUMBERS for number in told.numbers) == sorted(MEANINGS)


@pytest.mark.parametrize("told", NUMBERS, ids=lambda told: f"AADSTS{told.numbers[0]}")
def test_a_number_leads_to_the_codes_that_it_has_in_each_place(told: Told) -> None:
    assert told.cause
    assert told.codes
    for number in told.numbers:
        assert told.codes.items() <= codes_of(number).items(), number
