"""The Logic App workflows: valid, the same in both kinds, silent about tokens; their request answered by the stack."""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from local.demo import claims_of
from local.person import usual_trust
from local.state import StackState
from local.workload import Workload
from local.world import BROKER_API, CONTOSO
from tests.clients.workflows.shells import CLIENTS

FOLDER = CLIENTS / "logic_app"
SCHEMA = json.loads((Path(__file__).parent / "logic_app.schema.json").read_text())
CONSUMPTION = json.loads((FOLDER / "consumption.json").read_text())
STANDARD = json.loads((FOLDER / "standard" / "partner-token" / "workflow.json").read_text())
STANDARD_PARAMETERS = json.loads((FOLDER / "standard" / "parameters.json").read_text())
ACTIONS: Mapping[str, Any] = CONSUMPTION["definition"]["actions"]


def problems(definition: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(definition)]


def texts(content: object) -> Iterator[str]:
    """Every text in a piece of JSON."""
    if isinstance(content, str):
        yield content
    for item in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from texts(item)


def filled(content: Any, parameters: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """A piece of the definition with its parameters put in, as the runtime does."""
    if isinstance(content, dict):
        return {name: filled(item, parameters) for name, item in content.items()}
    if isinstance(content, str):
        return re.sub(
            r"@\{parameters\('(\w+)'\)\}|^@parameters\('(\w+)'\)$",
            lambda found: parameters[found[1] or found[2]],
            content,
        )
    return content


@pytest.mark.parametrize("workflow", [CONSUMPTION, STANDARD], ids=["Consumption", "Standard"])
def test_the_definition_is_valid(workflow: Mapping[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert problems(workflow["definition"]) == []


def without_audience(definition: dict[str, Any]) -> None:
    del definition["actions"]["Get_token"]["inputs"]["authentication"]["audience"]


def run_after_a_wish(definition: dict[str, Any]) -> None:
    definition["actions"]["Read_organization"]["runAfter"]["Get_token"] = ["Success"]


def secured_by_another_name(definition: dict[str, Any]) -> None:
    definition["actions"]["Get_token"]["runtimeConfiguration"] = {"secureData": {"properties": ["output"]}}


def without_trigger(definition: dict[str, Any]) -> None:
    definition["triggers"] = {}


@pytest.mark.parametrize("spoil", [without_audience, run_after_a_wish, secured_by_another_name, without_trigger])
def test_the_schema_notices_what_would_not_work(spoil: Callable[[dict[str, Any]], None]) -> None:
    definition = copy.deepcopy(CONSUMPTION["definition"])
    spoil(definition)
    assert problems(definition) != []


def test_both_kinds_do_the_same() -> None:
    for part in ("triggers", "actions", "outputs"):
        assert STANDARD["definition"][part] == CONSUMPTION["definition"][part]
    assert STANDARD["kind"] == "Stateful"


def test_each_kind_declares_the_parameters_that_are_used() -> None:
    used = set(re.findall(r"parameters\('(\w+)'\)", json.dumps(ACTIONS)))
    assert set(CONSUMPTION["definition"]["parameters"]) == set(CONSUMPTION["parameters"]) == used
    assert set(STANDARD_PARAMETERS) == used
    assert {name: one["value"] for name, one in STANDARD_PARAMETERS.items()} == {
        name: one["value"] for name, one in CONSUMPTION["parameters"].items()
    }


def test_every_action_that_meets_a_token_is_secured() -> None:
    meeting = {
        name
        for name, action in ACTIONS.items()
        if name == "Get_token" or any("access_token" in one for one in texts(action["inputs"]))
    }
    secured = {
        name
        for name, action in ACTIONS.items()
        if set(action.get("runtimeConfiguration", {}).get("secureData", {}).get("properties", []))
        == {"inputs", "outputs"}
    }
    assert meeting == secured == {"Get_token", "Read_organization"}


def test_every_action_runs_after_one_that_exists() -> None:
    assert {before for action in ACTIONS.values() for before in action["runAfter"]} <= set(ACTIONS)


def test_a_failure_ends_the_run_with_code_remedy_and_correlation_id() -> None:
    ending = ACTIONS["End_with_code_and_remedy"]
    assert set(ending["runAfter"]["Get_token"]) == {"Failed", "TimedOut"}
    told = ending["inputs"]["runError"]
    assert "?['code']" in told["code"]
    assert "?['error_description']" in told["message"]
    assert "?['correlation_id']" in told["message"]
    assert all(one.count("(") == one.count(")") and one.count("'") % 2 == 0 for one in texts(told))


def request_of(state: StackState, identity: str, audience: str) -> httpx.Response:
    """What the action sends, with the token that Logic Apps adds to it."""
    parameters = {"broker_url": state.host, "broker_audience": audience, "tenant": "contoso"}
    inputs = filled(ACTIONS["Get_token"]["inputs"], parameters)
    own = Workload(state=state, name=identity).assertion(inputs["authentication"]["audience"])
    headers = inputs["headers"] | {"Authorization": f"Bearer {own}"}
    return httpx.request(
        inputs["method"],
        inputs["uri"],
        content=json.dumps(inputs["body"]),
        headers=headers,
        timeout=60,
        trust_env=False,
        verify=usual_trust(),
    )


def test_its_request_is_answered_with_the_token_that_the_next_action_takes(consented: StackState) -> None:
    answer = request_of(consented, "reports", f"api://{BROKER_API}")
    taken = re.search(
        r"body\('Get_token'\)\['(\w+)'\]", ACTIONS["Read_organization"]["inputs"]["headers"]["Authorization"]
    )
    assert taken is not None
    assert claims_of(answer.json()[taken[1]])["tid"] == CONTOSO


@pytest.mark.parametrize(
    ("identity", "audience", "code"),
    [
        ("intruder", f"api://{BROKER_API}", "not_permitted"),
        ("reports", "https://management.azure.com/", "assertion_for_another_audience"),
    ],
)
def test_a_refusal_has_what_the_ending_tells(consented: StackState, identity: str, audience: str, code: str) -> None:
    content = request_of(consented, identity, audience).json()
    assert content["code"] == code
    assert {"error_description", "correlation_id"} < set(content)
