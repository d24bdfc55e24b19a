"""The bill of materials of what is deployed (CycloneDX) and the list of its licences: `make sbom` writes both."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
SBOM, LICENCES = "sbom.cdx.json", "licences.md"
# SPDX expressions, and one declaration from before there were any. None asks for more than to name the authors, but
# MPL-2.0 (certifi's list of authorities, unchanged): whoever changes a file of it publishes that file.
ACCEPTED = frozenset(
    {
        "Apache-2.0",
        "Apache-2.0 OR BSD-3-Clause",
        "BSD-3-Clause",
        "License :: OSI Approved :: BSD License",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
    }
)
type Json = Any  # as the generator writes it


class NotTheLockedOnesError(Exception):
    """What is installed here is not what would be deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One package that is deployed."""

    name: str
    version: str
    licences: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether every licence it is under is one of those; a package without any is not."""
        return bool(self.licences) and set(self.licences) <= ACCEPTED


def locked() -> dict[str, str]:
    """Name -> version of every package that a deployment installs."""
    lines = (ROOT / "requirements.txt").read_text("utf-8")
    return {canonical(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lines, re.MULTILINE)}


def canonical(name: str) -> str:
    """A package's name in the one spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill() -> Json:
    """The bill of materials: what the generator finds in this environment, without what is for development alone."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SBOM
        options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--no-validate", "-o", str(file)]
        command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, sys.executable]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - no words of others in it
        whole = json.loads(file.read_text("utf-8"))
    return deployed(whole, locked())


def deployed(whole: Json, versions: Mapping[str, str]) -> Json:
    """The part of a bill that these packages are; raises NotTheLockedOnesError when they are not all there."""
    components = [one for one in whole["components"] if canonical(one["name"]) in versions]
    found = {canonical(one["name"]): one["version"] for one in components}
    if found != dict(versions):
        raise NotTheLockedOnesError(f"`make setup` first: {sorted(set(versions.items()) ^ set(found.items()))}")
    kept = {one["bom-ref"] for one in components} | {whole["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {**one, **({"dependsOn": [ref for ref in one["dependsOn"] if ref in kept]} if "dependsOn" in one else {})}
        for one in whole["dependencies"]
        if one["ref"] in kept
    ]
    return {**whole, "components": components, "dependencies": dependencies}


def complaint(bill_of_materials: Json) -> str:
    """What the schema of CycloneDX says against it; empty when nothing."""
    errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill_of_materials))
    return "" if errors is None else str(errors)


def materials(bill_of_materials: Json) -> list[Material]:
    """Each package of the bill with its licences."""
    return [
        Material(name=one["name"], version=one["version"], licences=tuple(_licences(one)))
        for one in bill_of_materials["components"]
    ]


def _licences(component: Json) -> Iterator[str]:
    """The SPDX ids or expressions it declares; its words where it has no id."""
    declared = component.get("licenses", [])
    spdx = [one.get("expression") or one.get("license", {}).get("id") for one in declared]
    yield from filter(None, spdx) if any(spdx) else (one["license"]["name"] for one in declared)


def table(found: list[Material]) -> str:
    """The list of licences, for people."""
    rows = [f"| {one.name} | {one.version} | {', '.join(one.licences) or 'none declared'} |" for one in found]
    return "\n".join(
        ["# Licences of what is deployed", "", "| package | version | licence |", "|---|---|---|", *rows, ""]
    )


def main() -> int:
    """Write both into build/; the exit code says whether every licence is accepted and the bill is valid."""
    made = bill()
    found, wrong = materials(made), complaint(made)
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    (folder / SBOM).write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    (folder / LICENCES).write_text(table(found), "utf-8")
    refused = [
        f"{one.name} {one.version}: {', '.join(one.licences) or 'no licence'}" for one in found if not one.is_accepted
    ]
    sys.stderr.writelines([f"not accepted: {line}\n" for line in refused] + ([f"{wrong}\n"] if wrong else []))
    sys.stdout.write(f"build/{SBOM} and build/{LICENCES}: {len(found)} packages\n")
    return 1 if refused or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
