"""The infrastructure is what it has to be, and each check of that notices the damage it is there for."""

from pathlib import Path

import pytest

from tests.infra import entra_checks, operations_checks, resource_checks  # noqa: F401 - each registers its checks
from tests.infra.check import CHECKS, Check, Damage, Project

DAMAGES = [(check, damage) for check in CHECKS for damage in check.damages]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.sentence)
def test_it_holds_that(check: Check) -> None:
    check.body(Project())


@pytest.mark.parametrize(
    ("check", "damage"), DAMAGES, ids=[f"{check.sentence}: {damage.new[:40]!r}" for check, damage in DAMAGES]
)
def test_the_damage_is_noticed_by(check: Check, damage: Damage, tmp_path: Path) -> None:
    copy = Project().copy(tmp_path)
    copy.damage(damage.file, damage.old, damage.new)
    with pytest.raises((AssertionError, LookupError, TypeError, ValueError)):
        check.body(copy)


def test_every_check_knows_a_damage() -> None:
    assert all(check.damages for check in CHECKS)
