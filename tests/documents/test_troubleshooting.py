"""Troubleshooting against the code: a row for every code and every number, each number leads to its code, no remedy."""

import re

import pytest

import consent_http.refusals  # noqa: F401 - its branch of the tree has to be there to be counted
from consent_http.sign_in_errors import sign_in_refusal
from shared.entra import authority_errors
from shared.entra.authority_errors import in_customer_tenant, refusal
from shared.errors import BrokerError
from tests.documents.pages import ROOT, rows, section

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
CODES = [row for row in rows(section(TEXT, "The broker's own codes"), 3) if row[0].startswith("`")]
NUMBERS = [row for row in rows(section(TEXT, "What you see"), 5) if row[0].startswith("AADSTS")]
NOWHERE = "-"


def kinds(kind: type[BrokerError] = BrokerError) -> list[type[BrokerError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in kinds(child))]


def known_numbers() -> set[int]:
    """Every number that the broker tells apart."""
    sets = (value for value in vars(authority_errors).values() if isinstance(value, frozenset))
    return {number for numbers in sets for number in numbers}


def numbers_of(cell: str) -> list[int]:
    return [int(number) for number in re.findall(r"AADSTS(\d+)", cell)]


def test_every_code_has_one_row_and_no_other_has() -> None:
    assert sorted(row[0].strip("`") for row in CODES) == sorted(kind.code for kind in kinds())


@pytest.mark.parametrize("row", CODES, ids=lambda row: row[0].strip("`"))
def test_every_row_says_what_lies_behind_it_and_what_to_check(row: list[str]) -> None:
    assert all(len(cell) > 5 for cell in row[1:])


def test_no_remedy_of_the_list_of_errors_is_repeated() -> None:
    assert [kind.code for kind in kinds() if kind.remedy.rstrip(".").lower() in TEXT.lower()] == []


def test_every_number_that_the_broker_knows_has_one_row_and_no_other_has() -> None:
    assert sorted(number for row in NUMBERS for number in numbers_of(row[0])) == sorted(known_numbers())


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row[0].partition(",")[0])
def test_a_number_leads_to_the_codes_that_it_has_in_each_place(row: list[str]) -> None:
    _, sentence, *told = row
    assert sentence
    for number in numbers_of(row[0]):
        at_home = refusal({"error": "invalid_grant", "error_codes": [number]})
        found = (in_customer_tenant(at_home), at_home, sign_in_refusal("", number))
        for code, error in zip(told, found, strict=True):
            assert code in {NOWHERE, f"`{error.code}`"}, number
    assert told != [NOWHERE] * 3
