"""The token routes over real HTTP: headers, refusals, audit and health, on a stack of their own."""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import httpx
import pytest

from local.clock import read_offset, write_offset
from local.demo import claims_of
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, BROKER_API, CONTOSO, DEFAULT_WORLD, NORTHWIND, PARTNER_TENANT
from shared.audit import fingerprint
from shared.request_fields import MAX_BODY
from tests.health import health_of
from tests.local_control import Controls
from tests.token_http.over_http import bearing, on_record, records, send

GRAPH = {"tenant": "contoso", "resource": "graph"}
CODES = httpx.codes


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack with a consent, whose clock and faults are these tests' own."""
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(tmp_path_factory.mktemp("token") / "state", settings=quiet) as started:
        with Person() as person:
            page = person.consent(Workload(state=started, name="operator").link(), ADMIN)
        assert "Your consent is stored" in page.text
        yield started


@pytest.fixture
def reports(state: StackState) -> Workload:
    return Workload(state=state, name="reports")


def test_a_token_answer_is_kept_by_nobody(reports: Workload) -> None:
    answer = reports.token("contoso", "graph")
    assert answer.status_code == CODES.OK
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "warning" not in answer.headers


def test_a_token_is_of_the_tenant_and_for_the_resource_that_were_asked_for(reports: Workload) -> None:
    content = reports.token("contoso", "graph").json()
    claims = claims_of(content["access_token"])
    assert (claims["tid"], claims["aud"]) == (CONTOSO, "https://graph.microsoft.com")
    assert claims["oid"] == ADMIN.object_id_in(CONTOSO)
    assert (content["tenant_id"], content["resource"]) == (CONTOSO, "https://graph.microsoft.com")
    assert content["token_type"] == "Bearer"
    assert content["expires_on"] == claims["exp"]
    assert 0 < content["expires_in"] <= 90 * 60
    assert set(content) == {
        "token_type",
        "access_token",
        "expires_in",
        "expires_on",
        "scope",
        "resource",
        "tenant_id",
    }


def test_the_second_of_two_requests_gets_the_same_token_and_claims_get_another(reports: Workload) -> None:
    first, second = (reports.token("contoso", "graph").json()["access_token"] for _ in range(2))
    assert first == second
    claims = '{"access_token": {"acrs": null}}'
    better = reports.token("contoso", "graph", claims=claims).json()["access_token"]
    after = reports.token("contoso", "graph").json()["access_token"]
    assert first != better
    assert after == better, "what its API had challenged, this caller does not get again"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cmVwb3J0czpyZXBvcnRz"},
        {"X-IDENTITY-HEADER": "something"},
    ],
    ids=str,
)
def test_without_a_token_the_answer_says_that_one_is_wanted(state: StackState, headers: dict[str, str]) -> None:
    answer = send(state, "POST", "token", headers=headers, body=json.dumps(GRAPH).encode())
    assert answer.status_code == CODES.UNAUTHORIZED
    assert answer.json()["code"] == "assertion_missing"
    assert answer.headers["www-authenticate"] == "Bearer", "RFC 6750 section 3.1: no error where no token was sent"


