"""The whole main job over real HTTP: a consent, its tokens, months of refresh, its death, repair and withdrawal."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import httpx
import pytest

from local.clock import read_offset, write_offset
from local.demo import claims_of
from local.person import Person
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_TENANT, User
from tests.conftest import StackMaker
from tests.test_documents import described_audit_fields

CREATED = httpx.codes.CREATED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Events of accidents and operators that this life does not meet; each has a test of its own.
RARE = {
    "policy.names_contradicted",
    "renewal.deferred",
    "policy.document_invalid",
    "consent.in_doubt",
    "link.key_unusable",
    "credential.unusable",
}
RARE |= {"consent.checked", "device.started", "customer.consented", "customer.consent_removed", "refresh.progress"}
RARE |= {"broker.diagnosed", "consent.refused", "console.signed_in", "console.signed_out"}
RARE |= {"application.stopped", "application.resumed", "tenants.listed", "customer.flushed"}
RARE |= {"customer.excluded", "customer.included", "customers.ending", "customers.person"}
RARE |= {"customer.offboarding", "customer.offboarded", "customer.returned"}
RARE |= {"customers.failing", "customers.run", "link.revoked", "operator.refused", "secret.leaked"}
GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"


class Life:
    """One stack, the people and workloads around it, and everything the broker ever answered."""

    def __init__(self, state: StackState) -> None:
        self.state = state
        self.answers: list[httpx.Response] = []
        self.operator = Workload(state=state, name="operator", seen=self.answers.append)
        self.reports = Workload(state=state, name="reports", seen=self.answers.append)

    def consent(self, user: User = ADMIN) -> httpx.Response:
        with Person(seen=self.answers.append) as person:
            return person.consent(self.operator.link(), user)

    def pass_time(self, by: timedelta) -> None:
        write_offset(self.state.clock_file, read_offset(self.state.clock_file) + by)

    def token_claims(self, tenant: str, resource: str) -> tuple[str, str]:
        """Tenant and audience of the token the broker gives."""
        answer = self.reports.token(tenant, resource)
        assert answer.status_code == httpx.codes.OK, answer.text
        claims = claims_of(answer.json()["access_token"])
        return claims["tid"], claims["aud"]

    def refusal(self, tenant: str, resource: str) -> str:
        code: str = self.reports.token(tenant, resource).json()["code"]
        return code

    def shown(self) -> dict[str, object]:
        shown: dict[str, object] = self.operator.call("GET", "consents/partner").raise_for_status().json()
        return shown


@pytest.mark.timeout(600)
def test_a_consent_lives_on_for_months_and_dies_only_when_nobody_refreshes_it(make_stack: StackMaker) -> None:
    with make_stack() as state:
        life = Life(state)
        assert "Your consent is stored" in life.consent().text
        _tokens_are_for_their_tenant_and_resource(life)
        _sixty_days_of_hourly_runs_keep_it_proven(life)
        _days_pass(life, 89)
        assert life.token_claims("contoso", "graph") == (CONTOSO, GRAPH)
        _without_the_timer_it_dies_and_says_so(life)
        _a_new_link_repairs_it(life)
        _a_withdrawal_is_final(life)
        no_secret_is_in_any_log_or_answer(life)
        _audit_records_are_as_described(life)


def _tokens_are_for_their_tenant_and_resource(life: Life) -> None:
    assert life.token_claims("contoso", "graph") == (CONTOSO, GRAPH)
    assert life.token_claims("contoso", "arm") == (CONTOSO, ARM)
    assert life.token_claims("northwind", "graph") == (NORTHWIND, GRAPH)
    assert life.token_claims(NORTHWIND, ARM) == (NORTHWIND, ARM)
    assert life.token_claims("home", "partnercenter")[0] == PARTNER_TENANT
    assert life.refusal("tailspin", "graph") == "application_not_consented"
    assert life.refusal("wingtip", "graph") == "delegated_rights_missing"
    assert life.refusal("contoso", "exchange") == "not_permitted"
    assert Workload(state=life.state, name="intruder").token("contoso", "graph").json()["code"] == "not_permitted"
    assert Workload(state=life.state, name="stranger").token("contoso", "graph").json()["code"] == "role_missing"


def _sixty_days_of_hourly_runs_keep_it_proven(life: Life) -> None:
    for _ in range(60 * 24):
        life.pass_time(HOUR)
        assert fire_timer(life.state) == "Success"
    shown = life.shown()
    assert (shown["status"], shown["failures"], shown["error"]) == ("ok", 0, None)
    assert isinstance(shown["days_left"], int)
    assert shown["days_left"] >= 82, "stored again at least weekly"


def _days_pass(life: Life, days: int) -> None:
    for _ in range(days):
        life.pass_time(DAY)
        assert fire_timer(life.state) == "Success"


def _without_the_timer_it_dies_and_says_so(life: Life) -> None:
    life.pass_time(91 * DAY)
    answer = life.reports.token("contoso", "graph")
    content = answer.json()
    assert (answer.status_code, content["error"], content["code"]) == (400, "invalid_grant", "new_consent_needed")
    assert content["error_codes"] == [700082]
    assert "link" in content["error_description"], "the remedy"
    assert fire_timer(life.state) == "Failure", "a run that finds a consent lost is a failed invocation"
    shown = life.shown()
    assert (shown["status"], shown["error"]) == ("lost", "new_consent_needed")
    assert shown["remedy"] in content["error_description"]


def _a_new_link_repairs_it(life: Life) -> None:
    assert "Your consent is stored" in life.consent().text
    assert life.token_claims("contoso", "graph") == (CONTOSO, GRAPH)
    assert life.shown()["status"] == "ok"
    assert fire_timer(life.state) == "Success"


def _a_withdrawal_is_final(life: Life) -> None:
    withdrawn = life.operator.call("DELETE", "consents/partner")
    assert withdrawn.json()["status"] == "withdrawn"
    assert life.refusal("contoso", "graph") == "consent_withdrawn"
    _days_pass(life, 30)
    assert life.refusal("contoso", "graph") == "consent_withdrawn"
    assert life.shown()["status"] == "withdrawn"


def no_secret_is_in_any_log_or_answer(life: Life) -> None:
    """Every secret that existed, in every log of every part and in everything the broker answered."""
    secrets = secrets_of(life.state)
    kinds = {kind for kind, _ in secrets}
    assert {"refresh_token", "access_token", "id_token", "code", "code_verifier", "client_assertion"} <= kinds
    logs = {file.name: file.read_text() for file in (life.state.folder / "log").glob("*.log")}
    assert {"host.log", "entra.log", "key_vault.log", "managed_identity.log"} <= set(logs)
    for kind, secret in secrets | bearers_of_the_browser(life):
        leaks = [name for name, text in logs.items() if secret in text]
        assert not leaks, f"a {kind} is in {leaks}"
    texts = [_seen(answer) for answer in life.answers if str(answer.url).startswith(life.state.host)]
    assert texts
    for kind, secret in secrets:
        # A caller is given the access token it asked for, in the body of that answer and nowhere else.
        assert not any(secret in text for text in texts), f"a {kind} was answered"


def _audit_records_are_as_described(life: Life) -> None:
    """Each record that months of life have left has just the fields of docs/audit.md."""
    found: dict[str, set[str]] = {}
    for line in life.state.log_file("host").read_text().splitlines():
        _, separator, text = line.partition(" INFO broker.audit ")
        if separator:
            record = json.loads(text)
            found.setdefault(record.pop("event"), set()).update(record)
    described = described_audit_fields()
    assert set(found) == set(described) - RARE
    for event, fields in found.items():
        assert {field for field in fields if not field.startswith("outcome_")} == described[event] - {"outcome_*"}


def secrets_of(state: StackState) -> set[tuple[str, str]]:
    lines = state.ledger_file.read_text().splitlines()
    recorded = {(kind, secret) for kind, _, secret in (line.partition(" ") for line in lines)}
    with closing(sqlite3.connect(state.folder / "token-vault.sqlite")) as vault:
        keys = {("link_key", key) for (key,) in vault.execute("SELECT value FROM version WHERE name = 'link-keys'")}
    assert keys
    own = {("identity_header", secret) for secret in state.identity_headers.values()}
    return recorded | keys | own | {("control_secret", state.control_secret)}


def bearers_of_the_browser(life: Life) -> set[tuple[str, str]]:
    """Links and flow cookies: the browser may hold them, no log may."""
    links = {answer.json()["url"].partition("link=")[2] for answer in life.answers if answer.status_code == CREATED}
    cookies = {
        header.partition(";")[0].partition("=")[2]
        for answer in life.answers
        for header in answer.headers.get_list("set-cookie")
    }
    assert links
    assert cookies - {""}
    return {("link", link) for link in links} | {("cookie", cookie) for cookie in cookies - {""}}


def _seen(answer: httpx.Response) -> str:
    """What an answer showed, less the token of a token answer."""
    granted = answer.request.url.path == "/api/token" and answer.is_success
    body = str({**answer.json(), "access_token": ""}) if granted else answer.text
    return f"{answer.headers!r}\n{body}"


@pytest.mark.parametrize("part", ["host", "entra", "key_vault", "managed_identity"])
def test_the_search_for_secrets_finds_one_that_was_planted(make_stack: StackMaker, part: str) -> None:
    with make_stack() as state:
        life = Life(state)
        life.consent()
        token = life.reports.token("contoso", "graph").json()["access_token"]
        no_secret_is_in_any_log_or_answer(life)
        with state.log_file(part).open("a") as log:
            log.write(f"a careless line with {token} in it\n")
        with pytest.raises(AssertionError, match=f"access_token is in .*{part}"):
            no_secret_is_in_any_log_or_answer(life)
