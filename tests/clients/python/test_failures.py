"""Each thing broken on purpose: the commands say what it is and what to do, and end with its kind of code."""

import importlib.util
import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError

from local.policy import REPORTS_POLICY
from local.state import StackState
from local.world import ADMIN, CONTOSO, NORTHWIND, TAILSPIN, WINGTIP
from partner_token.failures import failure_of
from tests.clients.python.answers import answering
from tests.clients.python.people import Shell
from tests.consent_http.rig import old_token
from tests.local_control import Controls

DONE, PERSON, USAGE, AWAY, NOT_ALLOWED, INTERRUPTED = 0, 1, 2, 3, 4, 130
TOKEN = "eyJhbGciOiJub25lIn0.e30.signature"
FIREWALL = {"error": {"code": "Forbidden", "message": "x", "innererror": {"code": "ForbiddenByFirewall"}}}


@contextmanager
def broken(state: StackState, part: str, **fault: object) -> Iterator[None]:
    """One part answers so for a while."""
    controls = Controls(state, getattr(state, part))
    controls.post("faults", {"path": ".*", "times": -1, **fault})
    try:
        yield
    finally:
        controls.clear("faults")


@contextmanager
def refused(state: StackState, **error: object) -> Iterator[None]:
    """Entra ID refuses so for a while."""
    controls = Controls(state, state.entra)
    controls.post("errors", {"times": -1, **error})
    try:
        yield
    finally:
        controls.clear("errors")


def test_nobody_is_signed_in(shell: Shell) -> None:
    done = shell.run(None, "partner-token", "contoso", "graph", PATH="/nowhere")
    assert (done.returncode, done.stdout) == (NOT_ALLOWED, "")
    assert "az login" in done.stderr


@pytest.mark.parametrize("identity", ["workload", "github", "pipelines"])
def test_an_identity_that_is_not_set_up_here_is_one_sentence_and_the_remedy(shell: Shell, identity: str) -> None:
    done = shell.run(None, "partner-broker", "list", "--identity", identity)
    assert done.returncode == NOT_ALLOWED
    first, second = done.stderr.splitlines()
    assert re.search(rf"{identity} is not set up here: .* missing", first)
    assert second.startswith("  What to do: ")


def test_the_identity_does_not_answer(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "list", IDENTITY_ENDPOINT="http://127.0.0.1:9/")
    assert done.returncode == AWAY
    assert "No answer" in done.stderr


@pytest.mark.parametrize(
    ("identity", "words", "told"),
    [
        ("reports", ("partner-broker", "list"), "app role Consent.Read"),
        ("stranger", ("partner-token", "contoso", "graph"), "app role Token.Issue"),
        ("intruder", ("partner-token", "contoso", "graph"), "consent partner, tenant contoso, resource https://graph"),
        ("reports", ("partner-token", "contoso", "graph", "--audience", "https://management.azure.com"), "api://"),
    ],
)
def test_somebody_else_is_told_what_to_ask_for(shell: Shell, identity: str, words: tuple[str, ...], told: str) -> None:
    done = shell.run(identity, *words)
    assert done.returncode == NOT_ALLOWED
    (to_do,) = [line for line in done.stderr.splitlines() if "What to do" in line]
    assert told in to_do


def test_the_broker_is_away_and_no_name_leads_to_it(shell: Shell) -> None:
    away = shell.run("reports", "partner-token", "contoso", "graph", "--broker-url", "https://127.0.0.1:9")
    assert (away.returncode, "doctor" in away.stderr) == (AWAY, True)


def test_a_vault_is_closed(shell: Shell, consented: StackState) -> None:
    with broken(consented, "token_vault", status=403, body=FIREWALL):
        done = shell.run("operator", "partner-broker", "list")
    assert (done.returncode, "vault_network_refused" in done.stderr) == (PERSON, True)


def test_the_authority_is_away_for_one_pair_of_a_batch_and_for_all(shell: Shell, consented: StackState) -> None:
    with broken(consented, "entra", status=503, path=".*/token"):
        later = shell.run("operator", "partner-broker", "check", "home", "graph")
        both = shell.run("operator", "partner-broker", "check", stdin="home graph\nnonsense\n")
    assert (later.returncode, "authority_unavailable" in later.stdout) == (AWAY, True)
    assert both.returncode == PERSON


def test_an_expired_secret_is_told_as_that(shell: Shell, consented: StackState) -> None:
    with refused(consented, code=7000222, error="invalid_client"):
        done = shell.run("operator", "partner-broker", "doctor", "--output", "json")
    (credential,) = [row for row in json.loads(done.stdout) if row["what"] == "credential"]
    assert (done.returncode, credential["state"]) == (PERSON, "bad")
    assert "has expired" in credential["says"]
    assert "AADSTS7000222" in credential["says"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("AADSTS500011: The resource principal named api://x was not found in the tenant.\nTrace ID: 1", "az login --"),
        ("AADSTS65001: The user or administrator has not consented.", "pre-authorize"),
        ("AADSTS700213: No matching federated identity record found.", "federated credential"),
        ("Please run 'az login' to set up an account", "az login"),
        ("ManagedIdentityCredential: no managed identity endpoint found", "--identity"),
    ],
)
def test_a_sign_in_that_entra_id_refuses_is_told_by_its_reason(said: str, told: str) -> None:
    """The first: signed in to another tenant than the partner's."""
    failure = failure_of(ClientAuthenticationError(said))
    assert failure.exit_code == NOT_ALLOWED
    assert told in failure.to_do
    assert said.splitlines()[0] in failure.says
    assert "Trace ID" not in failure.says


