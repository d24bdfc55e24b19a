"""The pages on security: every requirement has a row, every row its place and its test, and each of them exists."""

import ast
import re
import xml.etree.ElementTree as ET

import pytest

from tests.documents.pages import ROOT, rows, section

SECURITY = (ROOT / "docs" / "security.md").read_text()
THREATS = (ROOT / "docs" / "threat-model.md").read_text()
PICTURE = ROOT / "docs" / "pictures" / "threats.svg"
# Every section of the two parts of the RFC that ask for something, those that describe an attack included.
_PART_2 = "2.1 2.1.1 2.1.2 2.2.1 2.2.2 2.3 2.4 2.5 2.6"
_PART_4 = """
4.1 4.1.1 4.1.2 4.1.3 4.2 4.2.1 4.2.2 4.2.3 4.2.4 4.3 4.3.1 4.3.2 4.4 4.4.1 4.4.2 4.4.2.1 4.4.2.2
4.5 4.5.1 4.5.2 4.5.3 4.5.3.1 4.5.3.2 4.5.3.3 4.5.4 4.6 4.6.1 4.7 4.7.1 4.8 4.8.1 4.8.2 4.9 4.9.1 4.9.2 4.9.3
4.10 4.10.1 4.10.2 4.10.3 4.11 4.11.1 4.11.2 4.12 4.13 4.14 4.14.1 4.14.2 4.15 4.15.1 4.16
4.17 4.17.1 4.17.1.1 4.17.1.2 4.17.1.3 4.17.2
"""
RFC_9700 = [*_PART_2.split(), *_PART_4.split()]
# What the sections of the RFC's part 2 ask for, each a requirement of its own: how many rows at least.
REQUIREMENTS = {"2.1": 6, "2.1.1": 4, "2.1.2": 1, "2.2.1": 1, "2.2.2": 2, "2.3": 3, "2.4": 1, "2.5": 1, "2.6": 6}
# What asks something of a relying party about an assertion.
NIST_SP_800_63C_4 = ["3.10.1", "3.12.1", "3.12.2", "3.12.3", "3.12.4", "4.7", "4.9", "4.10", "4.11.1"]
CHECKED_OF_AN_ASSERTION = 6  # section 4.9: signature, issuer, time, audience, nonce, terms
JUDGEMENTS = ("**Yes", "**Not", "**None", "**Entra ID")
SECTION, ASKED, BROKER, WHERE, SHOWN, LEFT = range(6)


def table(title: str) -> list[list[str]]:
    """The rows below a heading, and below the headings within it."""
    found = [row for row in rows(section(SECURITY, title), 6) if row[SECTION] != "section"]
    assert found
    return found


RFC, NIST = table("RFC 9700"), table("NIST SP 800-63C-4")
PLACES = [row for row in rows(THREATS, 6) if row[0].strip().isdigit()]
ROWS = [*RFC, *NIST]


def sections(row: list[str]) -> list[str]:
    return row[SECTION].split(", ")


def defined_in_the_tests() -> set[str]:
    """Tests, and the checks of the infrastructure, which are tests by their names."""
    trees = [ast.parse(file.read_text()) for file in (ROOT / "tests").rglob("*.py")]
    return {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


DEFINED = defined_in_the_tests()


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("number", RFC_9700)
def test_every_section_of_the_rfc_has_a_row(number: str) -> None:
    assert [row for row in RFC if number in sections(row)]


@pytest.mark.parametrize("number", REQUIREMENTS)
def test_every_requirement_of_the_rfcs_summary_has_a_row_of_its_own(number: str) -> None:
    assert len([row for row in RFC if number in sections(row)]) >= REQUIREMENTS[number]


@pytest.mark.parametrize("number", NIST_SP_800_63C_4)
def test_every_section_on_assertions_has_a_row(number: str) -> None:
    assert [row for row in NIST if number in sections(row)]


def test_everything_that_is_checked_of_an_assertion_has_a_row() -> None:
    assert len([row for row in NIST if "4.9" in sections(row)]) >= CHECKED_OF_AN_ASSERTION


def test_no_row_is_of_a_section_that_there_is_not() -> None:
    assert {number for row in RFC for number in sections(row)} == set(RFC_9700)
    assert {number for row in NIST for number in sections(row)} == set(NIST_SP_800_63C_4)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[SECTION]} {row[ASKED][:40]}")
def test_a_row_says_what_is_done_where_and_what_shows_it(row: list[str]) -> None:
    assert all(row)
    assert row[BROKER].startswith(JUDGEMENTS), "a reader sees at once whether it is done"
    assert [file for file in quoted(row[WHERE]) if not (ROOT / file).is_file()] == []
    assert quoted(row[WHERE])
    if not row[SHOWN].startswith("no test: "):
        assert quoted(row[SHOWN])
        assert set(quoted(row[SHOWN])) <= DEFINED


def test_what_is_not_done_is_said() -> None:
    """A page on which everything is done would not have been looked at."""
    assert [row for row in RFC if row[BROKER].startswith("**Not")]


@pytest.mark.parametrize("row", PLACES, ids=lambda row: row[1][:40])
def test_a_place_of_an_attacker_says_what_it_yields_and_what_shows_its_bounds(row: list[str]) -> None:
    assert all(len(cell) > 5 for cell in row[1:])
    assert quoted(row[4])
    assert set(quoted(row[4])) <= DEFINED
    assert "](" in row[5] or row[5] == "few readers"


def test_the_roles_of_the_page_are_those_that_a_deployment_gives() -> None:
    """One row for each assignment of a built-in role, and one for the role of our own."""
    given = re.findall(r"roles\['([^']+)'\]", (ROOT / "infra" / "app" / "access.bicep").read_text())
    told = [role.partition(",")[0] for _, role, _ in rows(section(THREATS, "Standing power"), 3) if role != "role"]
    assert sorted([*given, "a role of its own: reads"]) == sorted(told)


def test_the_places_in_the_picture_are_those_of_the_page() -> None:
    drawing = ET.parse(PICTURE).getroot()  # noqa: S314 - our own file
    numbers = {
        element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text") if element.get("class") == "number"
    }
    assert numbers == {row[0] for row in PLACES}
    assert f"pictures/{PICTURE.name}" in THREATS


@pytest.mark.parametrize("name", ["SECURITY.md", "docs/security.md", "docs/threat-model.md"])
def test_the_pages_are_found_from_the_readme(name: str) -> None:
    assert f"({name})" in (ROOT / "README.md").read_text()


def test_the_policy_says_how_to_report_and_what_is_promised() -> None:
    policy = (ROOT / "SECURITY.md").read_text()
    headings = re.findall(r"^## (.+)$", policy, re.MULTILINE)
    assert headings == [
        "How to report",
        "What we promise",
        "Which versions",
        "What counts",
        "What comes with a version",
    ]
    assert "Report a vulnerability" in policy
