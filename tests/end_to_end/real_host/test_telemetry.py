"""What the real host delivers to Application Insights: every function's records, what the alerts find, no secret."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import func
from local.parts import Parts
from local.person import Person, usual_trust
from local.stack import APP_FOLDER, running_parts
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO
from tests.contract.host.hosts import APP, serving, wait_until_up
from tests.end_to_end.real_host.ingestion import Ingestion, listening
from tests.end_to_end.refreshing import move
from tests.end_to_end.test_main_job import Life, bearers_of_the_browser, secrets_of
from tests.end_to_end.test_operators_day import live_through_a_day
from tests.infra.kql import Row, run
from tests.infra.test_queries import ALL
from tests.programs import require

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
OFTEN = 5
BURST = 20
SILENT = "check-silent.kql"
# Event -> the functions whose records they are; what is not named here is met by an accident alone.
RECORDS = {
    "token.issued": {"token", "msi", "msi_application", "connect", "oauth_token", "oauth_token_v1"},
    "token.refused": {"token", "msi", "msi_application", "connect", "tenants", "oauth_token", "oauth_token_v1"},
    "tenants.listed": {"tenants"},
    "operator.refused": {"customers_consent", "policy_check", "policy_lint"},
    "link.made": {"consents_link"},
    "link.revoked": {"consents_revoke_links"},
    "consent.stored": {"consent_redirect", "consents_import", "consents_restore", "consents_device_poll"},
    "consent.withdrawn": {"consents_withdraw"},
    "consent.checked": {"consents_check"},
    "device.started": {"consents_device"},
    "customer.consented": {"customers_consent"},
    "customer.consent_removed": {"customers_remove_consent"},
    "customer.flushed": {"customers_flush"},
    "customer.excluded": {"customers_exclude"},
    "customer.included": {"customers_include"},
    "customer.offboarding": {"customers_offboard"},
    "customer.offboarded": {"customers_offboard"},
    "customer.returned": {"customers_return"},
    "console.signed_in": {"console_redirect"},
    "console.signed_out": {"console_sign_out"},
    "secret.leaked": {"token"},
    "refresh.consent": {"refresh"},
    "refresh.run": {"refresh"},
    "broker.diagnosed": {"diagnosis"},
    "application.stopped": {"application_stop"},
    "application.resumed": {"application_resume"},
    "customers.run": {"check_customers"},
    "customers.failing": {"check_customers"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A life of the broker in three parts, and the telemetry of all: calm days, refused callers, then trouble."""

    ingestion: Ingestion
    functions: set[str]
    secrets: set[tuple[str, str]]
    calm: datetime
    trouble: datetime

    def found(self, place: str, *, since: datetime | None = None, until: datetime | None = None) -> list[Row]:
        """What the query at this place finds in a stretch of time."""
        return found(self.ingestion, place, since=since, until=until)