def test_a_refresh_token_is_imported_from_a_file_or_the_environment(
    shell: Shell, consented: StackState, tmp_path: Path
) -> None:
    file, token = tmp_path / "old", old_token(consented, ADMIN)
    file.write_text(f"{token}\n")
    by_file = shell.run("operator", "partner-broker", "import", "by-file", "--file", str(file))
    by_variable = shell.run("operator", "partner-broker", "import", "by-variable", "--env", "OLD", OLD=token)
    assert (by_file.returncode, by_variable.returncode) == (DONE, DONE)
    assert token not in by_file.stdout + by_file.stderr + by_variable.stdout + by_variable.stderr
    both = shell.run("operator", "partner-broker", "import", "both", "--file", str(file), "--env", "OLD", OLD=token)
    assert both.returncode == USAGE


def test_one_bad_line_stops_no_other(shell: Shell) -> None:
    lines = f"{CONTOSO} graph  # a comment\nnonsense\n\n{CONTOSO} graph and more\n{CONTOSO} arm\n"
    done = shell.run("operator", "partner-broker", "check", "--output", "json", stdin=lines)
    assert done.returncode == PERSON
    assert [row["outcome"] for row in json.loads(done.stdout)] == [
        *("works", "invalid_request", "invalid_request", "works")
    ]


def test_one_bad_id_stops_no_other(shell: Shell) -> None:
    done = shell.run("provisioning", "partner-broker", "customers", "consent", "nonsense", CONTOSO, "-o", "json")
    assert [row["outcome"] for row in json.loads(done.stdout)] == ["invalid_request", "unchanged"]
    assert (done.returncode, "Nothing was changed" in done.stderr) == (PERSON, True)


def test_a_number_that_nobody_knows_in_one_customers_tenant_stops_none_of_the_others(
    shell: Shell, consented: StackState
) -> None:
    with refused(consented, code=999999, tenant=NORTHWIND):
        done = shell.run("provisioning", "partner-broker", "customers", "consent", "--all", "-o", "json")
    outcomes = {row["tenant"]: row["outcome"] for row in json.loads(done.stdout)}
    assert set(outcomes) == {CONTOSO, NORTHWIND, TAILSPIN, WINGTIP}
    assert (outcomes[CONTOSO], outcomes[NORTHWIND], outcomes[TAILSPIN]) == ("unchanged", "unknown", "created")
    assert done.returncode == PERSON


def test_all_of_no_customers_is_empty_input(shell: Shell) -> None:
    with answering({"/api/customers": {"customers": [], "sources": {}}}) as service:
        done = shell.run("operator", "partner-broker", "customers", "consent", "--all", BROKER_URL=service.url)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "no customer is listed" in done.stderr


@pytest.mark.parametrize(
    ("act", "error", "code"),
    [("retry", None, AWAY), ("rows.role", None, PERSON), ("retry", "application_misconfigured", PERSON)],
)
def test_a_status_without_results_is_worth_another_try_unless_a_person_is_needed(
    shell: Shell, act: str, error: str | None, code: int
) -> None:
    away = {"error": "results_unavailable", "remedy": "x", "act": {"name": act, "parameters": {}}}
    lists = dict.fromkeys(("consents", "damaged", "failing", "works", "new", "ending", "persons"), ())
    told = {"application": {**away, "error": error}, **lists, "check": None, "last_run": None, "next": None}
    with answering({"/api/status": {**told, "unavailable": away}}) as service:
        done = shell.run("operator", "partner-broker", "status", BROKER_URL=service.url)
    assert done.returncode == code
    assert "results_unavailable" in done.stderr


def test_a_list_of_who_is_kept_out_is_never_empty_because_the_broker_could_not_read_it(shell: Shell) -> None:
    away = {"error": "results_unavailable", "remedy": "x", "act": {"name": "retry", "parameters": {}}}
    with answering({"/api/status": {"excluded": [], "unavailable": away}}) as service:
        done = shell.run("operator", "partner-broker", "customers", "excluded", BROKER_URL=service.url)
    assert (done.returncode, done.stdout) == (AWAY, "")
    assert "results_unavailable" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("import", "imported"),
        ("import", "imported", "--env", "NO_SUCH_VARIABLE"),
        ("import", "imported", "--file", "/no/such/file"),
        ("customers", "consent"),
        ("policy", "lint"),
        ("policy", "lint", "/no/such/policy-1.json"),
        ("link", "--minutes", "0"),
        ("link", "--minutes", "1441"),
        ("link", "../../customers"),
        ("withdraw", "partner"),
        ("revoke-links", "partner"),
        ("customers", "remove", CONTOSO, "--apply"),
        ("show", "--output", "xml"),
    ],
    ids=" ".join,
)
def test_what_is_used_wrongly_or_is_empty_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell.run("operator", "partner-broker", *words)
    assert (done.returncode, done.stdout) == (USAGE, "")


