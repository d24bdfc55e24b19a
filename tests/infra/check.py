"""Checks of the infrastructure, each with the damage that it has to notice: a check that cannot fail is no check."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.settings import SettingsError
from tests.infra.damage import Damage, Source
from tests.infra.project import Project

# How a check says no: it asserts, it finds nothing where something has to stand, or the app would not start.
NOTICED = (AssertionError, LookupError, SettingsError)


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence about the infrastructure, and what makes it untrue."""

    sentence: str
    holds: Callable[[Project], None]
    source: Source
    damages: tuple[Damage, ...]


def noticing(source: Source, *damages: Damage) -> Callable[[Callable[[Project], None]], Check]:
    """A check that has to hold, and to fail after each damage; the first of them goes through the compiler."""
    return lambda holds: Check(holds.__name__.replace("_", " "), holds, source, damages)
