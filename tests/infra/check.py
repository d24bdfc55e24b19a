"""Checks of the infrastructure, each with the damage that it has to notice: a check that cannot fail is no check."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep import Declaration, File

ROOT = Path(__file__).resolve().parent.parent.parent
# What a check may look at, and so what a copy to damage is made of.
WATCHED = ("infra", "host.json", "azure.yaml", "requirements.txt", ".funcignore")


@dataclass(frozen=True, slots=True)
class Project:
    """The project in one folder: the real one, or a copy to damage."""

    root: Path = ROOT

    def text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.text(name))

    def bicep(self, name: str) -> File:
        return _read(self.root / "infra" / name, self.text(f"infra/{name}"))

    def files(self) -> Iterator[File]:
        folder = self.root / "infra"
        for path in sorted(folder.rglob("*.bicep")):
            yield self.bicep(path.relative_to(folder).as_posix())

    def resources(self, kind: str) -> list[Declaration]:
        """Every resource of this type in all files; at least one, or the check that asks is out of date."""
        found = [one for file in self.files() for one in file.resources(kind)]
        assert found, f"no resource of type {kind}"
        return found

    def copy(self, folder: Path) -> "Project":
        for name in WATCHED:
            source = self.root / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        return Project(folder)

    def damage(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert text.count(old) >= 1, f"{name} does not hold {old!r} any more"
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")


@cache
def _read(path: Path, text: str) -> File:  # noqa: ARG001 - the text is part of the key: a damaged file is read anew
    return bicep.read(path)


@dataclass(frozen=True, slots=True)
class Damage:
    """Text of one file replaced, in a copy."""

    file: str
    old: str
    new: str


type Body = Callable[[Project], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence about the infrastructure, and what makes it untrue."""

    sentence: str
    body: Body
    damages: tuple[Damage, ...]


CHECKS: list[Check] = []


def noticing(*damages: tuple[str, str, str]) -> Callable[[Body], Body]:
    """Register a check; it has to hold, and to fail after each of these (file, old text, new text)."""

    def register(body: Body) -> Body:
        sentence = body.__name__.replace("_", " ")
        CHECKS.append(Check(sentence, body, tuple(Damage(*damage) for damage in damages)))
        return body

    return register