@pytest.mark.parametrize(
    "words",
    [
        ("import", "imported", TOKEN),
        ("import", TOKEN),
        ("import", "imported", "short-secret"),
        ("import", "imported", "--refresh-token", "short-secret"),
        ("list", f"--audience={TOKEN}"),
        ("show", "1.AVMAaaaa"),
    ],
    ids=["behind the name", "as the name", "any word", "an old option", "in an option", "a refresh token"],
)
def test_a_secret_as_an_argument_is_refused_with_a_sentence_and_not_repeated(
    shell: Shell, words: tuple[str, ...]
) -> None:
    done = shell.run("operator", "partner-broker", *words)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "standard input" in done.stderr
    assert not any(secret in done.stderr for secret in (TOKEN, "short-secret", "1.AVM"))


def test_a_restore_of_what_is_in_force_says_what_it_did_not_do(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "restore")
    assert (done.returncode, "in_force" in done.stdout) == (DONE, True)
    assert "Nothing was restored" in done.stderr


def test_a_lost_consent_ends_the_list_with_1_and_its_remedy(shell: Shell) -> None:
    listed = json.loads(shell.run("operator", "partner-broker", "list", "-o", "json").stdout)
    row = listed["consents"][0] | {
        "status": "lost",
        "error": "new_consent_needed",
        "authority_code": 50173,
        "remedy": "POST ...",
        "act": {"name": "consent.link", "parameters": {"consent": "partner"}},
    }
    with answering({"/api/consents": listed | {"consents": [row]}}) as broker:
        done = shell.run("operator", "partner-broker", "list", "--broker-url", broker.url)
    assert done.returncode == PERSON
    assert "new_consent_needed (AADSTS50173)" in done.stdout
    assert "partner-broker link partner" in done.stderr


def test_a_package_that_is_missing_is_one_sentence_and_what_to_install(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "policy-1.json"
    file.write_text(json.dumps(REPORTS_POLICY))
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "azure.keyvault" else found(name))
    done = shell.run("operator", "partner-broker", "policy", "put", str(file), "--vault-url", "https://a.example")
    assert done.returncode == PERSON
    assert "partner-token[operator]" in done.stderr


def test_a_vault_that_is_not_there_is_away(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy-1.json"
    file.write_text(json.dumps(REPORTS_POLICY))
    done = shell.run("operator", "partner-broker", "policy", "put", str(file), "--vault-url", "https://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (AWAY, "")


class Raising(io.StringIO):
    """Standard input at which something happens while it is read."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def read(self, _size: int | None = -1, /) -> str:
        raise self._error


def test_ctrl_c_ends_with_130(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "import", "imported", stdin=Raising(KeyboardInterrupt()))
    assert done.returncode == INTERRUPTED


def test_what_nobody_foresaw_is_one_line_without_its_text(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "import", "imported", stdin=Raising(RuntimeError("the secret")))
    assert (done.returncode, len(done.stderr.splitlines())) == (PERSON, 1)
    assert "the secret" not in done.stderr


def test_verbose_tells_each_answers_correlation_id(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "list", "--verbose")
    assert re.fullmatch(r"GET consents: 200, correlation id [0-9a-f-]{36}\n", done.stderr)


def test_what_a_library_logs_of_a_failure_is_said_once_and_its_logger_is_as_before(shell: Shell) -> None:
    logger = logging.getLogger("azure")
    before = logger.level
    done = shell.run(None, "partner-broker", "list", PATH="/nowhere")
    assert [line for line in done.stderr.splitlines() if "get_token failed" in line] == []
    assert logger.level == before


@pytest.mark.parametrize("answer", [404, ["not", "the", "broker"]], ids=["no page", "other JSON"])
def test_who_is_not_the_broker_is_said_with_what_to_look_at(shell: Shell, answer: object) -> None:
    with answering({"/api/consents": answer}) as other:
        done = shell.run("operator", "partner-broker", "list", BROKER_URL=other.url)
    assert done.returncode == PERSON
    assert "is this its address?" in done.stderr
    assert "What to do: Check BROKER_URL" in done.stderr


def test_a_list_without_a_consent_says_how_the_first_is_given(shell: Shell) -> None:
    application = {"error": None, "days_left": None}
    told = {"consents": [], "damaged": [], "application": application}
    with answering({"/api/consents": told}) as broker:
        done = shell.run("operator", "partner-broker", "list", BROKER_URL=broker.url)
    assert (done.returncode, "partner-broker link" in done.stderr) == (DONE, True)


def test_a_choice_that_was_not_made_is_one_readable_line(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "completion")
    assert (done.returncode, "?" in done.stderr) == (USAGE, False)
    assert "Choose from: bash, zsh, fish, powershell" in done.stderr
