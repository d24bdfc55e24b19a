"""The codes that clients name against the tree of errors that the broker answers with."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.tables import every_error
from shared.errors import BrokerError

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
POWERSHELL = CLIENTS / "powershell"
# Words of READMEs in backticks that are no codes.
FIELDS = {"correlation_id", "for_tenant"}


def codes(*branches: type[BrokerError]) -> set[str]:
    """The codes of these errors and all below them."""
    return {kind.code for kind in every_error() if issubclass(kind, branches)}


def recorded() -> Iterator[str]:
    """The codes in the answers that the PowerShell module's tests take for the broker's."""
    for exchange in json.loads((POWERSHELL / "contracts" / "broker.json").read_text())["exchanges"]:
        if "code" in exchange["answer"]["json"]:
            yield exchange["answer"]["json"]["code"]


def of_the_module() -> set[str]:
    """The codes that the PowerShell module gives to failures of its own."""
    sources = "".join(file.read_text() for file in (POWERSHELL / "PartnerToken").rglob("*.ps1"))
    return set(re.findall(r"-Code '(\w+)'", sources))


def told(file: Path) -> set[str]:
    """The codes that a README names: in backticks, and in the comment behind `Data['Code']`."""
    text = file.read_text()
    comments = re.findall(r"Data\['Code'\] +# (.+)", text)
    return set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) | set(re.findall(r"\w+_\w+", " ".join(comments)))


def test_every_recorded_code_is_in_the_tree() -> None:
    assert set(recorded())
    assert set(recorded()) <= codes(BrokerError)


def test_the_modules_own_codes_are_not_the_brokers_and_stand_in_its_readme() -> None:
    assert not of_the_module() & codes(BrokerError)
    assert of_the_module() <= told(POWERSHELL / "README.md")


@pytest.mark.parametrize("readme", sorted(CLIENTS.glob("*/README.md")), ids=lambda file: file.parent.name)
def test_every_code_that_a_readme_names_is_one(readme: Path) -> None:
    own = of_the_module() if readme.parent == POWERSHELL else set()
    assert told(readme) - own - FIELDS - codes(BrokerError) == set()
