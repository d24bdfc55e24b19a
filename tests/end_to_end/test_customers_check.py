"""The check of customers over a running stack: what is found is true of the tenants there, and stays so over days."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.clock import write_offset
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, ARM, CONTOSO, GRAPH, NORTHWIND, PARTNER_APPLICATION, TAILSPIN, WINGTIP
from shared.customers.result import OF_APPLICATION
from shared.customers.results import Results
from shared.entra.errors import ApplicationNotConsented
from shared.sqlite_rows import SqliteRows
from tests.clients.python.people import command
from tests.local_control import Controls
from tests.test_documents import described_audit_fields

CHECK = "check_customers"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, with Ada's consent and timers that fire by hand alone."""
    quiet = {f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", CHECK)}
    folder = tmp_path_factory.mktemp("check") / "state"
    with running_stack(folder, keeps_ledger=True, settings=quiet) as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


@pytest.fixture
def results(state: StackState) -> Results:
    return Results(SqliteRows(state.folder / "results.sqlite3"))


def last_run(state: StackState) -> dict[str, object]:
    lines = [line for line in state.log_file("host").read_text().splitlines() if '"event": "customers.run"' in line]
    found: dict[str, object] = json.loads(lines[-1][lines[-1].index("{") :])
    return found


def test_the_first_check_finds_what_is_true_of_each_customer(state: StackState, results: Results) -> None:
    assert fire_timer(state, function=CHECK) == "Success"
    run = last_run(state)
    assert (run["consents"], run["customers"], run["due"], run["left"], run["kept"]) == (1, 4, 14, 0, True)
    found = {(one.tenant_id, one.resource): one.outcome for one in results.all("partner")}
    assert {found[tenant, resource] for tenant in (CONTOSO, NORTHWIND) for resource in (name(GRAPH), name(ARM))} == {
        "works"
    }
    assert found[TAILSPIN, name(GRAPH)] == "application_not_consented"
    assert found[WINGTIP, name(GRAPH)] not in {"works", "application_not_consented"}
    assert {one.tenant_id for one in results.failing()} == {TAILSPIN, WINGTIP}
    own = {(one.tenant_id, one.outcome) for one in results.all(OF_APPLICATION)}
    assert own == {(CONTOSO, "works"), (NORTHWIND, "works"), (TAILSPIN, "application_not_consented")}


def test_the_next_day_tells_who_fails_since_then_and_who_works_again(state: StackState, results: Results) -> None:
    assert fire_timer(state, function=CHECK) == "Success"
    entra = Controls(state, state.entra)
    entra.post(
        "consents", {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH, "scopes": ["User.Read"]}
    )
    write_offset(state.clock_file, timedelta(days=1))
    assert fire_timer(state, function=CHECK) == "Success"
    run = last_run(state)
    assert (run["newly_failing"], run["due"]) == ([f"Contoso ({CONTOSO})"], 14)
    (lacking,) = [one for one in results.failing() if one.tenant_id == CONTOSO]
    assert (lacking.outcome, lacking.customer) == ("scopes_missing", "Contoso")
    assert set(lacking.missing) == {"Directory.Read.All", "Directory.AccessAsUser.All"}
    entra.clear("consents")
    write_offset(state.clock_file, timedelta(days=2))
    assert fire_timer(state, function=CHECK) == "Success"
    assert last_run(state)["recovered"] == 1
    assert {one.tenant_id for one in results.failing()} == {TAILSPIN, WINGTIP}


def test_its_audit_records_are_as_described(state: StackState) -> None:
    fire_timer(state, function=CHECK)
    found: dict[str, set[str]] = {}
    for line in state.log_file("host").read_text().splitlines():
        _, separator, text = line.partition(" INFO broker.audit ")
        record = json.loads(text) if separator else {}
        if str(record.get("event")).startswith("customers."):
            names = {"outcome_*" if field.startswith("outcome_") else field for field in record}
            found.setdefault(record.pop("event"), set()).update(names - {"event"})
    described = described_audit_fields()
    assert found == {event: described[event] for event in ("customers.failing", "customers.run")}


def test_nothing_that_is_kept_is_a_secret(state: StackState) -> None:
    fire_timer(state, function=CHECK)
    kept = (state.folder / "results.sqlite3").read_bytes() + state.log_file("host").read_bytes()
    secrets = [line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()]
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in kept]


@pytest.mark.parametrize("who", ["service-desk", "provisioning"])
def test_whoever_may_read_or_manage_customers_sees_at_a_glance_what_does_not_work(state: StackState, who: str) -> None:
    fire_timer(state, function=CHECK)
    told = Workload(state=state, name=who).call("GET", "status").raise_for_status().json()
    assert told["application"]["status"] == "ok"
    assert [(one["name"], one["username"]) for one in told["consents"]] == [("partner", ADMIN.username)]
    causes = {one["name"]: cause for cause in told["failing"] for one in cause["customers"]}
    assert set(causes) == {"Tailspin Toys", "Wingtip"}
    assert causes["Tailspin Toys"]["remedy"] == ApplicationNotConsented.remedy
    assert (told["last_run"]["failing"], told["works"], told["next"], told["unavailable"]) == (6, [], None, None)
    one = Workload(state=state, name=who).call("GET", "status?customer=contoso").json()
    assert {found["tenant"] for found in one["works"]} == {CONTOSO}


@pytest.mark.parametrize("who", ["operator", "reports", "intruder"])
def test_nobody_else_does(state: StackState, who: str) -> None:
    answer = Workload(state=state, name=who).call("GET", "status")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert "Customers.Read or Customers.Manage" in answer.text


def name(resource: str) -> str:
    """The resource as results have it."""
    return {GRAPH: "https://graph.microsoft.com", ARM: "https://management.azure.com"}[resource]


def test_the_command_says_what_does_not_work_and_what_to_do_and_ends_with_1(state: StackState) -> None:
    fire_timer(state, function=CHECK)
    done = command(state, "service-desk", "partner-broker", "status")
    assert done.returncode == 1
    heading, *rows = (line.split()[0] for line in done.stdout.splitlines())
    assert (heading, sorted(rows)) == ("TENANT", [TAILSPIN] * 4 + [WINGTIP] * 2)
    assert "2 x application_not_consented (AADSTS65001)" in done.stderr
    assert "What to do: partner-broker customers consent" in done.stderr, "in the words of the command"
    assert "last checked 20" in done.stderr
    one = command(state, "service-desk", "partner-broker", "status", "--customer", "contoso", "--output", "json")
    told = json.loads(one.stdout)
    assert (one.returncode, told["failing"], {row["tenant"] for row in told["works"]}) == (0, [], {CONTOSO})
    refused = command(state, "reports", "partner-broker", "status")
    assert (refused.returncode, "role_missing" in refused.stderr) == (4, True)


def test_links_that_nobody_has_used_are_revoked_by_the_command(state: StackState) -> None:
    url = Workload(state=state, name="operator").link("another")
    assert command(state, "operator", "partner-broker", "revoke-links", "another", "--yes").returncode == 0
    with Person() as person:
        assert "revoked" in person.open(url).text