@pytest.mark.parametrize("token", ["x", "a.b.c", "\x7f", "e30.e30.", "e30.e30.e30", "a" * 5000])
def test_a_token_that_is_none_is_refused(state: StackState, token: str) -> None:
    answer = send(state, "POST", "token", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == CODES.UNAUTHORIZED
    assert answer.json()["code"] == "assertion_invalid"
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


def test_a_token_for_another_audience_is_refused_and_the_right_one_is_named(reports: Workload) -> None:
    """Logic Apps sends a token for ARM unless told otherwise: the answer has to say what to change."""
    headers = {"Authorization": f"Bearer {reports.assertion('https://management.azure.com')}"}
    answer = send(reports.state, "POST", "token", headers=headers)
    assert answer.status_code == CODES.UNAUTHORIZED
    assert f"api://{BROKER_API}" in answer.headers["www-authenticate"]
    assert f"api://{BROKER_API}" in answer.json()["error_description"]


def test_forged_identity_headers_are_ignored(state: StackState, reports: Workload) -> None:
    """Easy Auth writes these headers; without it anybody can."""
    forged = {
        "X-MS-CLIENT-PRINCIPAL": "eyJhdXRoX3R5cCI6ImFhZCJ9",
        "X-MS-CLIENT-PRINCIPAL-ID": DEFAULT_WORLD.identity("reports").object_id,
        "X-MS-CLIENT-PRINCIPAL-NAME": "reports",
        "X-MS-TOKEN-AAD-ACCESS-TOKEN": reports.assertion(),
        "X-Forwarded-Authorization": f"Bearer {reports.assertion()}",
    }
    body = json.dumps(GRAPH).encode()
    assert send(state, "POST", "token", headers=forged, body=body).json()["code"] == "assertion_missing"
    intruder = bearing(Workload(state=state, name="intruder"), **forged)
    assert send(state, "POST", "token", headers=intruder, body=body).json()["code"] == "not_permitted"


def object_id_of(name: str) -> str:
    return DEFAULT_WORLD.identity(name).object_id


LEAKY = ("access_token", "refresh_token", "client_assertion", "code")


@pytest.mark.parametrize("name", LEAKY)
def test_a_secret_in_the_address_opens_nothing_and_is_refused_as_leaked(reports: Workload, name: str) -> None:
    """A function key is a `code` too. It is told to whoever asks: what is in the logs is not the secret any more."""
    secret, body = reports.assertion(), json.dumps(GRAPH).encode()
    for headers in ({}, bearing(reports)):
        answer = send(reports.state, "POST", f"token?{name}={secret}", headers=headers, body=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "secret_leaked")
        assert name in answer.json()["error_description"]
        assert "Revoke it" in answer.json()["error_description"]
        assert secret not in f"{answer.text} {answer.headers}"
        assert on_record(reports.state, "secret.leaked", route="token", parameters=[name])
    assert secret not in reports.state.log_file("host").read_text()


@pytest.mark.parametrize(("name", "code"), [("stranger", "role_missing"), ("intruder", "not_permitted")])
def test_known_and_not_allowed_is_403(state: StackState, name: str, code: str) -> None:
    answer = Workload(state=state, name=name).token("contoso", "graph")
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, code)
    assert answer.headers["www-authenticate"] == f'Bearer error="{answer.json()["error"]}"'


def test_who_may_not_ask_is_told_so_before_the_body_is_judged(state: StackState) -> None:
    answer = Workload(state=state, name="stranger").call("POST", "token", {"nonsense": True})
    assert answer.json()["code"] == "role_missing"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "token?tenant=contoso&resource=graph", "POST"),
        ("PUT", "token", "POST"),
        ("DELETE", "token", "POST"),
        ("OPTIONS", "token", "POST"),
        ("POST", "health", "GET"),
        ("POST", "msi/partner/contoso", "GET"),
        ("POST", "connect/Graph", "GET"),
        ("GET", "policy/check", "POST"),
        ("POST", "policy/schema.json", "GET"),
    ],
)
def test_a_wrong_method_is_refused_with_a_sentence_and_the_right_one(
    reports: Workload, method: str, path: str, allowed: str
) -> None:
    answer = send(reports.state, method, path, headers=bearing(reports))
    assert (answer.status_code, answer.headers["allow"]) == (CODES.METHOD_NOT_ALLOWED, allowed)
    told = f"{answer.json().get('code')} {answer.json().get('error_description')} {answer.json().get('message')}"
    assert "method_not_allowed" in told
    assert f"It takes {allowed}." in told
    assert answer.headers["cache-control"] == "no-store"


def test_a_head_gets_the_headers_of_the_refusal(reports: Workload) -> None:
    for path, allowed in (("token", "POST"), ("health", "GET")):
        answer = send(reports.state, "HEAD", path)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (405, allowed, b"")


