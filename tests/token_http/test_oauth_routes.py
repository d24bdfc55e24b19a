"""The OAuth token endpoint over real HTTP: old scripts' forms, refusals in OAuth's words, and what is on record."""

import json
from collections.abc import Iterator, Mapping

import httpx
import pytest

from local.demo import claims_of
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_APPLICATION
from tests.token_http.over_http import bearing, on_record, records, send
from token_http.oauth_dialect import ACCESS_TOKEN, EXCHANGE, JWT, JWT_BEARER

GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"
CODES = httpx.codes
NEAR = "You may ask for"  # and then come its own rows
# What the old script carries; each would be a find in a log.
SECRETS = {"client_secret": "old~client-secret", "refresh_token": "1.old-refresh-token", "password": "old-password"}
OLD = {"grant_type": "refresh_token", "client_id": PARTNER_APPLICATION, **SECRETS}
V2 = {**OLD, "scope": f"{GRAPH}/.default offline_access"}
V1 = {**OLD, "resource": GRAPH}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(tmp_path_factory.mktemp("oauth") / "state", settings=quiet) as started, Person() as person:
        assert person.consent(Workload(state=started, name="operator").link(), ADMIN).is_success
        yield started


@pytest.fixture
def reports(state: StackState) -> Workload:
    return Workload(state=state, name="reports")


def post(
    state: StackState, form: Mapping[str, str], *, path: str = "contoso/oauth2/v2.0/token", **headers: str
) -> httpx.Response:
    body = str(httpx.QueryParams(dict(form))).encode()
    return send(
        state, "POST", path, headers={"Content-Type": "application/x-www-form-urlencoded", **headers}, body=body
    )


def test_the_old_form_gets_a_token_and_no_refresh_token_and_is_told_what_was_for_nothing(reports: Workload) -> None:
    answer = post(reports.state, V2, **bearing(reports))
    content = answer.json()
    assert answer.status_code == CODES.OK, content
    claims = claims_of(content["access_token"])
    assert (claims["tid"], claims["aud"]) == (CONTOSO, GRAPH)
    assert set(content) == {
        *("token_type", "access_token", "expires_in", "expires_on", "scope", "resource", "tenant_id", "warning"),
    }
    assert content["warning"].startswith("Ignored: client_id, client_secret, refresh_token, password.")
    assert content["warning"] in answer.headers["warning"]
    assert answer.headers["cache-control"] == "no-store"
    (found,) = records(reports.state, answer)
    assert (found["event"], found["dialect"], found["tenant"]) == ("token.issued", "oauth", CONTOSO)


def test_version_1_answers_with_texts(reports: Workload) -> None:
    answer = post(reports.state, V1, path=f"{NORTHWIND}/oauth2/token?api-version=1.0", **bearing(reports))
    content = answer.json()
    assert answer.status_code == CODES.OK, content
    claims = claims_of(content["access_token"])
    assert (claims["tid"], claims["aud"], content["resource"]) == (NORTHWIND, GRAPH, GRAPH)
    assert content["expires_on"] == str(claims["exp"])
    assert {type(content[name]) for name in ("expires_in", "ext_expires_in", "expires_on")} == {str}
    assert "refresh_token" not in content
    assert GRAPH not in content["scope"]


def test_all_dialects_share_one_token_and_a_challenge_gets_another(reports: Workload) -> None:
    plain = reports.token("contoso", "graph").json()["access_token"]
    assert post(reports.state, V2, **bearing(reports)).json()["access_token"] == plain
    challenged = post(reports.state, {**V2, "claims": '{"access_token":{"acrs":null}}'}, **bearing(reports)).json()
    assert challenged["access_token"] != plain


def test_the_callers_token_may_be_the_client_assertion(reports: Workload) -> None:
    proof = {"client_assertion": reports.assertion(), "client_assertion_type": JWT_BEARER}
    answer = post(reports.state, {**V2, **proof})
    assert answer.status_code == CODES.OK, answer.text
    assert "client_assertion" not in answer.json()["warning"]
    beside = post(reports.state, {**V2, **proof, "client_assertion": "the-old-one"}, **bearing(reports))
    assert "client_assertion" in beside.json()["warning"]


def exchange(reports: Workload, **more: str) -> dict[str, str]:
    return {"grant_type": EXCHANGE, "subject_token": reports.assertion(), "subject_token_type": JWT, **more}


@pytest.mark.parametrize("target", [{"resource": "graph"}, {"scope": f"openid {GRAPH}/.default"}], ids=str)
@pytest.mark.parametrize("path", ["contoso/oauth2/v2.0/token", "contoso/oauth2/token"])
def test_a_token_is_exchanged_as_rfc_8693_has_it(reports: Workload, path: str, target: dict[str, str]) -> None:
    answer = post(reports.state, exchange(reports, **target), path=path)
    content = answer.json()
    assert answer.status_code == CODES.OK, content
    assert (content["issued_token_type"], content["token_type"]) == (ACCESS_TOKEN, "Bearer")
    assert claims_of(content["access_token"])["tid"] == CONTOSO
    assert "warning" not in content


