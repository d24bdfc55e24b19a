"""The OpenAPI document against the app: the same routes, and a running host that answers as it says."""

import itertools
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
from local.world import ADMIN, CONTOSO
from tests.health import health_of

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT: dict[str, Any] = json.loads((ROOT / "token_http" / "openapi.json").read_text())
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# The pages lead to the authority and change consents; tests/consent_http/ is about them.
BY_HAND = {"consent_begin", "consent_redirect", "consent_page"} | {
    f"console_{name}"
    for name in (
        "overview",
        "consent",
        "customers",
        "customer",
        "customer_act",
        "customer_deed",
        "policy",
        "sign_in",
        "redirect",
        "sign_out",
    )
}
CONSENT_ACTS = {f"console_consent_{act}" for act in ("link", "check", "withdraw", "restore")}
BY_HAND |= CONSENT_ACTS
# Pages to which no code is sent.
CONSOLE_PAGES = {"console_overview", "console_consent", "console_customers", "console_customer", "console_policy"}
CONSOLE_PAGES |= {"console_customer_act", "console_customer_deed"} | CONSENT_ACTS


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own: made-up requests withdraw consents and make links."""
    with running_stack(tmp_path_factory.mktemp("openapi") / "state") as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method.upper() in METHODS:
                yield method.upper(), path, operation


def filled_in(path: str) -> str:
    """An address for this path."""
    return path.format(name="partner", consent="partner", tenant=CONTOSO, module="Az", act="0" * 32)


def http_triggers(state: StackState) -> dict[str, dict[str, Any]]:
    """The name of each function that is called over HTTP, and its trigger."""
    functions = httpx.get(
        f"{state.host}/admin/functions", headers={"x-functions-key": state.control_secret}, trust_env=False
    ).json()
    return {
        function["name"]: binding
        for function in functions
        for binding in function["config"]["bindings"]
        if binding["type"] == "httpTrigger"
    }


def methods_of(trigger: dict[str, Any]) -> list[str]:
    """What a function is called with; the host takes none for all."""
    return list(trigger.get("methods") or METHODS)


def test_the_document_has_every_route_of_the_app_and_no_other(state: StackState) -> None:
    triggers = http_triggers(state)
    described = {operation["operationId"]: (method, path) for method, path, operation in operations()}
    assert {name: f"/api/{trigger['route']}" for name, trigger in triggers.items()} == {
        name: path for name, (_, path) in described.items()
    }
    for name, (method, _) in described.items():
        assert method in methods_of(triggers[name])


def test_no_request_is_for_two_functions(state: StackState) -> None:
    """Of two that match, the host takes the one whose name sorts first, whatever their routes say."""
    triggers = http_triggers(state).values()
    for route in {trigger["route"] for trigger in triggers}:
        called = [method for trigger in triggers if trigger["route"] == route for method in methods_of(trigger)]
        assert sorted(called) == sorted(METHODS), route
    both = [pair for pair in itertools.combinations(DOCUMENT["paths"], 2) if one_address_matches(*pair)]
    assert both == [("/api/msi/{consent}/{tenant}", "/api/{tenant}/oauth2/token")]


def test_a_tenant_called_as_the_managed_identity_dialect_has_no_version_1_endpoint(state: StackState) -> None:
    """The one address of two functions: which of them answers is known, and said in docs/token-endpoint.md."""
    answer = httpx.post(f"{state.host}/api/msi/oauth2/token", trust_env=False)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def one_address_matches(one: str, other: str) -> bool:
    """Whether some address is of both paths; `{name}` stands for any part."""
    parts, others = one.split("/"), other.split("/")
    return len(parts) == len(others) and all(
        part == another or "{" in part + another for part, another in zip(parts, others, strict=True)
    )


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_method_but_those_of_the_document_is_refused_by_name(state: StackState, path: str) -> None:
    described = [method.upper() for method in DOCUMENT["paths"][path] if method.upper() in METHODS]
    for method in set(METHODS) - set(described):
        answer = httpx.request(method, state.host + filled_in(path), trust_env=False)
        assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(described)), method


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()), ids=lambda value: str(value)[:40])
def test_a_secret_in_the_address_is_refused_wherever_the_document_takes_none(
    state: StackState, method: str, path: str, operation: dict[str, Any]
) -> None:
    answer = httpx.request(method, f"{state.host}{filled_in(path)}?refresh_token=0.AXoA", trust_env=False)
    assert "0.AXoA" not in answer.text
    if (
        "person" in operation["tags"] and operation["operationId"] not in CONSOLE_PAGES
    ):  # pages, one of which is where the authority sends its code
        assert "secret_leaked" not in answer.text
        return
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "secret_leaked" in answer.text


def test_a_parameter_that_the_document_does_not_have_is_refused_by_name(state: StackState) -> None:
    identities = {"token": "reports", "operators": "operator", "customers": "provisioning"}
    tokens = {tag: Workload(state=state, name=name).assertion() for tag, name in identities.items()}
    for method, path, operation in operations():
        if operation.get("security"):
            (tag,) = operation["tags"]
            headers = {"Authorization": f"Bearer {tokens[tag]}"}
            url = f"{state.host}{filled_in(path)}?nobody-knows=1"
            answer = httpx.request(method, url, headers=headers, trust_env=False)
            assert answer.status_code == httpx.codes.BAD_REQUEST, (method, path)
            assert "Unknown parameter: 'nobody-knows'" in answer.text, (method, path)


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
    assert health_of(state.host).is_success
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
            url = state.host + filled_in(path)
            answer = httpx.request(method, url, trust_env=False, verify=ssl.create_default_context())
            assert answer.status_code == httpx.codes.UNAUTHORIZED, (method, path)