def test_a_secret_in_the_address_of_a_wrong_method_is_refused_as_leaked_too(reports: Workload) -> None:
    answer = send(reports.state, "GET", "token?access_token=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "secret_leaked")


BAD_BODIES: list[tuple[bytes, str]] = [
    (b"", "The body is absent"),
    (b"{}", "tenant"),
    (b"{", "not JSON"),
    (b"tenant=contoso&resource=graph", "not JSON"),
    (b"\xff\xfe\x00", "not JSON"),
    (b"[" * 10_000, "nested deeper than 32 levels"),
    (b'{"min_lifetime": ' + b"9" * 5000 + b"}", "not JSON"),
    (b"[]", "not a JSON object"),
    (b'"contoso"', "not a JSON object"),
    (b'{"tenant": "contoso", "resource": "graph", "tenat": "x"}', "Unknown field"),
    (b'{"tenant": "contoso", "resource": "graph", "Tenant": "contoso"}', "Unknown field"),
    (b'{"tenant": "northwind", "resource": "graph", "tenant": "contoso"}', "twice"),
    (b'{"tenant": ["contoso"], "resource": "graph"}', "tenant: it should be a string"),
    (b'{"tenant": null, "resource": "graph"}', "tenant: it should be a string"),
    (b'{"tenant": "contoso", "resource": {"a": 1}}', "resource: it should be a string"),
    (b'{"tenant": "contoso", "resource": "graph", "consent": 7}', "consent: it should be a string"),
    (b'{"tenant": "contoso", "resource": "graph", "claims": {"access_token": {}}}', "claims: it should be a string"),
    (b'{"tenant": "contoso", "resource": "graph", "min_lifetime": "60"}', "min_lifetime: it should be a whole number"),
    (b'{"tenant": "contoso", "resource": "graph", "min_lifetime": true}', "min_lifetime: it should be a whole number"),
    (b'{"tenant": "contoso", "resource": "graph", "min_lifetime": 60.5}', "min_lifetime: it should be a whole number"),
    (b'{"tenant": "contoso", "resource": "graph", "min_lifetime": NaN}', "The body holds a number"),
    (
        b'{"tenant": "contoso", "resource": "graph", "claims": "{\\"access_token\\":{\\"a\\":\\"\\ud800\\"}}"}',
        "a number or a character",
    ),
    (b'{"tenant": "\\ud800", "resource": "graph"}', "a number or a character"),
]


@pytest.mark.parametrize(("body", "named"), BAD_BODIES, ids=[repr(body[:70]) for body, _ in BAD_BODIES])
def test_a_body_that_is_wrong_is_refused_by_name(reports: Workload, body: bytes, named: str) -> None:
    answer = send(reports.state, "POST", "token", headers=bearing(reports), body=body)
    content = answer.json()
    assert (answer.status_code, content["error"], content["code"]) == (400, "invalid_request", "invalid_request")
    assert named in content["error_description"]


@pytest.mark.parametrize(
    "query",
    [
        "tenant=contoso&resource=graph",
        "resource=https%3A%2F%2Fgraph.microsoft.com&tenant=CONTOSO&consent=partner&min_lifetime=60",
        "tenant=contoso&scope=https://graph.microsoft.com/.default",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Content-Length": "0"}, {"Content-Type": "application/json"}], ids=str)
def test_a_token_can_be_asked_for_without_a_body(reports: Workload, query: str, headers: dict[str, str]) -> None:
    by_body = reports.token("contoso", "graph").json()
    answer = send(reports.state, "POST", f"token?{query}", headers=bearing(reports, **headers))
    assert answer.status_code == CODES.OK, answer.text
    assert answer.json()["access_token"] == by_body["access_token"]
    (found,) = records(reports.state, answer)
    assert (found["event"], found["dialect"], found["tenant"]) == ("token.issued", "plain", CONTOSO)


@pytest.mark.parametrize(
    ("query", "body", "named"),
    [
        ("tenant=contoso&resource=graph", json.dumps(GRAPH).encode(), "a body and parameters"),
        ("tenant=contoso&resource=graph", b"{}", "a body and parameters"),
        ("tenant=contoso&resource=graph&claims=%7B%7D", b"", "claims: in a body alone"),
        ("tenant=contoso&resource=graph&tenat=x&a=1&b=2&c=3", b"", "'tenat', 'a', 'b' and 1 more"),
        ("tenant=contoso&resource=graph&fresh=true", b"", "fresh: in a body alone"),
        ("tenant=contoso&tenant=northwind&resource=graph", b"", "tenant: it is there twice"),
        ("tenant=contoso&resource=graph&resource=graph", b"", "resource: it is there twice"),
        ("tenant=contoso&resource=graph,arm", b"", "resource: it is there twice, or has a comma"),
        ("tenant=contoso", b"", "resource or scope: exactly one"),
        ("resource=graph", b"", "tenant:"),
        ("tenant=contoso&resource=graph&min_lifetime=an+hour", b"", "min_lifetime: it should be a whole number"),
        ("tenant=contoso&resource=graph&min_lifetime=3001", b"", "min_lifetime: seconds, from 0 to 3000"),
        ("tenant=contoso&scope=a+b", b"", "scope: it needs its resource"),
        ("tenant=contoso&resource=graph&consent=Partner", b"", "consent:"),
    ],
)
def test_a_query_that_is_wrong_is_refused_by_name(reports: Workload, query: str, body: bytes, named: str) -> None:
    answer = send(reports.state, "POST", f"token?{query}", headers=bearing(reports), body=body)
    content = answer.json()
    assert (answer.status_code, content["error"], content["code"]) == (400, "invalid_request", "invalid_request")
    assert named in content["error_description"]
    assert on_record(reports.state, "token.refused", outcome="invalid_request", caller=object_id_of("reports"))


def test_a_body_that_is_too_large_is_refused_and_one_that_just_fits_is_read(reports: Workload) -> None:
    body = json.dumps(GRAPH).encode()
    answer = send(reports.state, "POST", "token", headers=bearing(reports), body=body.ljust(MAX_BODY + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert send(reports.state, "POST", "token", headers=bearing(reports), body=body.ljust(MAX_BODY)).is_success


def test_every_answer_carries_an_id_of_its_own_in_header_and_body(state: StackState, reports: Workload) -> None:
    refused = [send(state, "POST", "token") for _ in range(2)]
    assert all(answer.json()["correlation_id"] == answer.headers["x-ms-request-id"] for answer in refused)
    answers = [*refused, reports.token("contoso", "graph"), send(state, "GET", "health")]
    ids = {answer.headers["x-ms-request-id"] for answer in answers}
    assert len(ids - {""}) == len(answers)


def test_an_issued_token_is_in_the_audit_trail_by_its_fingerprint(reports: Workload) -> None:
    answer = reports.token("contoso", "graph")
    (found,) = records(reports.state, answer)
    assert found["event"] == "token.issued"
    assert found["caller"] == DEFAULT_WORLD.identity("reports").object_id
    assert (found["tenant"], found["tenant_asked"]) == (CONTOSO, "contoso")
    assert found["permission"] == "policy-1[0] reports on customers"
    assert found["token_sha256"] == fingerprint(answer.json()["access_token"])
    assert answer.json()["access_token"] not in reports.state.log_file("host").read_text()


@pytest.mark.parametrize(
    ("name", "tenant", "outcome"),
    [
        ("intruder", "contoso", ("not_permitted", "")),
        ("reports", "tailspin", ("application_not_consented", "policy-1[0]")),
    ],
)
def test_a_refused_token_is_in_the_audit_trail(
    state: StackState, name: str, tenant: str, outcome: tuple[str, str]
) -> None:
    answer = Workload(state=state, name=name).token(tenant, "graph")
    asked = {"tenant_asked": tenant, "caller": object_id_of(name), "outcome": answer.json()["code"]}
    found = on_record(state, "token.refused", dialect="plain", **asked)
    assert (found["outcome"], (found["permission"] or "").split(" ")[0]) == outcome


UNKNOWN = dict.fromkeys(("consent", "tenant", "tenant_asked", "resource", "permission"))
EARLY = {
    "plain": ("POST", "token", json.dumps(GRAPH).encode()),
    "managed_identity": ("GET", "msi/partner/contoso?api-version=2019-08-01&resource=graph", b""),
    "module": ("GET", "connect/Graph?tenant=contoso", b""),
}


@pytest.mark.parametrize("dialect", EARLY)
@pytest.mark.parametrize(
    ("headers", "outcome"),
    [({}, "assertion_missing"), ({"Authorization": "Bearer pasted-secret"}, "assertion_invalid")],
    ids=["missing", "invalid"],
)
def test_who_is_refused_before_being_known_is_in_the_audit_trail(
    state: StackState, dialect: str, headers: dict[str, str], outcome: str
) -> None:
    method, path, body = EARLY[dialect]
    answer = send(state, method, path, headers=headers, body=body)
    assert answer.status_code == CODES.UNAUTHORIZED
    nobody = {"caller": None, "caller_application": None}
    assert on_record(state, "token.refused", outcome=outcome, dialect=dialect, **UNKNOWN, **nobody)
    assert "pasted-secret" not in state.log_file("host").read_text()


@pytest.mark.parametrize(
    ("method", "path", "dialect"),
    [("POST", "token", "plain"), ("GET", "msi/partner/contoso", "managed_identity"), ("GET", "connect/No", "module")],
)
def test_a_message_that_cannot_be_read_is_in_the_audit_trail_with_its_caller(
    reports: Workload, method: str, path: str, dialect: str
) -> None:
    answer = send(reports.state, method, path, headers=bearing(reports), body=b"{" if method == "POST" else b"")
    assert answer.status_code == CODES.BAD_REQUEST
    who = {"caller": object_id_of("reports")}
    assert on_record(reports.state, "token.refused", outcome="invalid_request", dialect=dialect, **who, **UNKNOWN)


def test_a_condition_of_a_customers_tenant_asks_for_no_new_consent_and_one_at_home_does(reports: Workload) -> None:
    claims = '{"access_token": {"acrs": {"essential": true, "value": "c7"}}}'
    entra = Controls(reports.state, reports.state.entra)
    for tenant_id in (NORTHWIND, PARTNER_TENANT):
        entra.post("errors", {"code": 53003, "tenant": tenant_id, "times": -1})
    try:
        there = reports.token("northwind", "graph", claims=claims)
        at_home = reports.token("home", "partnercenter", claims=claims)
    finally:
        entra.clear("errors")
    assert (there.json()["code"], there.json()["error_codes"]) == ("blocked_by_tenant_policy", [53003])
    assert NORTHWIND in there.json()["error_description"]
    assert (at_home.json()["code"], at_home.json()["error_codes"]) == ("blocked_by_home_policy", [53003])


def test_a_verified_domain_leads_to_its_tenant_where_a_row_allows_that(reports: Workload) -> None:
    for domain in ("contoso.example", "Contoso.OnMicrosoft.com"):
        assert reports.token(domain, "graph").json()["tenant_id"] == CONTOSO
    assert reports.token("nobodys.example", "graph").json()["code"] == "tenant_name_unknown"
    assert reports.token("fabrikam.onmicrosoft.com", "graph").json()["code"] == "not_permitted", "it is home"
    listed = reports.call("GET", "tenants").json()["tenants"]
    assert {row["name"]: row["resources"] for row in listed}["contoso"] == ["arm", "graph"]


def test_home_is_had_by_its_name_only_where_a_row_says_so(reports: Workload) -> None:
    assert reports.token("home", "partnercenter").json()["tenant_id"] == PARTNER_TENANT
    assert reports.token("home", "graph").json()["code"] == "not_permitted"
    assert reports.token(PARTNER_TENANT, "graph").json()["code"] == "not_permitted"


def later(state: StackState, by: timedelta) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + by)


def health(state: StackState) -> httpx.Response:
    """What the broker says of itself, when its last finding is too old to be served."""
    later(state, timedelta(seconds=61))
    return health_of(state.host)


ALL_UP = {"authority": "up", "token_vault": "up", "policy_vault": "up"}


def test_a_healthy_broker_says_so_to_everybody_and_no_more(state: StackState) -> None:
    answer = health(state)
    assert (answer.status_code, answer.json()) == (200, {"status": "up", "parts": ALL_UP})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("part", "path", "fault"),
    [
        ("authority", ".*/openid-configuration", {"status": 500}),
        ("authority", ".*/openid-configuration", {"drop": "before"}),
        ("token_vault", "/secrets/.*", {"status": 403, "body": {"error": {"code": "Forbidden", "message": "oid=..."}}}),
        ("policy_vault", "/secrets/.*", {"status": 503}),
    ],
)
def test_health_names_the_part_that_is_down_and_nothing_else(
    state: StackState, part: str, path: str, fault: dict[str, Any]
) -> None:
    """No reason, no address, no code: it is told to everybody."""
    stand_in = Controls(state, state.entra if part == "authority" else getattr(state, part))
    stand_in.post("faults", {"path": path, "times": -1, **fault})
    try:
        answer = health(state)
    finally:
        stand_in.clear("faults")
    assert answer.status_code == CODES.SERVICE_UNAVAILABLE
    assert answer.json() == {"status": "down", "parts": {**ALL_UP, part: "down"}}
    assert health(state).json()["status"] == "up"


def test_health_asks_nobody_while_its_last_finding_is_young(state: StackState) -> None:
    health(state)
    vault = Controls(state, state.token_vault)
    vault.clear("requests")
    assert all(send(state, "GET", "health").is_success for _ in range(20))
    assert vault.requests().total() == 0


def test_on_an_instance_that_nobody_has_asked_yet_no_part_is_said_to_work(state: StackState) -> None:
    later(state, timedelta(hours=1))
    answer = send(state, "GET", "health")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"status": "down", "parts": dict.fromkeys(ALL_UP, "unseen")}
    assert health_of(state.host).json()["status"] == "up"


def test_an_older_finding_is_served_and_looked_at_again_beside_it(state: StackState) -> None:
    health(state)
    later(state, timedelta(seconds=20))
    vault = Controls(state, state.token_vault)
    vault.post("faults", {"path": "/secrets/.*", "times": -1, "status": 403})
    try:
        assert send(state, "GET", "health").json()["status"] == "up"
        assert any(send(state, "GET", "health").json()["status"] == "down" for _ in range(500))
    finally:
        vault.clear("faults")
    assert health(state).json()["status"] == "up"


def test_while_the_authority_is_away_an_older_token_comes_with_a_warning_and_nothing_new_at_all(
    reports: Workload,
) -> None:
    state = reports.state
    given = reports.token("northwind", "arm").json()
    later(state, timedelta(seconds=given["expires_in"] - 150))
    entra = Controls(state, state.entra)
    entra.post("faults", {"method": "POST", "path": ".*/token", "times": -1, "status": 503})
    try:
        answer = reports.token("northwind", "arm")
        nothing = reports.token("northwind", "graph", min_lifetime=3000)
    finally:
        entra.clear("faults")
    assert answer.json()["access_token"] == given["access_token"]
    assert answer.headers["warning"].startswith("110 ")
    assert "ends soon" in answer.json()["warning"]
    assert (nothing.status_code, nothing.json()["error"]) == (503, "temporarily_unavailable")
    assert int(nothing.headers["retry-after"]) > 0


def check(workload: Workload, **fields: object) -> httpx.Response:
    return workload.call("POST", "policy/check", fields)


@pytest.fixture
def operator(state: StackState) -> Workload:
    return Workload(state=state, name="operator")


QUESTION = {"caller": DEFAULT_WORLD.identity("reports").object_id, "tenant": "contoso", "resource": "graph"}


@pytest.mark.parametrize(
    ("changed", "content"),
    [
        ({}, {"allowed": True, "as": "user", "permission": "policy-1[0] reports on customers", "tenant_id": CONTOSO}),
        (
            {"tenant": "home", "resource": "https://api.partnercenter.microsoft.com/"},
            {
                "allowed": True,
                "as": "user",
                "permission": "policy-1[1] reports on the partner itself",
                "tenant_id": PARTNER_TENANT,
            },
        ),
        ({"tenant": "home"}, {"allowed": False, "as": "user", "permission": None, "tenant_id": None}),
        ({"consent": "another"}, {"allowed": False, "as": "user", "permission": None, "tenant_id": None}),
        (
            {"caller": DEFAULT_WORLD.identity("intruder").object_id, "roles": ["Token.Issue"]},
            {"allowed": False, "as": "user", "permission": None, "tenant_id": None},
        ),
    ],
)
def test_an_operator_is_told_whom_the_policy_would_give_what(
    operator: Workload, changed: dict[str, object], content: dict[str, object]
) -> None:
    answer = check(operator, **{**QUESTION, **changed})
    assert (answer.status_code, answer.json()) == (CODES.OK, content)


def test_asking_about_the_policy_issues_nothing_and_asks_the_authority_for_nothing(operator: Workload) -> None:
    entra = Controls(operator.state, operator.state.entra)
    operator.assertion()
    entra.clear("requests")
    answer = check(operator, **QUESTION)
    assert [path for _, path in entra.requests() if path.endswith("/token")] == []
    assert records(operator.state, answer) == []
    assert "access_token" not in answer.text


@pytest.mark.parametrize("name", ["reports", "intruder", "stranger"])
def test_who_may_not_read_consents_may_not_ask_about_the_policy(state: StackState, name: str) -> None:
    """A caller that may ask who is allowed what would know whom to become."""
    answer = check(Workload(state=state, name=name), **QUESTION)
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, "role_missing")
    assert "Consent.Read" in answer.json()["error_description"]


def test_without_a_token_nothing_is_said_about_the_policy(state: StackState) -> None:
    answer = send(state, "POST", "policy/check", body=json.dumps(QUESTION).encode())
    assert (answer.status_code, answer.json()["code"]) == (CODES.UNAUTHORIZED, "assertion_missing")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"caller": "reports"}, "caller"),
        ({"caller": ["x"]}, "caller: it should be a string"),
        ({"roles": "Token.Issue"}, "roles: it should be a list"),
        ({"roles": [7]}, "roles"),
        ({"tenant": ""}, "tenant"),
        ({"resource": "nonsense"}, "resource"),
        ({"scope": "https://graph.microsoft.com/.default"}, "exactly one"),
        ({"consent": "Partner"}, "consent"),
        ({"claims": "{}"}, "Unknown field"),
    ],
)
def test_a_question_about_the_policy_that_is_wrong_is_refused_by_name(
    operator: Workload, changed: dict[str, object], named: str
) -> None:
    answer = check(operator, **{**QUESTION, **changed})
    assert (answer.status_code, answer.json()["code"]) == (CODES.BAD_REQUEST, "invalid_request")
    assert named in answer.json()["error_description"]


@pytest.mark.parametrize(("route", "name"), [("policy/schema.json", "policy.schema.json"), ("openapi.json",) * 2])
def test_documents_about_the_broker_are_for_everybody(state: StackState, route: str, name: str) -> None:
    answer = send(state, "GET", route)
    assert answer.status_code == CODES.OK
    assert answer.json() == json.loads(files("token_http").joinpath(name).read_text("utf-8"))