def found(ingestion: Ingestion, place: str, **stretch: datetime | None) -> list[Row]:
    (query,) = [query for query in ALL if query.place == place]
    return run(query.text, ingestion.tables(**stretch), now=datetime.now(UTC))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The host delivers what it holds when it ends, so all is looked at afterwards."""
    require("func", "azurite")
    with listening() as ingestion:
        settings = {
            CONNECTION: ingestion.connection_string,
            "CONSENT_DEVICE_CODE": "on",
            "AzureWebJobs.refresh.Disabled": "true",
            "AzureWebJobs.check_customers.Disabled": "true",
        }
        folder = tmp_path_factory.mktemp("telemetry") / "state"
        with running_parts(folder, on_func=True, keeps_ledger=True, settings=settings) as parts:
            life, functions = Life(parts.state), names_of_functions(parts)
            call_everything(life)
            calm = datetime.now(UTC)
            refuse_a_caller(life)
            trouble = datetime.now(UTC)
            make_trouble(life, parts)
            secrets = secrets_of(parts.state) | bearers_of_the_browser(life)
        yield Told(ingestion=ingestion, functions=functions, secrets=secrets, calm=calm, trouble=trouble)


def names_of_functions(parts: Parts) -> set[str]:
    headers = {"x-functions-key": parts.state.control_secret}
    url = f"{parts.state.host}/admin/functions"
    answer = httpx.get(url, headers=headers, trust_env=False, verify=usual_trust(), timeout=60)
    return {function["name"] for function in answer.raise_for_status().json()}


def call_everything(life: Life) -> None:
    state, reports = life.state, life.reports
    live_through_a_day(state)
    assert "Your consent is stored" in life.consent().text
    assert life.operator.call("GET", "consents/partner").is_success
    for path in ("customers", "status"):
        assert Workload(state=state, name="provisioning").call("GET", path).is_success
    msi = {"X-IDENTITY-HEADER": reports.assertion()}
    parameters = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}
    with httpx.Client(trust_env=False, verify=usual_trust(), timeout=60) as client:
        # Of refusals that are alike the first alone is a record: hence two that are not.
        for path, wrong in (
            ("msi/partner", {}),
            ("msi-application", {**parameters, "resource": "https://management.azure.com"}),
        ):
            url = f"{state.host}/api/{path}/contoso"
            assert client.get(url, params=parameters, headers=msi).is_success
            assert client.get(url, params=wrong, headers=msi).is_client_error
        assert client.post(f"{state.host}/api/token?access_token={reports.assertion()}").is_client_error
        for path in ("health", "openapi.json", "policy/schema.json", "contoso/v2.0/.well-known/openid-configuration"):
            client.get(f"{state.host}/api/{path}")
        for path in ("consents/partner", "customers", f"customers/{CONTOSO}", "policy"):  # nobody is signed in
            assert client.get(f"{state.host}/api/console/{path}").is_client_error
        acts = f"{state.host}/api/console/customers/{CONTOSO}/acts"
        assert client.post(acts, data={"act": "check"}).is_client_error
        assert client.get(f"{acts}/{'0' * 32}").is_client_error
        for act in ("link", "check", "withdraw", "restore"):
            assert client.post(f"{state.host}/api/console/consents/partner/{act}").is_client_error
        bearing = {"Authorization": f"Bearer {reports.assertion()}"}
        form = {"grant_type": "refresh_token", "refresh_token": "kept-by-an-old-script"}
        for path, target in (
            ("v2.0/token", {"scope": "https://graph.microsoft.com/.default"}),
            ("token", {"resource": "https://graph.microsoft.com"}),
        ):
            url = f"{state.host}/api/contoso/oauth2/{path}"
            assert client.post(url, data={**form, **target}, headers=bearing).is_success
            wrong = {"scope": "nonsense"} if "scope" in target else {"resource": "https://nobody.example"}
            assert client.post(url, data={**form, **wrong}, headers=bearing).is_client_error
    assert reports.call("GET", "connect/Az?tenant=contoso").is_success
    assert reports.call("GET", "tenants").is_success
    assert reports.call("GET", "tenants?after=x").is_client_error
    assert reports.call("GET", "connect/Az?tenant=nowhere").is_client_error
    for method in ("GET", "PUT", "DELETE"):
        assert life.operator.call(method, "application/stop").is_success
    for path in ("policy/check", "policy/lint"):
        life.operator.call("POST", path, {})
    with Person(seen=life.answers.append) as person:
        assert "You are signed out" in person.consent(f"{state.host}/api/console/sign-in", ADMIN).text
    assert fire_timer(state) == "Success"


def refuse_a_caller(life: Life) -> None:
    intruder = Workload(state=life.state, name="intruder")
    for _ in range(BURST):
        assert intruder.token("contoso", "graph").json()["code"] == "not_permitted"


def make_trouble(life: Life, parts: Parts) -> None:
    """Customers fail; the consent dies, so the timer fails; then the vault is away, which tokens' endpoint handles."""
    assert fire_timer(life.state, function="check_customers") == "Success"
    move(life.state, timedelta(days=91))
    assert fire_timer(life.state) == "Failure"
    parts.kill("key_vault")
    move(life.state, timedelta(days=1))
    for _ in range(OFTEN):
        assert life.reports.token(CONTOSO, "arm").status_code == httpx.codes.SERVICE_UNAVAILABLE
    parts.start("key_vault")


def test_every_function_has_rows(told: Told) -> None:
    rows = told.ingestion.tables()["AppRequests"]
    assert {row["Name"] for row in rows} == told.functions


@pytest.mark.parametrize("event", RECORDS)
def test_the_records_of_every_function_arrive(told: Told, event: str) -> None:
    rows = told.ingestion.tables()["AppTraces"]
    writers = {row["Category"] for row in rows if record(row).get("event") == event}
    assert writers == {f"Function.{name}.User" for name in RECORDS[event]}


