"""The real compiler, where it is on PATH: what is committed is its work, it warns of nothing, damage is noticed."""

import json
import shutil
from pathlib import Path

import pytest

from tests.infra.check import NOTICED, Check
from tests.infra.checks import CHECKS
from tests.infra.compiler import PLACE, Compiler, run
from tests.infra.damage import Source
from tests.infra.deployment import Deployment
from tests.infra.project import INFRA, MAIN, ROOT, SNAPSHOTS, TEMPLATE, Project, parameter_files

# Validation stops at resources that have no id, such as those of Microsoft Graph: this deployment makes none of them.
VALIDATED = SNAPSHOTS / "without-registrations.bicepparam"


def test_it_builds_the_template_that_is_committed(compiler: Compiler) -> None:
    assert compiler.template(MAIN) == TEMPLATE.read_text(encoding="utf-8")


def test_it_warns_of_nothing(bicep: str) -> None:
    linted = run(bicep, "lint", str(MAIN))
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")


def test_it_validates_a_snapshot(bicep: str) -> None:
    place = [
        *("--tenant-id", PLACE["tenantId"]),
        *("--subscription-id", PLACE["subscriptionId"]),
        *("--location", PLACE["location"]),
        *("--deployment-name", PLACE["deploymentName"]),
    ]
    validated = run(bicep, "snapshot", str(VALIDATED), "--mode", "validate", *place)
    assert validated.returncode == 0, validated.stdout + validated.stderr


@pytest.mark.parametrize("parameters", parameter_files(), ids=lambda path: path.stem)
def test_it_evaluates_each_deployment_as_it_is_committed(compiler: Compiler, parameters: Path) -> None:
    committed = parameters.with_suffix(".snapshot.json").read_text(encoding="utf-8")
    assert compiler.snapshot(parameters) == json.loads(committed)


def damaged(compiler: Compiler, source: Source, folder: Path) -> Project:
    """The project after the compiler has read other words in a copy of the sources."""
    copied = {place: folder / place.relative_to(ROOT) for place in (INFRA, SNAPSHOTS)}
    for place, copy in copied.items():
        shutil.copytree(place, copy)
    file = copied[INFRA] / source.file
    text = file.read_text(encoding="utf-8")
    assert source.old in text
    file.write_text(text.replace(source.old, source.new), encoding="utf-8")
    if source.seen_in == "template":
        return Project().with_text("infra/main.json", compiler.template(copied[INFRA] / MAIN.name))
    snapshot = compiler.snapshot(copied[SNAPSHOTS] / f"{source.seen_in}.bicepparam")
    return Project().with_deployment(source.seen_in, Deployment(snapshot))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.sentence)
def test_damaged_bicep_is_noticed_by(compiler: Compiler, check: Check, tmp_path: Path) -> None:
    project = damaged(compiler, check.source, tmp_path)
    with pytest.raises(NOTICED):
        check.holds(project)
