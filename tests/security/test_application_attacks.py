"""Attacks on the application's own tokens, over real HTTP: every dialect decides alike, and by the policy alone."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from local.demo import claims_of
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO, MANAGEMENT_APPLICATION, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT
from shared.consents.consent import MANAGEMENT_NAME
from tests.token_http.over_http import bearing, on_record, records, send
from token_http.oauth_dialect import CLIENT_CREDENTIALS, JWT_BEARER

NAMES = {
    "graph": "https://graph.microsoft.com",
    "arm": "https://management.azure.com",
    "exchange": "https://outlook.office365.com",
}
MODULES = {"graph": "Graph", "arm": "Az", "exchange": "ExchangeOnline"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def plain(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    return workload.token(tenant, resource, **{"as": "application"})


def identity(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    query = f"api-version=2019-08-01&resource={NAMES[resource]}"
    headers = {"X-IDENTITY-HEADER": workload.assertion()}
    return send(workload.state, "GET", f"msi-application/{tenant}?{query}", headers=headers)


def oauth(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    return form(workload, tenant, {"scope": f"{NAMES[resource]}/.default"}, headers=bearing(workload))


def oauth_version_1(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    return form(workload, tenant, {"resource": NAMES[resource]}, version="", headers=bearing(workload))


def oauth_with_an_assertion(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    proof = {"client_assertion": workload.assertion(), "client_assertion_type": JWT_BEARER}
    return form(workload, tenant, {"scope": f"{NAMES[resource]}/.default", **proof})


def form(
    workload: Workload,
    tenant: str,
    fields: Mapping[str, str],
    *,
    version: str = "v2.0/",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    body = str(httpx.QueryParams({"grant_type": CLIENT_CREDENTIALS, **fields})).encode()
    return send(
        workload.state, "POST", f"{tenant}/oauth2/{version}token", headers={**FORM, **(headers or {})}, body=body
    )


def module(workload: Workload, tenant: str, resource: str) -> httpx.Response:
    query = httpx.QueryParams({"tenant": tenant, "as": "application"})
    return send(workload.state, "GET", f"connect/{MODULES[resource]}?{query}", headers=bearing(workload))


type Ask = Callable[[Workload, str, str], httpx.Response]
DIALECTS: list[Ask] = [plain, identity, oauth, oauth_version_1, oauth_with_an_assertion, module]


def token_of(answer: httpx.Response) -> str:
    """As OAuth names it, or the Connect commands."""
    content = answer.json()
    return str(content.get("access_token") or content["AccessToken"])


@pytest.fixture
def reports(stack: StackState) -> Workload:
    return Workload(state=stack, name="reports")


def test_every_dialect_gives_one_token_of_the_application_without_any_consent(reports: Workload) -> None:
    answers = [ask(reports, "northwind", "graph") for ask in DIALECTS]
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert len({token_of(answer) for answer in answers}) == 1
    claims = claims_of(token_of(answers[0]))
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
    stack: StackState, ask: Ask, asked: tuple[str, str, str]
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
        assert ["application_stopped" in answer.text for answer in answers] == [True] * len(DIALECTS)
        assert operator.call("GET", "application/stop").json() == {"stopped": True, "left": [], "offboarded": []}
    finally:
        assert operator.call("DELETE", "application/stop").json()["stopped"] is False
    assert plain(reports, "northwind", "graph").is_success


# What is not plainly one of the two words: another case, another alphabet, another kind of value, both.
FORGED: list[Any] = [
    *("Application", "APPLICATION", "application ", " application", "application\x00", "application,user", ""),
    *("\uff41pplication", "applicati\u043en", "appl\u0131cation", "applica\u200btion", "USER", "management"),
    *(["application"], ["user", "application"], {"kind": "application"}, True, 1, None),
]


@pytest.mark.parametrize("forged", FORGED, ids=repr)
def test_whatever_else_a_body_says_of_the_kind_is_refused(stack: StackState, reports: Workload, forged: Any) -> None:  # noqa: ANN401
    operator, asked = Workload(state=stack, name="operator"), {"tenant": "contoso", "resource": "graph", "as": forged}
    caller = claims_of(reports.assertion())["oid"]
    for answer in (
        reports.call("POST", "token", asked),
        operator.call("POST", "policy/check", {"caller": caller, **asked}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text


@pytest.mark.parametrize("forged", [text for text in FORGED if text and isinstance(text, str)], ids=repr)
@pytest.mark.parametrize(
    "path", ["connect/Graph?tenant=contoso", "tenants?after=", "connect/ExchangeOnline?tenant=contoso"]
)
def test_whatever_else_a_query_says_of_the_kind_is_refused(reports: Workload, path: str, forged: str) -> None:
    asked = f"{path}&{httpx.QueryParams({'as': forged})}"
    answer = send(reports.state, "GET", asked, headers=bearing(reports))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text


def test_a_query_that_leaves_the_kind_empty_asks_for_a_persons(reports: Workload) -> None:
    answer = send(reports.state, "GET", "connect/ExchangeOnline?tenant=contoso&as=", headers=bearing(reports))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


TWICE = [
    ("GET", "connect/Graph?tenant=contoso&as=user&as=application", ""),
    ("GET", "connect/Graph?tenant=contoso&as=application&as=application", ""),
    ("GET", "connect/Graph?tenant=contoso&As=application", ""),
    ("GET", "connect/Graph?tenant=contoso&as%5B%5D=application", ""),
    ("GET", "tenants?as=user&as=application", ""),
    ("GET", "msi/partner/contoso?api-version=2019-08-01&resource=graph&as=application", ""),
    ("GET", "msi-application/contoso?api-version=2019-08-01&resource=graph&as=user", ""),
    ("GET", "msi-application/contoso?api-version=2019-08-01&resource=graph&consent=partner", ""),
    ("POST", "token", '{"tenant": "contoso", "resource": "graph", "as": "user", "as": "application"}'),
    ("POST", "token", '{"tenant": "contoso", "resource": "graph", "as": "application", "\\u0061s": "application"}'),
    ("POST", "token", '{"tenant": "contoso", "resource": "graph", "As": "application"}'),
    ("POST", "token?as=application", '{"tenant": "contoso", "resource": "graph"}'),
    ("POST", "token?as=user", '{"tenant": "contoso", "resource": "graph", "as": "application"}'),
]


@pytest.mark.parametrize("asked", TWICE, ids=str)
def test_a_kind_that_is_said_twice_or_in_the_wrong_place_is_refused(
    reports: Workload, asked: tuple[str, str, str]
) -> None:
    method, path, body = asked
    kind = {"Content-Type": "application/json"} if body else {}
    answer = send(reports.state, method, path, headers=bearing(reports, **kind), body=body.encode())
    assert answer.status_code == httpx.codes.BAD_REQUEST, answer.text


@pytest.mark.parametrize(
    "body",
    [
        f"grant_type=client_credentials&grant_type=refresh_token&scope={NAMES['graph']}/.default",
        f"grant_type=client_credentials&scope={NAMES['graph']}/.default&consent=partner",
        f"grant_type=Client_Credentials&scope={NAMES['graph']}/.default",
        f"grant_type=client_credentials%20&scope={NAMES['graph']}/.default",
    ],
)
def test_a_form_that_is_not_plainly_client_credentials_is_refused(reports: Workload, body: str) -> None:
    headers = bearing(reports, **FORM)
    answer = send(reports.state, "POST", "contoso/oauth2/v2.0/token", headers=headers, body=body.encode())
    assert answer.is_client_error
    assert "access_token" not in answer.text


@pytest.mark.parametrize("fields", [{"as": "application"}, {"client_id": PARTNER_APPLICATION, "client_secret": "x"}])
def test_what_a_form_says_beside_its_grant_makes_no_token_of_the_application(
    stack: StackState, fields: dict[str, str]
) -> None:
    """The only row of this caller for Exchange is of the application: another grant is a person's, whatever is said."""
    reports = Workload(state=stack, name="reports")
    asked = {"grant_type": "refresh_token", "scope": f"{NAMES['exchange']}/.default", **fields}
    query = "?grant_type=client_credentials&as=application"
    body, headers = str(httpx.QueryParams(asked)).encode(), bearing(reports, **FORM)
    for path in ("contoso/oauth2/v2.0/token", f"contoso/oauth2/v2.0/token{query}"):
        answer = send(stack, "POST", path, headers=headers, body=body)
        assert answer.is_client_error, answer.text
        assert "access_token" not in answer.text


