"""The HTTP words of customers' tenants: people and workloads, what a request may hold, and what an answer carries."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.person import Person
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, AZURE_CLI, BROKER_API, CONTOSO, PARTNER_TENANT, SECOND_ADMIN, TAILSPIN, User
from tests.consent_http.browser import new_name, operator_of, send
from tests.consent_http.rig import typed_in
from tests.local_control import Controls

ROUTES = [
    ("GET", "customers"),
    ("PUT", f"customers/{TAILSPIN}/consent"),
    ("DELETE", f"customers/{CONTOSO}/consent"),
]
FLUSH = ("POST", f"customers/{CONTOSO}/flush")
# As many as there are threads for Partner Center in an instance.
THREADS = 4


@pytest.fixture(scope="module")
def consent(stack: StackState) -> Iterator[str]:
    """A consent of Ada's that no other test has to do with."""
    name = new_name()
    with Person() as person:
        assert person.consent(operator_of(stack).link(name), ADMIN).is_success
    yield name
    operator_of(stack).call("DELETE", f"consents/{name}")


@pytest.fixture
def center(stack: StackState) -> Iterator[Controls]:
    controls = Controls(stack, stack.partner_center)
    controls.clear("requests")
    yield controls
    controls.clear("faults")


@pytest.fixture
def provisioning(stack: StackState) -> Workload:
    return Workload(state=stack, name="provisioning")


def token_of_person(stack: StackState, user: User) -> str:
    """What somebody gets who signs in with Azure CLI by device code."""
    endpoint, trust = f"{stack.entra}/{PARTNER_TENANT}/oauth2/v2.0", ssl.create_default_context(cafile=stack.ca_file)
    asked = {"client_id": AZURE_CLI, "scope": f"api://{BROKER_API}/.default"}
    with httpx.Client(verify=trust, trust_env=False) as http:
        device = http.post(f"{endpoint}/devicecode", data=asked).raise_for_status().json()
        typed_in(device, user)
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device["device_code"]}
        token: str = http.post(f"{endpoint}/token", data={**asked, **grant}).raise_for_status().json()["access_token"]
    return token


def test_a_person_with_the_role_uses_them_from_azure_cli(stack: StackState, consent: str) -> None:
    headers = {"Authorization": f"Bearer {token_of_person(stack, ADMIN)}"}
    listed = send("GET", f"{stack.host}/api/customers?consent={consent}", headers=headers)
    assert len(listed.raise_for_status().json()["customers"]) == 4
    for method, path in ROUTES[1:]:
        answer = send(method, f"{stack.host}/api/{path}?consent={consent}", headers=headers)
        assert answer.raise_for_status().json()["dry_run"] is True


@pytest.mark.parametrize(("method", "path"), [*ROUTES, FLUSH])
def test_a_person_without_the_role_is_refused(stack: StackState, center: Controls, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {token_of_person(stack, SECOND_ADMIN)}"}
    answer = send(method, f"{stack.host}/api/{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert "Customers.Manage" in answer.json()["error_description"]
    assert center.requests().total() == 0


def test_who_may_read_customers_lists_them_and_changes_nothing(stack: StackState, consent: str) -> None:
    reader = Workload(state=stack, name="service-desk")
    assert len(reader.call("GET", f"customers?consent={consent}").raise_for_status().json()["customers"]) == 4
    for method, path in (*ROUTES[1:], FLUSH):
        answer = reader.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_keeps_an_answer_and_each_names_its_invocation(
    provisioning: Workload, consent: str, method: str, path: str
) -> None:
    for answer in (provisioning.call(method, f"{path}?consent={consent}"), provisioning.call(method, f"{path}?x=1")):
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-ms-request-id"]) == 36
    assert answer.json()["correlation_id"] == answer.headers["x-ms-request-id"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_nobody_has_consented_to_reaches_no_customer(
    provisioning: Workload, center: Controls, method: str, path: str
) -> None:
    more = "" if method == "GET" else "&dry_run=false"
    answer = provisioning.call(method, f"{path}?consent={new_name()}{more}")
    assert (answer.status_code, answer.json()["code"]) == (400, "consent_absent")
    assert center.requests().total() == 0


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_withdrawn_consent_manages_nobody(provisioning: Workload, center: Controls, method: str, path: str) -> None:
    name, operator = new_name(), operator_of(provisioning.state)
    with Person() as person:
        assert person.consent(operator.link(name), ADMIN).is_success
    assert operator.call("DELETE", f"consents/{name}").is_success
    more = "" if method == "GET" else "&dry_run=false"
    answer = provisioning.call(method, f"{path}?consent={name}{more}")
    assert (answer.status_code, answer.json()["code"]) == (400, "consent_withdrawn")
    assert center.requests().total() == 0


@pytest.mark.parametrize(
    "query", ["dry_run=true", "size=1", "consent=Partner", "consent=%2e%2e", "tenant=x", "CONSENT=partner"]
)
def test_a_list_takes_a_consent_and_nothing_else(provisioning: Workload, center: Controls, query: str) -> None:
    answer = provisioning.call("GET", f"customers?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert center.requests().total() == 0


@pytest.mark.parametrize("body", [[], "grants", 1, {"dry_run": False}, {"": 1}, {"scopes": []}], ids=str)
def test_a_consent_is_made_without_a_body_or_not_at_all(
    provisioning: Workload, consent: str, center: Controls, body: object
) -> None:
    """Above all `dry_run` is no field: whoever writes it there must not believe to have been heard."""
    answer = provisioning.call("PUT", f"customers/{TAILSPIN}/consent?dry_run=false&consent={consent}", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert center.requests().total() == 0


def test_partner_center_out_of_order_is_told_with_a_time_to_wait(
    provisioning: Workload, consent: str, center: Controls
) -> None:
    headers = {"Retry-After": "1"}
    center.post("faults", {"times": -1, "status": 503, "headers": headers, "body": {"description": "host-17 is down"}})
    answer = provisioning.call("GET", f"customers?consent={consent}")
    assert (answer.status_code, answer.json()["code"]) == (503, "partner_center_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "host-17" not in answer.text


def test_whoever_waits_for_partner_center_holds_up_no_other_operator(
    stack: StackState, provisioning: Workload, consent: str, center: Controls
) -> None:
    center.post("faults", {"path": "/v1/customers", "times": -1, "delay": 4.0})
    path = f"customers?consent={consent}"
    with ThreadPoolExecutor(THREADS) as threads:
        waiting = [threads.submit(provisioning.call, "GET", path) for _ in range(THREADS)]
        arrived = (center.requests()["GET", "/v1/customers"] for _ in range(1000))
        assert any(count == THREADS for count in arrived)
        assert operator_of(stack).call("GET", f"consents/{consent}").is_success
        assert not any(one.done() for one in waiting)
    assert all(one.result().is_success for one in waiting)
