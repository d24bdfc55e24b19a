"""The project as the checks see it: its files, and the deployments that the compiler has evaluated."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.deployment import Deployment

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA, SNAPSHOTS = ROOT / "infra", ROOT / "tests/infra/snapshots"
MAIN, TEMPLATE = INFRA / "main.bicep", INFRA / "main.json"


def parameter_files() -> list[Path]:
    """One for each kind of deployment."""
    return sorted(SNAPSHOTS.glob("*.bicepparam"))


@cache
def deployments() -> Mapping[str, Deployment]:
    """Name -> the deployment, from its snapshot."""
    read = {path.stem: path.with_suffix(".snapshot.json").read_text(encoding="utf-8") for path in parameter_files()}
    return {name: Deployment(json.loads(text)) for name, text in read.items()}


@dataclass(frozen=True, slots=True)
class Project:
    """The real one, or one with some files and deployments in other words."""

    deployments: Mapping[str, Deployment] = field(default_factory=deployments)
    rewritten: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self.deployments.values())

    def __getitem__(self, name: str) -> Deployment:
        return self.deployments[name]

    def text(self, name: str) -> str:
        return self.rewritten[name] if name in self.rewritten else (ROOT / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.text(name))

    @property
    def template(self) -> Any:  # noqa: ANN401 - JSON
        """What `infra/main.json` says: parameters and outputs before any value is given."""
        return self.json("infra/main.json")

    def with_deployment(self, name: str, deployment: Deployment) -> "Project":
        return replace(self, deployments={**self.deployments, name: deployment})

    def with_text(self, name: str, text: str) -> "Project":
        return replace(self, rewritten={**self.rewritten, name: text})
