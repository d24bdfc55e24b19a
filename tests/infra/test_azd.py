"""What azd and the pipelines read: azure.yaml, the parameters, the workflows."""

import hashlib
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.infra.compiler import version_of_the_template
from tests.infra.kinds import APP_SETTINGS
from tests.infra.project import ROOT, Project

PARAMETERS = ROOT / "infra/main.parameters.json"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PIPELINE = ROOT / "azure-pipelines.yml"
# The parts of azd's own schema (Azure/azure-dev, schemas/v1.0/azure.yaml.json) that this file uses, closed to others.
AZURE_YAML = {
    "type": "object",
    "required": ["name", "services"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
        "metadata": {"type": "object", "properties": {"template": {"type": "string"}}, "additionalProperties": False},
        "infra": {
            "type": "object",
            "properties": {"provider": {"enum": ["bicep"]}, "path": {"type": "string"}, "module": {"type": "string"}},
            "additionalProperties": False,
        },
        "services": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "required": ["project", "language", "host"],
                "properties": {
                    "project": {"type": "string"},
                    "language": {"enum": ["python"]},
                    "host": {"enum": ["function"]},
                },
                "additionalProperties": False,
            },
        },
    },
}


def loaded(path: Path) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def given() -> dict[str, str]:
    """Parameter -> what azd puts in its place."""
    content = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    return {name: entry["value"] for name, entry in content["parameters"].items()}


def variables() -> dict[str, tuple[str, str | None]]:
    """Parameter -> the environment variable it comes from, and the value when that is not set."""
    found = {}
    for name, value in given().items():
        match = re.fullmatch(r"\$\{([A-Z_]+)(?:=([a-z-]*))?\}", value)
        assert match, f"{name}: {value}"
        found[name] = match.group(1), match.group(2)
    return found


