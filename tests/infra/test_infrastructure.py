"""The infrastructure is what it has to be, and each check of that notices the damage it is there for."""

import pytest

from tests.infra.check import NOTICED, Check
from tests.infra.checks import CHECKS
from tests.infra.damage import Added, Damage, Output, Put, Removed, Text
from tests.infra.project import Project

DAMAGES = [(check, damage) for check in CHECKS for damage in check.damages]


def told(damage: Damage) -> str:
    match damage:
        case Put(kind, path):
            return f"{kind} {path}"
        case Removed(kind):
            return f"{kind} removed"
        case Added(kind):
            return f"{kind} added"
        case Output(name):
            return f"output {name}"
        case Text(file, _, new):
            return f"{file} {new}"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.sentence)
def test_it_holds_that(check: Check) -> None:
    check.holds(Project())


@pytest.mark.parametrize(
    ("check", "damage"), DAMAGES, ids=[f"{check.sentence}: {told(damage)}" for check, damage in DAMAGES]
)
def test_the_damage_is_noticed_wherever_it_is_made(check: Check, damage: Damage) -> None:
    damaged = list(damage.made_in(Project()))
    assert damaged
    for project in damaged:
        with pytest.raises(NOTICED):
            check.holds(project)


def test_every_check_knows_a_damage() -> None:
    assert CHECKS
    assert all(check.damages for check in CHECKS)
