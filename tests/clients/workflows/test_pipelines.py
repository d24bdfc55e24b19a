"""The pipelines: valid by their formats' schemas, silent about tokens; the step that gets one run as a process."""

import json
import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from local.demo import claims_of
from local.state import StackState
from local.world import CONTOSO, DEFAULT_WORLD, PARTNER_TENANT
from tests.clients.workflows.shells import CLIENTS, complaints, run, signed_in

AZURE = CLIENTS / "pipelines" / "azure-pipelines.yml"
GITHUB = CLIENTS / "pipelines" / "github-actions.yml"
# The step that asks for the token, after the one that installs the client.
ASKS, NOT_ALLOWED = 2, 4
SCHEMAS = files("check_jsonschema").joinpath("builtin_schemas", "vendor")


class _Loader(yaml.SafeLoader):
    """YAML as the platforms read it: `on` is a word and no truth value."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or letter in "tTfF"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(file: Path) -> Any:  # noqa: ANN401 - YAML
    return yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer words


def azure_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read(AZURE)["steps"]
    return steps


def github_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read(GITHUB)["jobs"]["customer"]["steps"]
    return steps


def scripts() -> dict[str, str]:
    """Each script of both, and who runs it."""
    azure = {
        f"azure {number}": step.get("bash") or step.get("inputs", {}).get("inlineScript")
        for number, step in enumerate(azure_steps())
    }
    github = {f"github {number}": step.get("run") for number, step in enumerate(github_steps())}
    return {name: script for name, script in (azure | github).items() if script}


@pytest.mark.parametrize(
    ("file", "schema"), [(AZURE, "azure-pipelines.json"), (GITHUB, "github-workflows.json")], ids=["azure", "github"]
)
def test_the_file_is_valid_by_its_formats_schema(file: Path, schema: str) -> None:
    rules = json.loads(SCHEMAS.joinpath(schema).read_text("utf-8"))
    jsonschema.validators.validator_for(rules)(rules).validate(read(file))


def azure_variables(state: StackState, identity: str) -> dict[str, str]:
    """What the agent sets for the task: the pipeline's variables where `$(name)` stands."""
    machine = signed_in(state, identity)
    values = {
        "brokerUrl": machine["BROKER_URL"],
        "brokerAudience": machine["BROKER_AUDIENCE"],
        "customerTenant": "contoso",
    }
    asked: Mapping[str, str] = azure_steps()[ASKS]["env"]
    assert asked["SYSTEM_ACCESSTOKEN"] == "$(System.AccessToken)"
    return with_client(machine) | {
        name: re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], text)
        for name, text in asked.items()
        if name != "SYSTEM_ACCESSTOKEN"
    }


def github_variables(state: StackState, identity: str, outputs: Path) -> dict[str, str]:
    """What the runner sets for the step: the environment's variables where `${{ vars.NAME }}` stands."""
    machine = signed_in(state, identity)
    asked: Mapping[str, str] = github_steps()[1]["env"]
    known = machine | {"AZURE_TENANT_ID": PARTNER_TENANT, "AZURE_CLIENT_ID": DEFAULT_WORLD.identity(identity).client_id}
    told = {
        name: re.sub(r"\$\{\{ vars\.(\w+) \}\}", lambda found: known[found[1]], text) for name, text in asked.items()
    }
    return with_client(machine) | told | {"GITHUB_OUTPUT": str(outputs)}


def with_client(machine: dict[str, str]) -> dict[str, str]:
    """The machine once partner-token is installed."""
    return machine | {"PARTNER_TOKEN_PYTHON": sys.executable, "PYTHONPATH": str(CLIENTS / "python" / "src")}


def test_azure_pipelines_gets_a_secret_variable_and_shows_nothing(consented: StackState) -> None:
    script = azure_steps()[ASKS]["inputs"]["inlineScript"]
    done = run(["bash", "-c", script], azure_variables(consented, "reports"))
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    command, _, token = line.partition("]")
    assert command == "##vso[task.setvariable variable=customerToken;issecret=true"
    assert claims_of(token)["tid"] == CONTOSO


def test_github_actions_masks_every_token_before_it_is_an_output(consented: StackState, tmp_path: Path) -> None:
    variables = github_variables(consented, "reports", tmp_path / "outputs")
    done = run(["bash", "-c", github_steps()[1]["run"]], variables)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    name, _, token = (tmp_path / "outputs").read_text().strip().partition("=")
    assert (name, line) == ("token", f"::add-mask::{token}")
    assert claims_of(token)["tid"] == CONTOSO


def test_a_refusal_ends_the_step_with_code_what_to_do_and_correlation_id(consented: StackState, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    azure = azure_variables(consented, "intruder"), azure_steps()[ASKS]["inputs"]["inlineScript"]
    for variables, script in (azure, (github_variables(consented, "intruder", outputs), github_steps()[1]["run"])):
        done = run(["bash", "-c", script], variables)
        assert (done.returncode, done.stdout) == (NOT_ALLOWED, "")
        assert re.search(r"not_permitted: .*\n.*Add a permission.*\n.*Correlation id: [0-9a-f-]{36}\n", done.stderr)
    assert not outputs.exists()


@pytest.mark.parametrize("name", scripts())
def test_no_script_gives_a_token_to_curl_as_an_argument(name: str) -> None:
    script = scripts()[name]
    assert script.startswith(("set -euo pipefail\n", "pipx install "))
    program = re.sub(r"^ *#.*\n", "", script, flags=re.MULTILINE)
    for call in re.findall(r"curl (?:[^\n]*\\\n)*[^\n]*", program):
        assert "--config -" in call
        assert not re.search(r"\$\{?(token|CUSTOMER_TOKEN)", call)


@pytest.mark.parametrize("name", scripts())
def test_shellcheck_finds_nothing_in_a_script(name: str) -> None:
    assert complaints(f"#!/usr/bin/env bash\n{scripts()[name]}") == ""


def test_the_token_reaches_the_step_that_names_it_and_no_other() -> None:
    assert [step for step in azure_steps() if "customerToken" in json.dumps(step.get("env", {}))] == azure_steps()[-1:]
    takers = [step for step in github_steps() if "steps.customer.outputs.token" in json.dumps(step)]
    assert takers == github_steps()[-1:]
    assert all("${{" not in step.get("run", "") for step in github_steps())


def test_the_github_job_may_do_nothing_but_ask_for_its_identity() -> None:
    workflow = read(GITHUB)
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["customer"]["permissions"] == {"id-token": "write"}


def test_nobody_elses_action_is_used_and_the_client_comes_from_a_commit() -> None:
    assert [step for step in github_steps() if "uses" in step] == []
    packages = [github_steps()[0]["env"]["PARTNER_TOKEN_PACKAGE"], read(AZURE)["variables"]["partnerTokenPackage"]]
    assert all(re.fullmatch(r"git\+https://[^@]+@COMMIT#subdirectory=clients/python", one) for one in packages)