def steps(workflow: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - YAML
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def test_azure_yaml_is_what_azd_understands() -> None:
    content = loaded(ROOT / "azure.yaml")
    jsonschema.validate(content, AZURE_YAML)
    (service,) = content["services"].values()
    assert (ROOT / service["project"] / "function_app.py").is_file()
    assert (ROOT / content["infra"]["path"] / f"{content['infra']['module']}.bicep").is_file()


def test_every_parameter_that_is_given_exists_and_every_required_one_is_given() -> None:
    declared = Project().template["parameters"]
    assert given().keys() <= declared.keys()
    assert {name for name, one in declared.items() if "defaultValue" not in one} == {"environmentName", "location"}
    assert variables()["environmentName"] == ("AZURE_ENV_NAME", None)
    assert variables()["location"] == ("AZURE_LOCATION", None)


def test_what_azd_fills_in_by_default_is_the_default_in_bicep() -> None:
    declared = Project().template["parameters"]
    for name, (_, default) in variables().items():
        if default is not None:
            value = declared[name]["defaultValue"]
            assert default == (json.dumps(value) if isinstance(value, bool) else value), name


def test_what_a_deployment_gives_out_and_takes_in_again_is_the_same_thing() -> None:
    """What azd keeps as variables: an output of the same name must be the value of the parameter it feeds."""
    outputs = Project().template["outputs"]
    fed = {variable: name for name, (variable, _) in variables().items() if variable in outputs}
    assert fed == {
        "PARTNER_CLIENT_ID": "partnerClientId",
        "BROKER_CLIENT_ID": "brokerClientId",
        "BROKER_AUDIENCE": "brokerAudience",
    }
    for name, deployment in Project().deployments.items():
        settings = deployment.one(APP_SETTINGS)
        assert deployment.outputs["BROKER_AUDIENCE"] == settings.at("properties.BROKER_AUDIENCES"), name
        for client in ("PARTNER_CLIENT_ID", "BROKER_CLIENT_ID"):
            assert deployment.outputs[client] == settings.at(f"properties.{client}"), name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", workflow.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_no_more_unless_it_signs_in(workflow: Path) -> None:
    content = loaded(workflow)
    assert content["permissions"] == {"contents": "read"}
    for job in content["jobs"].values():
        assert job.get("permissions", {}) in ({}, {"contents": "read", "id-token": "write"})
    for step in steps(content):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", [*WORKFLOWS, PIPELINE], ids=lambda path: path.name)
def test_no_pipeline_holds_a_secret(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "client-secret" not in text
    assert "pull_request_target" not in text


@pytest.mark.parametrize("file", [WORKFLOWS[0], PIPELINE], ids=lambda path: path.name)
def test_pipelines_test_with_the_compiler_that_built_the_template(file: Path) -> None:
    compiler, _, tests = file.read_text(encoding="utf-8").partition(".ci/run")
    assert f"az bicep install --version v{version_of_the_template()}\n" in compiler
    assert tests


def test_the_workflow_hands_on_every_variable_of_the_parameters() -> None:
    """All but the sample, which is for a first look, and what belongs to the registrations."""
    (deploy,) = [loaded(path) for path in WORKFLOWS if path.name == "deploy.yml"]
    handed = set(deploy["jobs"]["deploy"]["env"])
    needed = {variable for variable, _ in variables().values()} - {
        "BROKER_CALLER_IDS",
        "BROKER_CONSENTER_IDS",
        "BROKER_PARTNER_ASSIGNMENT_REQUIRED",
        "BROKER_SAMPLE_CALLER",
        "BROKER_SAMPLE_TENANT",
    }
    assert handed - needed == {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"}
    assert needed <= handed


def test_nothing_is_deployed_before_the_checks_and_the_reviewers() -> None:
    (deploy,) = [loaded(path) for path in WORKFLOWS if path.name == "deploy.yml"]
    assert deploy["jobs"]["deploy"]["needs"] == "check"
    assert deploy["jobs"]["deploy"]["environment"]
    # YAML 1.1 reads the key `on` as true.
    assert list(deploy[True]) == ["workflow_dispatch"]
    stages = {stage["stage"]: stage for stage in loaded(PIPELINE)["stages"]}
    assert stages["deploy"]["dependsOn"] == "check"
    assert stages["deploy"]["jobs"][0]["environment"]


def test_pipelines_make_no_registrations() -> None:
    (deploy,) = [loaded(path) for path in WORKFLOWS if path.name == "deploy.yml"]
    assert deploy["jobs"]["deploy"]["env"]["BROKER_CREATE_REGISTRATIONS"] == "false"
    (stage,) = [stage for stage in loaded(PIPELINE)["stages"] if stage["stage"] == "deploy"]
    assert {"name": "BROKER_CREATE_REGISTRATIONS", "value": "false"} in stage["variables"]


def scripts(found: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    """Every script of a pipeline, wherever it stands."""
    if isinstance(found, dict):
        yield from (found[key] for key in ("run", "script", "bash", "inlineScript") if isinstance(found.get(key), str))
        found = list(found.values())
    for inner in found if isinstance(found, list) else ():
        yield from scripts(inner)


def test_pipelines_install_nothing_whose_version_is_left_open() -> None:
    """What they fetch is named by a version, a commit or a digest; what the packages are is in the locked file."""
    written = [(file.name, text) for file in (*WORKFLOWS, PIPELINE) for text in scripts(loaded(file))]
    assert {name for name, _ in written} == {"azure-pipelines.yml", "check.yml", "deploy.yml"}
    for name, text in written:
        assert not re.search(r"aka\.ms|\bstable\b|\blatest\b|\| *(?:ba)?sh\b|apt-get|npm |pip install", text), (
            f"{name}: {text}"
        )
        for installed in re.findall(r"install[\w-]* .*", text):
            assert re.search(r"--version v\d+\.\d+\.\d+$|^install-azd ", installed), f"{name}: {installed}"


def archive(folder: Path) -> tuple[Path, str]:
    """An archive as azd's releases have it, and its digest."""
    (folder / "azd-linux-amd64").write_text("#!/bin/sh\necho azd\n")
    packed = folder / "azd.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(folder / "azd-linux-amd64", "azd-linux-amd64")
    return packed, hashlib.sha256(packed.read_bytes()).hexdigest()


@pytest.mark.parametrize("is_the_one", [True, False], ids=["the archive of the digest", "another archive"])
def test_azd_is_installed_by_its_digest_alone(tmp_path: Path, *, is_the_one: bool) -> None:
    packed, digest = archive(tmp_path)
    script = (ROOT / ".ci/install-azd").read_text("utf-8")
    assert re.search(r"^digest=[0-9a-f]{64}$", script, re.MULTILINE)
    if is_the_one:
        script = re.sub(r"^digest=.*$", f"digest={digest}", script, flags=re.MULTILINE)
    fetching = tmp_path / "bin" / "curl"
    fetching.parent.mkdir()
    fetching.write_text(f'#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\ncp {packed} "$2"\n')
    fetching.chmod(0o755)
    path = {"PATH": f"{fetching.parent}:{os.environ['PATH']}"}
    done = subprocess.run(  # noqa: S603 - our own script
        ["bash", "-c", script, "install-azd", str(tmp_path / "there")],  # noqa: S607
        env=path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is is_the_one, done.stderr
    assert (tmp_path / "there" / "azd").exists() is is_the_one


def test_both_pipelines_publish_the_bill_of_materials_before_anything_is_deployed() -> None:
    (check,) = [loaded(path) for path in WORKFLOWS if path.name == "check.yml"]
    made, kept = check["jobs"]["test"]["steps"][-2:]
    assert made["run"] == "make sbom"
    assert kept["with"] == {"name": "materials", "path": "build", "if-no-files-found": "error"}
    first, _ = loaded(PIPELINE)["stages"]
    made, kept = first["jobs"][0]["steps"][-2:]
    assert (made["script"], kept["publish"], kept["artifact"]) == ("make sbom", "build", "materials")
