"""Attacks on the application's own tokens, over real HTTP: every dialect decides alike, and by the policy alone."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.demo import claims_of
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO, MANAGEMENT_APPLICATION, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT
from shared.consents.consent import MANAGEMENT_NAME
from tests.token_http.over_http import bearing, on_record, records, send

NAMES = {"graph": "https://graph.microsoft.com", "arm": "https://management.azure.com"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def plain(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    return workload.token(tenant, resource, **{"as": "application"})


def identity(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    query = f"api-version=2019-08-01&resource={NAMES[resource]}"
    headers = {"X-IDENTITY-HEADER": workload.assertion()}
    return send(workload.state, "GET", f"msi-application/{tenant}?{query}", headers=headers)


def oauth(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "scope": f"{NAMES[resource]}/.default"}
    body = str(httpx.QueryParams(form)).encode()
    headers = {**FORM, **bearing(workload)}
    return send(workload.state, "POST", f"{tenant}/oauth2/v2.0/token", headers=headers, body=body)


DIALECTS: list[Callable[[Workload, str, str], httpx.Response]] = [plain, identity, oauth]


@pytest.fixture
def reports(stack: StackState) -> Workload:
    return Workload(state=stack, name="reports")


def test_every_dialect_gives_one_token_of_the_application_without_any_consent(reports: Workload) -> None:
    answers = [ask(reports, "northwind", "graph") for ask in DIALECTS]
    assert [answer.status_code for answer in answers] == [200, 200, 200], [answer.text for answer in answers]
    assert len({answer.json()["access_token"] for answer in answers}) == 1
    claims = claims_of(answers[0].json()["access_token"])
    assert (claims["tid"], claims["appid"], "scp" in claims) == (NORTHWIND, PARTNER_APPLICATION, False)
    for answer in answers:
        (found,) = records(reports.state, answer)
        told = {name: found[name] for name in ("event", "as", "consent", "lineage", "permission", "tenant")}
        assert told == {
            "event": "token.issued",
            "as": "application",
            "consent": None,
            "lineage": None,
            "permission": "policy-1[2] reports as the application",
            "tenant": NORTHWIND,
        }


@pytest.mark.parametrize("ask", DIALECTS)
@pytest.mark.parametrize(
    "asked",
    [
        ("intruder", "contoso", "graph"),
        ("reports", "contoso", "arm"),  # a row for the consent's token, and none for this one
        ("reports", CONTOSO, "arm"),
        ("reports", "wingtip", "graph"),
        ("reports", "home", "graph"),
        ("reports", PARTNER_TENANT, "graph"),
    ],
    ids=str,
)
def test_what_no_row_of_its_own_allows_is_refused_in_every_dialect(
    stack: StackState, ask: Callable[[Workload, str, str], httpx.Response], asked: tuple[str, str, str]
) -> None:
    who, tenant, resource = asked
    answer = ask(Workload(state=stack, name=who), tenant, resource)
    assert answer.is_client_error
    assert "not_permitted" in answer.text
    found = on_record(stack, "token.refused", tenant_asked=tenant, **{"as": "application"})
    assert (found["outcome"], found["permission"]) == ("not_permitted", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"consent": MANAGEMENT_NAME},
        {"consent": "partner"},
        {"client_id": MANAGEMENT_APPLICATION},
        {"as": "management"},
        {"as": "user", "consent": MANAGEMENT_NAME},
    ],
    ids=str,
)
def test_no_request_reaches_the_management_application(reports: Workload, fields: dict[str, Any]) -> None:
    answer = reports.call("POST", "token", {"tenant": "contoso", "resource": "graph", "as": "application", **fields})
    assert answer.is_client_error
    assert "access_token" not in answer.text


def test_the_operators_dry_run_tells_the_two_apart(stack: StackState, reports: Workload) -> None:
    operator = Workload(state=stack, name="operator")
    caller = claims_of(reports.assertion())["oid"]
    for resource, kind, allowed in (
        ("exchange", "application", True),
        ("exchange", "user", False),
        ("arm", "application", False),
        ("arm", "user", True),
    ):
        asked = {"caller": caller, "tenant": "contoso", "resource": resource, "as": kind}
        told = operator.call("POST", "policy/check", asked).json()
        assert (told["allowed"], told["as"]) == (allowed, kind)


def test_an_operator_stops_them_all_at_once_and_nobody_else_can(stack: StackState, reports: Workload) -> None:
    operator = Workload(state=stack, name="operator")
    assert plain(reports, "northwind", "graph").is_success
    for who in ("reports", "provisioning"):
        for method in ("PUT", "DELETE"):
            assert Workload(state=stack, name=who).call(method, "application/stop").is_client_error
    try:
        assert operator.call("PUT", "application/stop").json()["stopped"]
        answers = [ask(reports, "northwind", "graph") for ask in DIALECTS]
        assert ["application_stopped" in answer.text for answer in answers] == [True, True, True]
        assert operator.call("GET", "application/stop").json() == {"stopped": True, "left": []}
    finally:
        assert operator.call("DELETE", "application/stop").json()["stopped"] is False
    assert plain(reports, "northwind", "graph").is_success