def record(row: Row) -> dict[str, Any]:
    message = row["Message"]
    return json.loads(message) if message.startswith("{") else {}


def test_no_secret_that_ever_was_is_in_any_row(told: Told) -> None:
    kinds = {kind for kind, _ in told.secrets}
    assert {"refresh_token", "access_token", "code", "code_verifier", "client_assertion", "link", "cookie"} <= kinds
    assert leaked(told.ingestion, told.secrets) == set()


def test_the_search_finds_what_is_there(told: Told) -> None:
    known = {("word", "token.issued"), ("path", "/api/consents/partner/link"), ("nothing", "nowhere to be found")}
    assert leaked(told.ingestion, known) == {"word", "path"}


def leaked(ingestion: Ingestion, secrets: set[tuple[str, str]]) -> set[str]:
    everything = "\n".join(ingestion.strings())
    return {kind for kind, secret in secrets if secret in everything}


@pytest.mark.parametrize(
    "place", [query.place for query in ALL if query.place.endswith(".kql") and query.place != SILENT]
)
def test_calm_days_raise_no_alert(told: Told, place: str) -> None:
    assert told.found(place, until=told.calm) == []


def test_a_check_that_has_not_run_is_found_and_one_that_has_is_not(told: Told) -> None:
    assert told.found(SILENT, until=told.trouble) == [{"Runs": 0}]
    assert told.found(SILENT) == []


def test_a_caller_that_is_refused_again_and_again_is_found(told: Told) -> None:
    (row,) = told.found("denied-burst.kql", since=told.calm, until=told.trouble)
    assert (row["Why"], row["Refused"]) == ("not_permitted", BURST)


def test_a_timer_that_failed_is_found_with_the_consent_that_is_lost(told: Told) -> None:
    assert {row["Consent"] for row in told.found("consent-at-risk.kql", since=told.trouble)} >= {"partner"}
    assert {row["Consent"] for row in told.found("proof-missing.kql", since=told.trouble)} >= {"partner"}
    tables = told.ingestion.tables(since=told.trouble)
    assert [row["Success"] for row in tables["AppRequests"] if row["Name"] == "refresh"] == [False]
    assert any("RefreshAlarm: consent lost" in row["InnermostMessage"] for row in tables["AppExceptions"])


def test_customers_that_began_to_fail_are_found_by_name(told: Told) -> None:
    rows = told.found("customers-failing.kql", since=told.trouble)
    assert any("Tailspin Toys" in row["Customer"] for row in rows)


def test_a_handled_503_is_found(told: Told) -> None:
    (row,) = told.found("server-errors.kql", since=told.trouble)
    assert row == {"Name": "token", "Failures": OFTEN}


def test_a_timer_that_is_silent_is_found(told: Told) -> None:
    assert told.found("timer-silent.kql", since=told.calm, until=told.trouble) == [{"Runs": 0}]


@pytest.mark.parametrize("place", [query.place for query in ALL if not query.place.endswith(".kql")])
def test_the_workbook_has_something_to_show(told: Told, place: str) -> None:
    assert told.found(place)


def test_a_bad_setting_is_found_and_named(tmp_path: Path) -> None:
    require("func", "azurite")
    with listening() as ingestion:
        changed = {CONNECTION: ingestion.connection_string, "TOKEN_VAULT_URL": "nonsense"}
        with serving(func.run, tmp_path, app=APP_FOLDER, changed=changed) as host:
            host.process.join(60)
            assert host.process.exitcode == 1
    problems = {row["What"] for row in found(ingestion, "misconfigured.kql")}
    assert "the app did not start: the host found no functions" in problems
    assert any("TOKEN_VAULT_URL is malformed" in problem for problem in problems)


def test_a_raised_exception_is_found(tmp_path: Path) -> None:
    """By an app that raises: ours handles what it can."""
    require("func", "azurite")
    with listening() as ingestion:
        with serving(func.run, tmp_path, app=APP, changed={CONNECTION: ingestion.connection_string}) as host:
            wait_until_up(host)
            for _ in range(OFTEN):
                assert host.client.get("/api/broken").status_code == httpx.codes.INTERNAL_SERVER_ERROR
        assert found(ingestion, "server-errors.kql") == [{"Name": "broken", "Failures": OFTEN}]
