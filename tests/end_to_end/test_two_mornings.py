"""The demonstration's two mornings, as docs/customers.md tells them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.morning import Mornings, mornings
from local.person import Person
from local.stack import running_stack
from local.workload import Workload
from local.world import ADMIN, ADVENTURE, CONTOSO, NORTHWIND, TAILSPIN, WINGTIP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "customers.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What came of both mornings, and what was shown meanwhile."""

    told: Mornings
    lines: list[str]
    status_of_new: int


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    quiet = {f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", "check_customers")}
    lines: list[str] = []
    folder = tmp_path_factory.mktemp("mornings") / "state"
    with running_stack(folder, settings=quiet) as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        told = mornings(state, lines.append)
        status = Workload(state=state, name="reports").token(ADVENTURE, "graph").status_code
    return Lived(told=told, lines=[line.strip() for line in lines], status_of_new=status)


def told_by_the_page() -> list[list[str]]:
    """The lines of each block in the section of the page."""
    section = PAGE.read_text().partition("### Two mornings")[2].partition("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)```", section, flags=re.DOTALL)
    return [block.splitlines() for block in blocks]


def needs(said: str) -> list[str]:
    """The lines that count customers by cause."""
    return [line for line in said.splitlines() if re.match(r"\d+ x ", line)]


def test_the_page_says_what_status_says_on_both_mornings(lived: Lived) -> None:
    first, _, following = told_by_the_page()
    assert needs(lived.told.first.said) == first
    assert needs(lived.told.next.said) == following
    assert (lived.told.first.code, lived.told.next.code) == (1, 1)


def test_the_page_says_what_came_to_each_customer(lived: Lived) -> None:
    _, topped_up, _ = told_by_the_page()
    shown = [line for line in lived.lines if line.startswith(tuple(line[:17] for line in topped_up))]
    assert [line[: len(wanted)] for line, wanted in zip(shown, topped_up, strict=True)] == topped_up
    assert lived.told.topped_up.code == 1


def test_a_new_customer_is_named_and_works_once_it_has_consent(lived: Lived) -> None:
    assert "new within a week: Adventure Works;" in lived.told.first.said
    assert ADVENTURE in lived.told.first.shown
    assert ADVENTURE not in lived.told.next.shown
    assert lived.status_of_new == 200


def test_a_customer_without_exchange_gets_all_else_and_is_no_failure_the_next_morning(lived: Lived) -> None:
    rows = {row["tenant"]: row for row in json.loads(lived.told.topped_up.shown)}
    assert set(rows) == {ADVENTURE, CONTOSO, NORTHWIND, TAILSPIN, WINGTIP}
    assert "graph" in rows[TAILSPIN]["added"]
    assert "exchange" not in rows[TAILSPIN]["added"]
    assert "lacks exchange" in rows[TAILSPIN]["detail"]
    assert TAILSPIN not in lived.told.next.shown


def test_the_one_that_no_one_can_mend_is_told_with_its_remedy(lived: Lived) -> None:
    tenants = set(re.findall(r"^bbbb[0-9a-f-]+", lived.told.next.shown, flags=re.MULTILINE))
    assert tenants == {WINGTIP}
    assert "Check that a GDAP relationship" in lived.told.next.said
