"""partner-token and partner-broker as processes of their own against a running broker."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.person import Person
from local.policy import APPLICATION_GRANTS, REPORTS_POLICY
from local.stack import running_stack
from local.state import StackState
from local.world import ADMIN, CONTOSO, GRAPH, PARTNER_APPLICATION, PARTNER_TENANT, TAILSPIN, WINGTIP
from partner_token import offboard_command
from partner_token.failures import Failed
from shared.clock import utc_now
from shared.customers.application_grants import SECRET
from tests.clients.python.people import command
from tests.consent_http.rig import old_token
from tests.consent_http.vaults import vault_of
from tests.local_control import Controls

REPORTS = "eeee0000-1111-4222-8333-444444440002"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack with Ada's consent, given through a link that the command has made."""
    with running_stack(tmp_path_factory.mktemp("commands") / "state", keeps_ledger=True) as running:
        made = command(running, "operator", "partner-broker", "link", "--login-hint", ADMIN.username)
        assert made.returncode == 0, made.stderr
        with Person() as person:
            assert person.consent(made.stdout.strip(), ADMIN).is_success
        yield running


def test_a_token_comes_in_each_form(state: StackState) -> None:
    plain = command(state, "reports", "partner-token", "contoso", "graph").stdout.strip()
    assert plain.count(".") == 2
    whole = json.loads(command(state, "reports", "partner-token", "contoso", "graph", "-o", "json").stdout)
    assert (whole["access_token"], whole["tenant_id"]) == (plain, CONTOSO)
    header = command(state, "reports", "partner-token", "contoso", "graph", "--output", "header").stdout
    assert header == f"Authorization: Bearer {plain}\n"
    environment = command(state, "reports", "partner-token", "contoso", "graph", "--output", "env").stdout
    assert environment.splitlines()[0] == f"export ACCESS_TOKEN={plain}"
    plugin = json.loads(command(state, "reports", "partner-token", "contoso", "graph", "-o", "exec").stdout)
    assert (plugin["kind"], plugin["status"]["token"]) == ("ExecCredential", plain)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("partner-token", "contoso"), 2),
        (("partner-token", "contoso", "graph", "--scope", "https://graph.microsoft.com/.default"), 2),
        (("partner-token", "contoso", "exchange"), 4),
        (("partner-token", "nowhere", "graph"), 4),
        (("partner-token", "contoso", "graph", "--broker-url", "http://broker.example"), 2),
        (("partner-token", "contoso", "graph", "--broker-url", "https://127.0.0.1:9"), 3),
        (("partner-token", "contoso", "graph", "--audience", ""), 2),
    ],
)
def test_the_exit_code_says_what_kind_of_failure_it_was(
    state: StackState, arguments: tuple[str, ...], code: int
) -> None:
    done = command(state, "reports", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_a_refusal_tells_code_remedy_and_correlation_id_and_no_token(state: StackState) -> None:
    told = command(state, "reports", "partner-token", "contoso", "exchange").stderr
    assert "not_permitted" in told
    assert "Add a permission" in told
    assert re.search("Correlation id: [0-9a-f-]{36}", told)
    secrets = [line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()]
    assert not [secret for secret in secrets if len(secret) > 20 and secret in told]


def test_operators_list_show_and_check(state: StackState) -> None:
    listed = command(state, "operator", "partner-broker", "list")
    assert listed.stdout.splitlines()[0].split() == ["CONSENT", "STATUS", "DAYS", "PERSON", "ERROR"]
    assert ADMIN.username in listed.stdout
    shown = json.loads(command(state, "operator", "partner-broker", "show", "--output", "json").stdout)
    assert (shown["name"], shown["status"]) == ("partner", "ok")
    assert command(state, "operator", "partner-broker", "check", CONTOSO, "graph", "arm").returncode == 0
    failing = command(state, "operator", "partner-broker", "check", WINGTIP)
    assert (failing.returncode, "delegated_rights_missing" in failing.stdout) == (1, True)


def test_any_number_of_pairs_is_checked_twenty_five_at_a_time(state: StackState) -> None:
    lines = f"# tenants\n{CONTOSO} graph\n" + f"{CONTOSO}\n" * 28
    done = command(state, "operator", "partner-broker", "check", "--output", "json", stdin=lines)
    assert [outcome["outcome"] for outcome in json.loads(done.stdout)] == ["works"] * 29


def test_an_old_refresh_token_is_imported_from_stdin_and_never_as_an_argument(state: StackState) -> None:
    token = old_token(state, ADMIN)
    refused = command(state, "operator", "partner-broker", "import", "imported", token)
    assert refused.returncode == 2
    done = command(state, "operator", "partner-broker", "import", "imported", stdin=f"{token}\n")
    assert (done.returncode, token in done.stdout + done.stderr) == (0, False)
    assert ADMIN.username in done.stdout


def test_a_consent_is_withdrawn_when_somebody_said_yes_and_restored(state: StackState) -> None:
    token = old_token(state, ADMIN)
    assert command(state, "operator", "partner-broker", "import", "ended", stdin=token).returncode == 0
    assert command(state, "operator", "partner-broker", "withdraw", "ended").returncode == 2
    assert "withdrawn" in command(state, "operator", "partner-broker", "withdraw", "ended", "--yes").stdout
    assert command(state, "operator", "partner-broker", "restore", "ended").returncode == 0


def test_a_customer_that_is_flushed_gets_a_new_token_and_a_dry_run_leaves_the_old_one(state: StackState) -> None:
    def token() -> str:
        return command(state, "reports", "partner-token", "contoso", "graph").stdout.strip()

    kept, consent = token(), ("partner-broker", "customers", "consent", CONTOSO)
    assert command(state, "provisioning", *consent).returncode == 0
    assert token() == kept
    done = command(state, "provisioning", "partner-broker", "flush", "--customer", CONTOSO, "--customer", "nobody")
    assert (done.returncode, done.stdout.splitlines()[1].split()) == (1, [CONTOSO, "this_instance", "0"])
    assert "nobody: invalid_request: " in done.stderr
    assert "Only the instance that answered has forgotten" in done.stderr
    flushed = token()
    assert flushed != kept
    assert command(state, "provisioning", *consent, "--apply").returncode == 0
    assert token() != flushed, "a changed consent flushes by itself"


def consented(state: StackState, refusal: dict[str, object]) -> dict[str, str]:
    """What becomes of Contoso and then Tailspin when Entra ID refuses so; everything is as before afterwards."""
    entra = Controls(state, state.entra)
    entra.post("errors", {**refusal, "times": -1})
    try:
        words = ("partner-broker", "customers", "consent", CONTOSO, TAILSPIN, "--apply", "--output", "json")
        done = command(state, "provisioning", *words)
    finally:
        entra.clear("errors")
        command(state, "provisioning", "partner-broker", "customers", "remove", TAILSPIN, "--apply", "--yes")
    assert done.returncode == 1
    return {row["tenant"]: row["outcome"] for row in json.loads(done.stdout)}


def test_an_error_of_one_customers_tenant_that_nobody_knows_does_not_stop_the_others(state: StackState) -> None:
    refusal: dict[str, object] = {"code": 99999999, "error": "invalid_client", "tenant": CONTOSO}
    assert consented(state, refusal) == {CONTOSO: "application_misconfigured", TAILSPIN: "created"}


def test_what_home_refuses_is_the_same_for_every_customer_and_stops_all(state: StackState) -> None:
    assert consented(state, {"code": 53003, "tenant": PARTNER_TENANT}) == {CONTOSO: "unchanged"}


def test_a_grant_set_that_cannot_be_used_stops_at_the_first_customer(state: StackState) -> None:
    with vault_of(state, "policy") as vault:
        vault.set_secret(SECRET, "{}")
        try:
            done = command(state, "provisioning", "partner-broker", "customers", "consent", CONTOSO, TAILSPIN)
        finally:
            vault.set_secret(SECRET, json.dumps(APPLICATION_GRANTS))
    assert (done.returncode, CONTOSO in done.stdout, TAILSPIN in done.stdout) == (1, False, False)
    assert "application_grants_invalid" in done.stderr


def test_customers_are_listed_with_who_tells_of_them_and_how_they_delegate(state: StackState) -> None:
    listed = command(state, "provisioning", "partner-broker", "customers", "list")
    assert listed.stdout.splitlines()[0].split() == [
        "TENANT",
        "NAME",
        "DOMAIN",
        "FROM",
        "DELEGATION",
        "ENDS",
        "EXCLUDED",
    ]
    (contoso,) = [line for line in listed.stdout.splitlines() if line.startswith(CONTOSO)]
    assert contoso.split()[-4:] == ["partner_center", "-", "-", "-"]
    assert "gdap: No application" in listed.stderr, "the list may not be whole"


def test_what_a_replacement_would_lose_is_shown_and_then_done_as_shown(state: StackState) -> None:
    entra = Controls(state, state.entra)
    place = {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH}
    entra.post("consents", {**place, "scopes": ["Directory.Read.All", "Mail.Send"]})
    entra.post("beside", {**place, "scope": "User.Read"})
    words = ("partner-broker", "customers", "consent", CONTOSO, "-o", "json")
    (usual,) = json.loads(command(state, "provisioning", *words).stdout)
    assert usual["outcome"] == "needs_replace"
    assert "graph: Directory.Read.All Mail.Send" in usual["there"]
    assert "lacks graph: Directory.AccessAsUser.All" in usual["detail"]
    assert "--replace" in usual["detail"]
    (dry,) = json.loads(command(state, "provisioning", *words, "--replace").stdout)
    assert (dry["outcome"], dry["lost"]) == ("replaced", "graph: User.Read (of one person)")
    assert dry["added"] == "graph: Directory.AccessAsUser.All"
    assert command(state, "provisioning", *words, "--replace", "--apply").returncode == 2
    other = command(state, "provisioning", *words, "--replace", "--apply", "--plan", "0" * 32)
    assert json.loads(other.stdout)[0]["outcome"] == "plan_outdated"
    done = command(state, "provisioning", *words, "--replace", "--apply", "--plan", dry["plan"])
    assert (done.returncode, json.loads(done.stdout)[0]["outcome"]) == (0, "replaced")


def test_customers_are_consented_one_after_the_other_and_a_cut_run_carries_on(
    state: StackState, tmp_path: Path
) -> None:
    dry = command(state, "provisioning", "partner-broker", "customers", "consent", "--all")
    assert "WOULD BE" in dry.stdout
    assert "Nothing was changed; --apply does it." in dry.stderr
    hopeless = command(state, "provisioning", "partner-broker", "customers", "consent", "not-a-customer.example")
    assert hopeless.stderr.splitlines()[-1] == "Nothing was changed.", "--apply would meet the same"
    kept = tmp_path / "done.json"
    arguments = ("partner-broker", "customers", "consent", TAILSPIN, WINGTIP, "--apply", "--resume", str(kept))
    nowhere = command(state, "provisioning", *arguments[:-1], str(tmp_path / "no-folder" / "done.json"))
    assert (nowhere.returncode, nowhere.stdout, "cannot be written" in nowhere.stderr) == (2, "", True), "none is begun"
    first = command(state, "provisioning", *arguments)
    assert first.returncode == 1, "Wingtip delegates nothing"
    assert json.loads(kept.read_text())["done"] == {TAILSPIN: "created"}
    again = command(state, "provisioning", *arguments)
    assert "done before" in again.stdout
    removing = ("partner-broker", "customers", "remove", TAILSPIN, "--apply", "--yes")
    other = command(state, "provisioning", *removing, "--resume", str(kept))
    assert (other.returncode, "of other work" in other.stderr) == (2, True)
    removed = command(state, "provisioning", *removing)
    assert (removed.returncode, "removed" in removed.stdout) == (0, True)


def test_a_customer_is_kept_out_and_let_in_again_and_its_history_is_shown(state: StackState) -> None:
    def customers(*arguments: str) -> Any:  # noqa: ANN401 - a finished process
        return command(state, "provisioning", "partner-broker", "customers", *arguments)

    until = f"{utc_now() + timedelta(days=30):%Y-%m-%d}"
    assert customers("exclude", WINGTIP, "--reason", "leaves us", "--until", until).returncode == 0
    listed = customers("excluded").stdout
    assert (WINGTIP in listed, until in listed, "leaves us" in listed) == (True, True, True)
    row = next(line for line in customers("list").stdout.splitlines() if line.startswith(WINGTIP))
    assert until in row
    skipped = customers("consent", WINGTIP)
    assert (skipped.returncode, "customer_excluded" in skipped.stdout) == (0, True), "on purpose is no failure"
    assert f"Until {until}: leaves us. Nothing" in skipped.stdout
    included = customers("include", "wingtip.onmicrosoft.com")
    assert (WINGTIP in included.stdout, "included" in included.stdout) == (True, True), included.stderr
    assert customers("history", WINGTIP).returncode == 0


def test_a_tenant_that_no_check_has_met_is_kept_out_with_a_word_on_a_mistyped_id(state: StackState) -> None:
    def customers(*arguments: str) -> Any:  # noqa: ANN401 - a finished process
        return command(state, "provisioning", "partner-broker", "customers", *arguments)

    nobody = "99990000-1111-4222-8333-444444440009"
    until = f"{utc_now() + timedelta(days=30):%Y-%m-%d}"
    excluded = customers("exclude", nobody, "--reason", "comes next week", "--until", until)
    assert (excluded.returncode, nobody in excluded.stdout) == (0, True)
    assert f"No check has met the tenant {nobody}" in excluded.stderr
    assert customers("include", nobody).returncode == 0


def test_the_end_of_a_customer_is_shown_then_done_and_taken_back(state: StackState) -> None:
    def offboard(*arguments: str) -> Any:  # noqa: ANN401 - a finished process
        return command(state, "provisioning", "partner-broker", "customers", "offboard", WINGTIP, *arguments)

    shown = offboard()
    assert (shown.returncode, "Nothing was changed" in shown.stderr) == (1, True), "Wingtip delegates nothing"
    assert f"az ad sp delete --id {PARTNER_APPLICATION}" in shown.stderr
    unasked = offboard("--apply")
    assert (unasked.returncode, "say --yes" in unasked.stderr) == (2, True)
    assert offboard("--undo", "--yes").returncode == 2
    assert offboard("--undo").stdout.split()[-1] == "absent"
    done = offboard("--apply", "--yes", "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (1, "incomplete")
    assert "No token is issued for it any more" in done.stderr
    stops = json.loads(command(state, "operator", "partner-broker", "application", "show", "-o", "json").stdout)
    assert stops["offboarded"] == [WINGTIP]
    kept = command(state, "provisioning", "partner-broker", "customers", "consent", WINGTIP)
    assert (kept.returncode, "customer_offboarded" in kept.stdout) == (0, True), "on purpose is no failure"
    refused = command(state, "service-desk", "partner-broker", "customers", "offboard", WINGTIP)
    assert refused.returncode == 4, "a reader may not"
    assert offboard("--undo").stdout.split()[-1] == "returned"


@pytest.mark.parametrize("typed", ["Contoso", "contoso ", "Wingtip"])
def test_the_name_that_is_typed_decides(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_args, **_more: typed)
    if typed.strip().casefold() == "contoso":
        offboard_command._typed("Contoso")
    else:
        with pytest.raises(Failed):
            offboard_command._typed("Contoso")


def test_policies_are_linted_and_asked(state: StackState, tmp_path: Path) -> None:
    good, bad = tmp_path / "policy-1.json", tmp_path / "policy-2.json"
    good.write_text(json.dumps(REPORTS_POLICY))
    bad.write_text('{"permissions": [{}]}')
    assert command(state, "operator", "partner-broker", "policy", "lint", str(good)).returncode == 0
    found = command(state, "operator", "partner-broker", "policy", "lint", str(good), str(bad))
    assert (found.returncode, "policy-2: invalid" in found.stdout) == (1, True)
    asked = command(state, "operator", "partner-broker", "policy", "check", REPORTS, "contoso", "graph")
    assert (asked.returncode, "allowed by policy-1[0]" in asked.stdout) == (0, True)
    assert (
        command(state, "operator", "partner-broker", "policy", "check", REPORTS, "contoso", "exchange").returncode == 1
    )


@pytest.mark.parametrize(
    "arguments",
    [("partner-token",), ("partner-broker",), *(("partner-broker", name) for name in ("link", "check", "customers"))],
)
def test_every_help_teaches(state: StackState, arguments: tuple[str, ...]) -> None:
    done = command(state, "operator", *arguments, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_without_a_broker_it_says_how_to_name_one(state: StackState) -> None:
    done = command(state, "operator", "partner-broker", "list", environment={"BROKER_URL": ""})
    assert (done.returncode, "BROKER_URL" in done.stderr) == (2, True)


def test_a_fresh_token_is_another_than_the_one_that_all_share(state: StackState) -> None:
    asked = ("partner-token", "contoso", "graph")
    first, second = (command(state, "reports", *asked).stdout for _ in range(2))
    fresh = command(state, "reports", *asked, "--fresh")
    assert (first == second, fresh.returncode, fresh.stdout not in {"", first}) == (True, 0, True)


def test_the_tenants_that_an_identity_may_ask_for_are_listed(state: StackState) -> None:
    rows = json.loads(command(state, "reports", "partner-token", "tenants", "-o", "json").stdout)["tenants"]
    assert [row["name"] for row in rows][:3] == ["home", "contoso", "northwind"]
    assert "contoso" in command(state, "reports", "partner-token", "tenants").stdout
    told = command(state, "reports", "partner-token", "tenants", "--as", "application", "-o", "json").stdout
    assert {one for row in json.loads(told)["tenants"] for one in row["resources"]} == {"graph", "exchange"}
    assert command(state, "intruder", "partner-token", "tenants", "-o", "csv").stdout.splitlines() == [
        "tenant,name,domain,company,resources"
    ]
