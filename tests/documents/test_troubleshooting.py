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
from tests.documents.pages import ROOT, anchors, headings, section

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
ALERTS, CODES = section(TEXT, "The alerts"), section(TEXT, "The broker's own codes")
QUERIES = ROOT / "infra" / "app" / "queries"
# What every place says, in this order.
PLACE = re.compile(
    r"^#+ `?([\w-]+)`?\n\n\* \*\*What happened\*\*: (.+)\n\* \*\*Who notices\*\*: (.+)\n\* \*\*What to do\*\*: (.+)\n",
    re.MULTILINE,
)
PLACES = [*PLACE.findall(ALERTS), *PLACE.findall(CODES)]


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


def test_every_code_has_one_place_and_no_other_has() -> None:
    assert sorted(re.findall(r"^#### `(\w+)`$", CODES, re.MULTILINE)) == sorted(kind.code for kind in every_error())


def test_every_alert_has_one_place_and_no_other_has() -> None:
    """The two beside the queries are Key Vault's own and the one from outside."""
    names = [*(file.stem for file in QUERIES.glob("*.kql")), "near-expiry", "down"]
    assert sorted(re.findall(r"^### ([\w-]+)$", ALERTS, re.MULTILINE)) == sorted(names)


def test_no_two_places_of_the_page_have_one_anchor() -> None:
    titles = headings(TEXT)
    assert len(titles) == len(anchors(TEXT))


def test_every_place_says_what_happened_who_notices_and_what_to_do() -> None:
    assert len(PLACES) == len(re.findall(r"^###+ [\w`-]+$", ALERTS + CODES, re.MULTILINE))
    for name, *told in PLACES:
        assert all(len(sentence) > 8 and sentence.endswith(".") for sentence in told), name


@pytest.mark.parametrize("alert", ["misconfigured", "denied-burst"])
def test_the_codes_that_raise_an_alert_say_so_and_no_other_does(alert: str) -> None:
    query = (QUERIES / f"{alert}.kql").read_text()
    listed = re.search(r"'operator\.refused'\)[^(]*outcome in \(([^)]*)\)", query)
    assert listed
    told = {name for name, _, noticed, _ in PLACES if f"(#{alert})" in noticed}
    assert told == set(re.findall(r"'(\w+)'", listed[1]))


def test_every_number_that_the_broker_knows_is_told_once_and_no_other_is() -> None:
    assert sorted(number for told in NUMBERS for number in told.numbers) == sorted(MEANINGS)


@pytest.mark.parametrize("told", NUMBERS, ids=lambda told: f"AADSTS{told.numbers[0]}")
def test_a_number_leads_to_the_codes_that_it_has_in_each_place(told: Told) -> None:
    assert told.cause
    assert told.codes
    for number in told.numbers:
        assert told.codes.items() <= codes_of(number).items(), number
