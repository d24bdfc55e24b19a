"""The bill of materials: every package that is deployed and no other, each under a licence that is accepted."""

import json
from typing import Any

import pytest

from scripts.materials import (
    ACCEPTED,
    Material,
    NotTheLockedOnesError,
    bill,
    complaint,
    deployed,
    locked,
    materials,
    table,
)
from tests.infra.project import ROOT


@pytest.fixture(scope="module")
def made() -> Any:  # noqa: ANN401 - JSON
    return bill()


def test_every_package_that_is_deployed_is_in_the_bill_with_its_version_and_no_other_is(made: Any) -> None:  # noqa: ANN401
    found = {one.name.lower().replace("_", "-"): one.version for one in materials(made)}
    assert found == locked()
    assert {"msal", "cryptography", "pyjwt"} <= found.keys()
    assert "pytest" not in json.dumps(made["components"])


def test_every_package_that_is_deployed_has_an_accepted_licence(made: Any) -> None:  # noqa: ANN401
    assert [one for one in materials(made) if not one.is_accepted] == []
    # What nothing needs is taken off the list again.
    assert {licence for one in materials(made) for licence in one.licences} == ACCEPTED


@pytest.mark.parametrize("licences", [(), ("GPL-3.0-only",), ("MIT", "AGPL-3.0-or-later"), ("UNKNOWN",)], ids=str)
def test_a_licence_that_nobody_has_looked_at_is_not_accepted(licences: tuple[str, ...]) -> None:
    one = Material(name="left-pad", version="1", licences=licences)
    assert not one.is_accepted
    assert "left-pad" in table([one])


def test_the_bill_is_what_the_schema_of_cyclonedx_asks_for(made: Any) -> None:  # noqa: ANN401
    assert complaint(made) == ""
    assert complaint({**made, "components": [{"type": "library"}]})
    assert made["metadata"]["component"]["name"] == "secure-application-model-broker"


def test_the_bill_says_what_brings_what(made: Any) -> None:  # noqa: ANN401
    needs = {one["ref"].partition("==")[0]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert "msal" in [ref.partition("==")[0] for ref in needs["root-component"]]
    known = {one["bom-ref"] for one in made["components"]} | {"root-component"}
    assert {ref for refs in needs.values() for ref in refs} <= known


def test_an_environment_that_is_not_the_locked_one_makes_no_bill(made: Any) -> None:  # noqa: ANN401
    with pytest.raises(NotTheLockedOnesError, match="msal"):
        deployed(made, {**locked(), "msal": "1.0"})
    with pytest.raises(NotTheLockedOnesError, match="one-more"):
        deployed(made, {**locked(), "one-more": "1.0"})


def test_what_is_built_is_not_deployed() -> None:
    assert "build/" in (ROOT / ".funcignore").read_text().split()
