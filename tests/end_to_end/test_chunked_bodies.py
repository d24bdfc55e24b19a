"""Bodies without a length: served where the platform hands them on, and refused by name where it keeps them."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.host.configuration import CHUNKED_BODIES_ARRIVE
from local.person import Person, usual_trust
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO
from tests.conftest import StackMaker

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = json.loads((ROOT / "token_http" / "openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in {"get", "post", "put", "delete"}
]
TAKE_A_BODY = [
    (method, path, operation["tags"]) for method, path, operation in OPERATIONS if "411" in operation["responses"]
]
# The identity that may call what is tagged so.
CALLERS = {"token": "reports", "operators": "operator", "customers": "provisioning"}


def chunked(caller: Workload, method: str, path: str, content: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {caller.assertion()}", "Content-Type": "application/json"}
    url = f"{caller.state.host}{path.replace('{name}', 'nobodys').replace('{tenant}', CONTOSO)}"
    pieces: Iterator[bytes] = iter([json.dumps(content).encode()])
    return httpx.request(
        method, url, content=pieces, headers=headers, timeout=60, trust_env=False, verify=usual_trust()
    )


def test_every_route_that_takes_a_body_is_known_here() -> None:
    known = {path for _, path, _ in TAKE_A_BODY}
    assert "/api/token" in known
    # The consent page's button has a test of its own below; the console's do nothing without the token in their form.
    acts = {f"/api/console/consents/{{name}}/{act}" for act in ("link", "check", "withdraw", "restore")}
    buttons = {"/api/consent", "/api/console/sign-out", "/api/console/customers/{tenant}/acts", *acts}
    assert {path for _, path, operation in OPERATIONS if "requestBody" in operation} - known == buttons


@pytest.mark.parametrize(("method", "path", "tags"), TAKE_A_BODY, ids=[path for _, path, _ in TAKE_A_BODY])
def test_a_body_that_was_sent_and_did_not_arrive_is_never_taken_for_an_empty_one(
    stack: StackState, method: str, path: str, tags: list[str]
) -> None:
    caller = Workload(state=stack, name="operator" if path.startswith("/api/policy") else CALLERS[tags[0]])
    answer = chunked(caller, method, path, {"tenant": "contoso", "resource": "graph"})
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert "Content-Length" in answer.json()["error_description"]


def test_parameters_in_the_address_do_not_make_up_for_a_body_that_did_not_arrive(stack: StackState) -> None:
    path = "/api/customers/{tenant}/consent?dry_run=true"
    answer = chunked(Workload(state=stack, name="provisioning"), "PUT", path, {})
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_the_button_says_so_on_its_page(stack: StackState) -> None:
    pieces = iter([b"link=anything"])
    answer = httpx.post(f"{stack.host}/api/consent", content=pieces, trust_env=False, verify=usual_trust())
    assert answer.status_code == 411
    assert "did not arrive" in answer.text


def test_a_chunked_body_that_arrives_is_served(make_stack: StackMaker) -> None:
    with make_stack(**{CHUNKED_BODIES_ARRIVE: "true"}) as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        reports = Workload(state=state, name="reports")
        answer = chunked(reports, "POST", "/api/token", {"tenant": "contoso", "resource": "graph"})
        assert answer.json()["token_type"] == "Bearer"