@pytest.mark.parametrize(
    ("more", "error", "named"),
    [
        ({"subject_token": "no-token"}, "invalid_request", ""),
        ({"subject_token": ""}, "invalid_request", "subject_token"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request", "subject_token_type"),
        ({"requested_token_type": JWT}, "invalid_request", "requested_token_type"),
        ({"actor_token": "x"}, "invalid_request", "actor_token"),
        ({"audience": "x"}, "invalid_target", "audience"),
        ({"resource": "nonsense"}, "invalid_target", "resource"),
        ({"resource": "exchange"}, "invalid_target", "No permission"),
        ({"resource": "", "scope": f"{GRAPH}/.default {ARM}/.default"}, "invalid_target", f"{GRAPH} and {ARM}"),
    ],
)
def test_an_exchange_that_is_refused_says_whether_the_token_or_the_target_is_wrong(
    reports: Workload, more: dict[str, str], error: str, named: str
) -> None:
    answer = post(reports.state, exchange(reports, **{"resource": "graph", **more}))
    content = answer.json()
    assert (answer.status_code, content["error"]) == (400, error), content
    assert named in content["error_description"]
    assert reports.assertion() not in answer.text


REFUSED: list[tuple[dict[str, str], tuple[str, str], str]] = [
    ({"grant_type": "password"}, ("unsupported_grant_type", "grant_type_unsupported"), "refresh_token"),
    ({"grant_type": ""}, ("invalid_request", "invalid_request"), "grant_type"),
    ({"scope": f"{GRAPH}/.default {ARM}/.default"}, ("invalid_scope", "target_invalid"), f"{GRAPH} and {ARM}"),
    ({"scope": ""}, ("invalid_scope", "target_invalid"), "scope"),
    ({"scope": "https://outlook.office365.com/.default"}, ("unauthorized_client", "not_permitted"), NEAR),
    ({"consent": "Partner"}, ("invalid_request", "invalid_request"), "consent"),
    ({"claims": "[]"}, ("invalid_request", "invalid_request"), "claims"),
]


@pytest.mark.parametrize(("more", "words", "named"), REFUSED, ids=[str(more) for more, *_ in REFUSED])
def test_a_form_that_is_refused_says_why_in_oauths_words(
    reports: Workload, more: dict[str, str], words: tuple[str, str], named: str
) -> None:
    answer = post(reports.state, {**V2, **more}, **bearing(reports))
    content = answer.json()
    assert (answer.status_code, (content["error"], content["code"])) == (400, words), content
    assert named in content["error_description"]
    assert on_record(reports.state, "token.refused", dialect="oauth", outcome=content["code"])


def test_who_has_no_row_is_told_none(state: StackState) -> None:
    answer = post(state, V2, **bearing(Workload(state=state, name="intruder")))
    assert answer.json()["code"] == "not_permitted"
    assert NEAR not in answer.text


@pytest.mark.parametrize("path", ["contoso/oauth2/v2.0/token", "contoso/oauth2/token"])
def test_without_the_callers_token_the_old_secrets_open_nothing(state: StackState, path: str) -> None:
    for headers in ({}, {"Authorization": "Basic b2xkOm9sZH5jbGllbnQtc2VjcmV0"}, {"Authorization": "Bearer x"}):
        answer = post(state, {**V2, "resource": GRAPH}, path=path, **headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "kind", "named"),
    [
        (b"grant_type=refresh_token&scope=a&scope=b", "application/x-www-form-urlencoded", "twice: 'scope'"),
        (json.dumps(V2).encode(), "application/json", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_or_has_a_field_twice_is_refused_and_on_record(
    reports: Workload, body: bytes, kind: str, named: str
) -> None:
    headers = bearing(reports, **{"Content-Type": kind})
    answer = send(reports.state, "POST", "contoso/oauth2/v2.0/token", headers=headers, body=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert named in answer.json()["error_description"]
    assert on_record(reports.state, "token.refused", dialect="oauth", outcome="invalid_request", caller=None)


def test_a_token_in_the_address_is_refused_here_too(reports: Workload) -> None:
    for name in ("refresh_token", "client_secret", "client_assertion", "subject_token", "actor_token"):
        path = f"contoso/oauth2/v2.0/token?{name}={SECRETS['refresh_token']}"
        answer = post(reports.state, V2, path=path, **bearing(reports))
        assert (answer.status_code, answer.json()["code"]) == (400, "secret_leaked"), name
        assert SECRETS["refresh_token"] not in answer.text


def test_the_tenant_of_everybody_means_home(reports: Workload) -> None:
    form = {**OLD, "scope": "https://api.partnercenter.microsoft.com/.default"}
    home, common = (
        post(reports.state, form, path=f"{tenant}/oauth2/v2.0/token", **bearing(reports)).json()
        for tenant in ("home", "common")
    )
    assert home["access_token"] == common["access_token"]


def test_the_document_leads_to_the_endpoint_and_says_nothing_of_whether_there_is_such_a_tenant(
    state: StackState,
) -> None:
    for tenant in ("contoso", "nobody%20at%20all"):
        found = send(state, "GET", f"{tenant}/v2.0/.well-known/openid-configuration").json()
        assert found["issuer"] == f"{state.host}/api/{tenant}/v2.0"
        assert found["token_endpoint"] == f"{state.host}/api/{tenant}/oauth2/v2.0/token"


def test_nothing_that_is_ignored_is_in_any_log_or_answer(reports: Workload) -> None:
    answers = [
        post(reports.state, V2, **bearing(reports)),
        post(reports.state, {**V2, "scope": "x"}, **bearing(reports)),
        post(reports.state, V2),
        post(reports.state, V2, path="contoso/oauth2/token", **bearing(reports)),
    ]
    logs = "".join(file.read_text() for file in (reports.state.folder / "log").glob("*.log"))
    assert '"dialect": "oauth"' in logs
    for secret in (*SECRETS.values(), reports.assertion()):
        assert secret not in logs
        assert not any(secret in f"{answer.text} {answer.headers}" for answer in answers)
