"""The OpenAPI document against the app: the same routes, and a running host that answers as it says."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT: dict[str, Any] = json.loads((ROOT / "token_http" / "openapi.json").read_text())
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
# The pages lead to the authority and change consents; tests/consent_http/ is about them.
BY_HAND = {"consent_begin", "consent_redirect", "consent_page"}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own: made-up requests withdraw consents and make links."""
    with running_stack(tmp_path_factory.mktemp("openapi") / "state") as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "delete", "patch"}:
                yield method.upper(), path, operation


def test_the_document_has_every_route_of_the_app_and_no_other(state: StackState) -> None:
    functions = httpx.get(
        f"{state.host}/admin/functions", headers={"x-functions-key": state.control_secret}, trust_env=False
    ).json()
    served = set()
    for function in functions:
        for binding in function["config"]["bindings"]:
            if binding["type"] == "httpTrigger":
                served |= {
                    (method.upper(), f"/api/{binding['route']}", function["name"]) for method in binding["methods"]
                }
    described = {(method, path, operation["operationId"]) for method, path, operation in operations()}
    assert described == served


def test_the_host_serves_the_document_and_the_policys_schema(state: StackState) -> None:
    served = httpx.get(f"{state.host}/api/openapi.json", trust_env=False)
    assert served.json() == DOCUMENT
    schema = httpx.get(f"{state.host}/api/policy/schema.json", trust_env=False).json()
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_answer_that_may_hold_a_token_says_that_nobody_keeps_it() -> None:
    for _method, _path, operation in operations():
        if "token" in operation["tags"]:
            assert operation["responses"]["200"]["headers"]["Cache-Control"]["schema"]["const"] == "no-store"


def schema_of(state: StackState) -> Any:  # noqa: ANN401 - schemathesis has no public name for it
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.config.update(base_url=state.host)
    return schema


@pytest.mark.parametrize(
    ("identity", "tags"),
    [("reports", {"token", "open"}), ("operator", {"operators"}), ("provisioning", {"customers"})],
    ids=["reports", "operator", "provisioning"],
)
def test_whatever_is_asked_the_host_answers_as_described(state: StackState, identity: str, tags: set[str]) -> None:
    """Schemathesis makes up requests, right and wrong ones, for every operation; no answer is undeclared or a 500."""
    token = Workload(state=state, name=identity).assertion()
    tried = set()
    for result in schema_of(state).get_all_operations():
        operation = result.ok()
        definition = operation.definition.raw
        if definition["operationId"] in BY_HAND or not tags & set(definition["tags"]):
            continue
        tried.add(definition["operationId"])
        make_up_requests(operation, token)
    assert tried == {
        operation["operationId"]
        for _, _, operation in operations()
        if tags & set(operation["tags"]) and operation["operationId"] not in BY_HAND
    }


def make_up_requests(operation: Any, token: str) -> None:  # noqa: ANN401 - as above
    headers = {"Authorization": f"Bearer {token}"}

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:  # noqa: ANN401 - as above
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()


def test_without_a_token_every_guarded_route_refuses(state: StackState) -> None:
    for method, path, operation in operations():
        if operation.get("security"):
            url = state.host + path.replace("{name}", "partner").replace("{consent}", "partner").replace(
                "{tenant}", "contoso"
            ).replace("{module}", "Az")
            answer = httpx.request(method, url, trust_env=False, verify=ssl.create_default_context())
            assert answer.status_code == httpx.codes.UNAUTHORIZED, (method, path)