def test_a_row_of_the_application_alone_gives_no_token_of_a_person_in_any_dialect(reports: Workload) -> None:
    assert plain(reports, "contoso", "exchange").is_success
    query = f"api-version=2019-08-01&resource={NAMES['exchange']}"
    answers = [
        reports.token("contoso", "exchange"),
        reports.token("contoso", "exchange", **{"as": "user"}),
        reports.token("contoso", "exchange", consent="application"),
        send(reports.state, "GET", f"msi/partner/contoso?{query}", headers=bearing(reports)),
        send(reports.state, "GET", f"msi/application/contoso?{query}", headers=bearing(reports)),
        send(reports.state, "GET", "connect/ExchangeOnline?tenant=contoso", headers=bearing(reports)),
        send(reports.state, "GET", "connect/ExchangeOnline?tenant=contoso&as=user", headers=bearing(reports)),
    ]
    assert [(answer.status_code, "not_permitted" in answer.text) for answer in answers] == [(403, True)] * len(answers)


def test_a_caller_is_told_the_tenants_of_each_kind_apart(stack: StackState) -> None:
    def listed(who: str, query: str) -> dict[str, list[str]]:
        answer = Workload(state=stack, name=who).call("GET", f"tenants{query}").json()
        return {one["tenant"]: one["resources"] for one in answer["tenants"]}

    own, persons = listed("reports", "?as=application"), listed("reports", "")
    assert own[CONTOSO] == ["exchange", "graph"]
    assert "exchange" not in persons[CONTOSO]
    assert PARTNER_TENANT in persons
    assert PARTNER_TENANT not in own
    assert listed("intruder", "?as=application") == {}


@pytest.mark.parametrize("who", ["reports", "intruder", "stranger", "provisioning", "service-desk"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_but_an_operator_sees_or_changes_the_stop(stack: StackState, who: str, method: str) -> None:
    answer = Workload(state=stack, name=who).call(method, "application/stop")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert Workload(state=stack, name="operator").call("GET", "application/stop").json()["stopped"] is False
