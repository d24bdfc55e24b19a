"""The operators' routes over real HTTP: who is let in, and what their requests must look like."""

import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.demo import claims_of
from local.person import Person
from local.state import StackState
from local.workload import Workload
from local.world import (
    ADMIN,
    AZURE_CLI,
    AZURE_POWERSHELL,
    BROKER_API,
    OTHER_APPLICATION,
    PARTNER_TENANT,
    SECOND_ADMIN,
    User,
)
from tests.consent_http.browser import Browser, code_of, new_name, operator_of, send
from tests.local_control import Controls
from tests.token_http.over_http import records

OTHER_SECRET = "other-application-secret-of-the-local-stack"
OPERATE = f"api://{BROKER_API}/Broker.Operate"
ROUTES = [
    ("GET", "consents"),
    ("GET", "consents/nobody"),
    ("DELETE", "consents/nobody"),
    ("POST", "consents/nobody/link"),
    ("DELETE", "consents/nobody/link"),
]


@pytest.fixture
def name() -> str:
    return new_name()


@pytest.fixture
def consents(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; what was consented to is as the world has it afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("consents")


def call(
    stack: StackState,
    method: str,
    path: str,
    *,
    token: str | None = None,
    **arguments: Any,  # noqa: ANN401 - httpx's own
) -> httpx.Response:
    headers = {**({"Authorization": f"Bearer {token}"} if token is not None else {}), **arguments.pop("headers", {})}
    return send(method, f"{stack.host}/api/{path}", headers=headers, **arguments)


def token_of_person(stack: StackState, user: User, *, client: str = AZURE_CLI, **secret: str) -> str:
    """What somebody gets who signs in with a client by device code."""
    endpoint = f"{stack.entra}/{PARTNER_TENANT}/oauth2/v2.0"
    trust = ssl.create_default_context(cafile=stack.ca_file)
    asked = {"client_id": client, "scope": f"api://{BROKER_API}/.default"}
    with httpx.Client(verify=trust, trust_env=False) as http, Person() as person:
        device = http.post(f"{endpoint}/devicecode", data=asked).raise_for_status().json()
        page = person.submit(person.open(device["verification_uri"]), {"user_code": device["user_code"]})
        page = person.submit(page, {"username": user.username, "password": user.password})
        assert person.submit(page).is_success
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device["device_code"]}
        answer = http.post(f"{endpoint}/token", data={**asked, **grant, **secret})
    token: str = answer.raise_for_status().json()["access_token"]
    return token


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic b3A6b3A=", "bearer-token"])
def test_without_a_bearer_token_nobody_is_let_in(
    stack: StackState, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = call(stack, method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "assertion_missing")
    assert answer.headers["www-authenticate"].partition(" ")[0] == "Bearer"


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("who", ["stranger", "reports"])
def test_a_workload_without_the_role_is_told_which_it_lacks(
    stack: StackState, method: str, path: str, who: str
) -> None:
    answer = call(stack, method, path, token=Workload(state=stack, name=who).assertion())
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert ("Consent.Read" if method == "GET" else "Consent.Manage") in answer.json()["error_description"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_token_for_another_api_is_refused(stack: StackState, method: str, path: str) -> None:
    token = operator_of(stack).assertion("https://management.azure.com")
    answer = call(stack, method, path, token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "assertion_for_another_audience")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_platforms_identity_headers_let_nobody_in(stack: StackState, method: str, path: str) -> None:
    headers = {
        "X-MS-CLIENT-PRINCIPAL": "eyJyb2xlcyI6WyJDb25zZW50Lk1hbmFnZSJdfQ==",
        "X-MS-CLIENT-PRINCIPAL-ID": ADMIN.object_id,
        "X-MS-TOKEN-AAD-ACCESS-TOKEN": operator_of(stack).assertion(),
        "x-functions-key": "any",
    }
    answer = call(stack, method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "assertion_missing")


def test_an_operators_workload_does_the_whole_job(stack: StackState, name: str) -> None:
    token = operator_of(stack).assertion()
    made = call(stack, "POST", f"consents/{name}/link", token=token, json={})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store", "a link is as good as a password while it lives"
    assert call(stack, "GET", f"consents/{name}", token=token).json()["code"] == "consent_not_found"
    with Browser() as browser:
        browser.consent(made.json()["url"], ADMIN)
    shown = call(stack, "GET", f"consents/{name}", token=token).json()
    assert shown in call(stack, "GET", "consents", token=token).json()["consents"]
    gone = [call(stack, "DELETE", f"consents/{name}", token=token).json() for _ in range(2)]
    assert gone[0] == gone[1]
    assert gone[0]["status"] == call(stack, "GET", f"consents/{name}", token=token).json()["status"] == "withdrawn"


@pytest.mark.parametrize("client", [AZURE_CLI, AZURE_POWERSHELL])
def test_a_person_with_the_role_is_an_operator_through_the_usual_clients(
    stack: StackState, name: str, client: str
) -> None:
    token = token_of_person(stack, ADMIN, client=client)
    assert call(stack, "GET", "consents", token=token).status_code == 200
    assert call(stack, "POST", f"consents/{name}/link", token=token, json={}).status_code == 201


def test_a_person_without_the_role_is_no_operator(stack: StackState) -> None:
    token = token_of_person(stack, SECOND_ADMIN)
    for method, path in ROUTES:
        answer = call(stack, method, path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_a_persons_token_from_any_other_client_is_refused(stack: StackState, consents: Controls) -> None:
    """A person's roles come along with whatever app the person signs in to."""
    consents.post(
        "consents",
        {"tenant": PARTNER_TENANT, "client": OTHER_APPLICATION, "resource": BROKER_API, "scopes": ["Broker.Operate"]},
    )
    token = token_of_person(stack, ADMIN, client=OTHER_APPLICATION, client_secret=OTHER_SECRET)
    for method, path in ROUTES:
        answer = call(stack, method, path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "assertion_of_another_kind")


def test_a_persons_token_without_the_operators_scope_is_refused(stack: StackState, consents: Controls) -> None:
    grant = {"tenant": PARTNER_TENANT, "client": AZURE_CLI, "resource": BROKER_API, "scopes": ["Something.Else"]}
    consents.post("consents", grant)
    token = token_of_person(stack, ADMIN)
    for method, path in ROUTES:
        answer = call(stack, method, path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "assertion_of_another_kind")


def test_a_persons_token_asks_for_no_access_token(stack: StackState) -> None:
    token = token_of_person(stack, ADMIN)
    answer = call(stack, "POST", "token", token=token, json={"tenant": "contoso", "resource": "graph"})
    assert (answer.status_code, answer.json()["code"]) == (401, "assertion_of_another_kind")


BAD_BODIES = [
    "",
    "[]",
    '"text"',
    "null",
    "{",
    "\x00",
    "[" * 10_000,
    '{"unknown": 1}',
    '{"Tenant": "home"}',
    '{"person": null}',
    '{"person": ["a"]}',
    '{"new_person": "yes"}',
    '{"new_person": 1}',
    '{"expires_in_minutes": true}',
    '{"expires_in_minutes": 30.5}',
    '{"expires_in_minutes": "30"}',
    '{"expires_in_minutes": NaN}',
    '{"expires_in_minutes": 1e3}',
    '{"expires_in_minutes": -' + "9" * 400 + "}",
    '{"expires_in_minutes": ' + "9" * 5000 + "}",
    '{"tenant": "home", "tenant": "home"}',
    '{"login_hint": "\\ud800"}',
    '{"login_hint": "a\\r\\nb"}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: body[:40])
def test_a_body_that_says_something_else_makes_no_link(stack: StackState, name: str, body: str) -> None:
    answer = call(stack, "POST", f"consents/{name}/link", token=operator_of(stack).assertion(), content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_a_body_larger_than_any_of_ours_is_refused_unread(stack: StackState, name: str) -> None:
    body = json.dumps({"login_hint": "a" * 20_000})
    answer = call(stack, "POST", f"consents/{name}/link", token=operator_of(stack).assertion(), content=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_link_for_one_person_is_for_nobody_else_when_its_body_is_lost(stack: StackState, name: str) -> None:
    """The Functions host hands on a chunked body as an empty one; the defaults would let anybody in."""
    token, body = operator_of(stack).assertion(), json.dumps({"person": ADMIN.object_id}).encode()
    lost = call(stack, "POST", f"consents/{name}/link", token=token, content=iter([body]))
    assert (lost.is_error, "url" in lost.json()) == (True, False)
    absent = call(stack, "POST", f"consents/{name}/link", token=token)
    assert (absent.status_code, absent.json()["code"]) == (400, "invalid_request")
    assert "The body is absent" in absent.json()["error_description"]


def test_whom_a_link_is_for_is_not_named_in_the_address(stack: StackState, name: str) -> None:
    path = f"consents/{name}/link?person={ADMIN.object_id}"
    answer = call(stack, "POST", path, token=operator_of(stack).assertion(), json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "Unknown parameter: 'person'" in answer.json()["error_description"]


def test_a_withdrawal_whose_body_or_query_says_more_is_none(stack: StackState, name: str) -> None:
    token = operator_of(stack).assertion()
    with Browser() as browser:
        browser.consent(call(stack, "POST", f"consents/{name}/link", token=token, json={}).json()["url"], ADMIN)
    for query, body in (("", {"dry_run": True}), ("?dry_run=true", None), ("", {"lineage": "another"})):
        answer = call(stack, "DELETE", f"consents/{name}{query}", token=token, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert call(stack, "GET", f"consents/{name}", token=token).json()["status"] != "withdrawn"
    assert call(stack, "DELETE", f"consents/{name}", token=token, json={}).json()["status"] == "withdrawn"


def test_a_withdrawal_and_a_revocation_wait_behind_no_page(stack: StackState, name: str) -> None:
    """More people open links than there are threads for it, and the vault is slow to say what stands there."""
    operator, slow = operator_of(stack), new_name()
    with Browser() as browser:
        browser.consent(operator.link(name), ADMIN)
    links = [operator.link(slow) for _ in range(8)]
    vault = Controls(stack, stack.token_vault)
    vault.post("faults", {"path": f"/secrets/consent-{slow}/.*", "times": -1, "delay": 5})
    vault.clear("requests")
    try:
        with ThreadPoolExecutor(len(links)) as people:
            pages = [people.submit(send, "GET", link) for link in links]
            while not any(slow in path for _method, path in vault.requests()):
                assert not any(page.done() for page in pages)
            withdrawn = operator.call("DELETE", f"consents/{name}")
            revoked = operator.call("DELETE", f"consents/{slow}/link")
            assert not any(page.done() for page in pages)
            assert (withdrawn.json()["status"], revoked.json()["status"]) == ("withdrawn", "links_revoked")
    finally:
        vault.clear("faults")


def test_links_that_were_not_used_are_revoked(stack: StackState, name: str) -> None:
    operator = operator_of(stack)
    link, token = operator.link(name), operator.assertion()
    answer = call(stack, "DELETE", f"consents/{name}/link", token=token)
    assert answer.json().keys() == {"consent", "status", "revoked_on"}
    assert (answer.status_code, answer.json()["consent"]) == (200, name)
    page = send("GET", link)
    assert (page.status_code, code_of(page)) == (410, "link_revoked")
    assert send("GET", operator.link(name)).is_success
    refused = call(stack, "DELETE", "consents/NOBODY/link", token=token)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    for query, body in (("", {"dry_run": True}), ("?dry_run=true", None)):
        answer = call(stack, "DELETE", f"consents/{name}/link{query}", token=token, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def refusal_on_record(stack: StackState, answer: httpx.Response) -> dict[str, Any]:
    (found,) = records(stack, answer)
    assert (found["event"], found["count"], found["address"]) == ("operator.refused", 1, None)
    assert found["outcome"] == answer.json()["code"]
    return found


def test_a_refused_operator_is_on_record_with_what_was_asked(stack: StackState, name: str) -> None:
    """Whatever thread found it out: in a pool's, the host would drop the line."""
    spoof = {"X-Forwarded-For": "203.0.113.7", "X-MS-CLIENT-PRINCIPAL-ID": ADMIN.object_id}
    operator, stranger = operator_of(stack), Workload(state=stack, name="stranger")
    for who, method, path, body, route in (
        (stranger, "DELETE", f"consents/{name}", None, "consents_withdraw"),
        (operator, "DELETE", f"consents/{name}", None, "consents_withdraw"),
        (operator, "POST", f"consents/{name}/restore", None, "consents_restore"),
        (operator, "POST", f"consents/{name}/import", {"refresh_token": "1.A-no-token"}, "consents_import"),
        (operator, "POST", f"consents/{name}/link", {"tenant": "elsewhere"}, "consents_link"),
        (operator, "POST", f"consents/{name}/check", {"pairs": []}, "consents_check"),
        (operator, "PUT", f"customers/{name}/consent", None, "customers_consent"),
    ):
        answer = call(stack, method, path, token=who.assertion(), headers=spoof, json=body)
        found = refusal_on_record(stack, answer)
        assert found["operator"] == claims_of(who.assertion())["oid"]
        assert (found["route"], found["target"]) == (route, name)
        assert "1.A-no-token" not in json.dumps(found)
    answer = call(stack, "DELETE", f"consents/{name}", token="bad", headers=spoof)
    assert refusal_on_record(stack, answer)["operator"] is None


@pytest.mark.parametrize("path", ["consents?status=lost", "consents/nobody?version=1"])
def test_a_question_that_is_not_understood_is_not_answered_in_part(stack: StackState, path: str) -> None:
    answer = call(stack, "GET", path, token=operator_of(stack).assertion())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_does_anything(stack: StackState, method: str) -> None:
    for path, allowed in (
        ("consent", "GET, POST"),
        ("consent/redirect", "GET"),
        ("consents", "GET"),
        ("consents/nobody", "GET, DELETE"),
        ("consents/nobody/link", "POST, DELETE"),
    ):
        answer = call(stack, method, path, token=operator_of(stack).assertion())
        # The functions of a path with two methods are called for the usual ones alone, and TRACE is none.
        unknown = method == "TRACE" and "," in allowed
        assert (answer.status_code, answer.headers.get("allow")) == ((404, None) if unknown else (405, allowed))
        assert not [header for header in answer.headers if header.startswith("access-control-")]
