"""partner-token.sh as a process against the running stack: where the token goes, and where it never does."""

import contextlib
import json
import os
import pty
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.demo import claims_of
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO, PARTNER_APPLICATION, PARTNER_TENANT
from tests.clients.workflows.shells import (
    CLIENTS,
    app_service,
    complaints,
    machine,
    run,
    signed_in,
    spied,
    without,
)
from tests.local_control import Controls

SCRIPT = str(CLIENTS / "bash" / "partner-token.sh")
REFUSED, WRONG_USE, TRY_AGAIN = 1, 2, 3


def is_graph_of_contoso(token: str) -> bool:
    claims = claims_of(token.strip())
    return (claims["aud"], claims["tid"]) == ("https://graph.microsoft.com", CONTOSO)


@pytest.mark.parametrize("missing", ["", "jq"], ids=["with jq", "without jq"])
def test_the_token_is_printed_and_nothing_else(consented: StackState, tmp_path: Path, missing: str) -> None:
    done = run([SCRIPT, "contoso", "graph"], app_service(consented) | {"PATH": without(tmp_path, missing)})
    assert (done.returncode, done.stderr) == (0, "")
    assert is_graph_of_contoso(done.stdout)
    assert done.stdout.count("\n") == 1


def test_a_command_finds_the_token_in_its_environment(consented: StackState) -> None:
    command = [SCRIPT, "--exec", "CUSTOMER_TOKEN", "contoso", "graph", "--", "printenv", "CUSTOMER_TOKEN"]
    done = run(command, app_service(consented))
    assert is_graph_of_contoso(done.stdout)


def test_the_commands_arguments_and_exit_code_are_its_own(consented: StackState) -> None:
    program = 'printf "%s|" "$@"; exit 7'
    command = [SCRIPT, "--exec", "T", "contoso", "graph", "--", "sh", "-c", program, "sh", "a b", "--fd", "*"]
    done = run(command, app_service(consented))
    assert (done.returncode, done.stdout) == (7, "a b|--fd|*|")


def test_a_file_descriptor_is_told_the_token(consented: StackState) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as told:
        done = run([SCRIPT, "--fd", str(writing), "contoso", "graph"], app_service(consented), pass_fds=(writing,))
        os.close(writing)
        assert is_graph_of_contoso(told.read())
    assert (done.returncode, done.stdout) == (0, "")


def on_a_terminal(command: list[str], variables: Mapping[str, str]) -> tuple[int, str]:
    """The exit code, and what a terminal shows: both outputs of the command are one."""
    ours, its = pty.openpty()
    with subprocess.Popen(command, env=dict(variables), stdin=its, stdout=its, stderr=its) as running:  # noqa: S603
        os.close(its)
        shown = b""
        # The other side of a terminal that ended is an error, not an end.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return running.returncode, shown.decode()


def test_a_terminal_is_shown_no_token_unless_asked_to(consented: StackState) -> None:
    code, shown = on_a_terminal([SCRIPT, "contoso", "graph"], app_service(consented))
    assert (code, "eyJ" in shown) == (WRONG_USE, False)
    assert "this would show a token on the screen" in shown
    code, shown = on_a_terminal([SCRIPT, "--fd", "1", "contoso", "graph"], app_service(consented))
    assert (code, is_graph_of_contoso(shown)) == (0, True)
    # A command's own output is the command's own matter.
    command = [SCRIPT, "--exec", "T", "contoso", "graph", "--", "printenv", "T"]
    assert is_graph_of_contoso(on_a_terminal(command, app_service(consented))[1])


def test_the_whole_answer_is_told_when_asked_for(consented: StackState) -> None:
    done = run([SCRIPT, "--json", "contoso", "graph"], app_service(consented))
    assert json.loads(done.stdout)["tenant_id"] == CONTOSO


@pytest.mark.parametrize("missing", ["", "jq"], ids=["with jq", "without jq"])
def test_every_option_reaches_the_broker_as_it_was_said(consented: StackState, tmp_path: Path, missing: str) -> None:
    claims = '{\n "access_token": {"acrs": {"essential": true, "value": "c1 \\"\\\\ $HOME"}}\n}'
    options = ["--scope", "--consent", "partner", "--claims", claims, "--min-lifetime", "0600"]
    command = [SCRIPT, *options, "contoso", "https://graph.microsoft.com/.default"]
    done = run(command, app_service(consented) | {"PATH": without(tmp_path, missing)})
    assert (done.returncode, done.stderr) == (0, "")
    assert is_graph_of_contoso(done.stdout)


def test_the_applications_own_token_is_asked_for_as_such(consented: StackState) -> None:
    done = run([SCRIPT, "--as", "application", "contoso", "graph"], app_service(consented))
    assert is_graph_of_contoso(done.stdout)
    assert "scp" not in claims_of(done.stdout.strip())
    wrong = run([SCRIPT, "--as", "nobody", "contoso", "graph"], app_service(consented))
    assert (wrong.returncode, wrong.stdout) == (REFUSED, "")
    assert "invalid_request" in wrong.stderr


@pytest.mark.parametrize("missing", ["", "jq"], ids=["with jq", "without jq"])
def test_a_refusal_says_code_remedy_and_correlation_id(consented: StackState, tmp_path: Path, missing: str) -> None:
    variables = app_service(consented, "intruder") | {"PATH": without(tmp_path, missing)}
    done = run([SCRIPT, "contoso", "graph"], variables)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert re.search(r"not_permitted: .*Add a permission.* \(correlation id [0-9a-f-]{36}\)", done.stderr)


@pytest.mark.parametrize("missing", ["", "jq"], ids=["with jq", "without jq"])
def test_a_warning_goes_to_stderr(consented: StackState, tmp_path: Path, missing: str) -> None:
    done = run([SCRIPT, "contoso", "aadgraph"], app_service(consented) | {"PATH": without(tmp_path, missing)})
    assert done.returncode == 0
    assert "warning: Azure AD Graph is retired" in done.stderr
    assert claims_of(done.stdout.strip())["aud"] == "https://graph.windows.net"


def test_no_token_is_an_argument_of_any_process(consented: StackState, tmp_path: Path) -> None:
    spies = [spied(tmp_path, name) for name in ("curl", "jq", "tr")]
    variables = app_service(consented) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = run([SCRIPT, "--exec", "T", "contoso", "graph", "--", "true"], variables)
    assert done.returncode == 0
    noted = "".join(notes.read_text() for notes in spies if notes.exists())
    assert noted.count("--config -") == 2
    assert "eyJ" not in noted
    assert variables["IDENTITY_HEADER"] not in noted


def test_a_trace_shows_no_token(consented: StackState) -> None:
    done = run(["bash", "-x", SCRIPT, "--exec", "T", "contoso", "graph", "--", "true"], app_service(consented))
    assert done.returncode == 0
    assert "set +x" in done.stderr
    assert "eyJ" not in done.stderr


def test_curls_own_settings_of_the_user_are_not_read(consented: StackState, tmp_path: Path) -> None:
    """They could ask for a trace, in which every header stands."""
    (tmp_path / ".curlrc").write_text(f'trace-ascii = "{tmp_path}/trace"\n')
    done = run([SCRIPT, "contoso", "graph"], app_service(consented) | {"HOME": str(tmp_path)})
    assert done.returncode == 0
    assert not (tmp_path / "trace").exists()


def test_while_the_broker_asks_to_wait_it_is_asked_four_times(consented: StackState, tmp_path: Path) -> None:
    naps = spied(tmp_path, "sleep", instead="exit 0")
    entra = Controls(consented, consented.entra)
    entra.post("faults", {"method": "POST", "path": ".*/token", "times": -1, "status": 503})
    try:
        variables = app_service(consented) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = run([SCRIPT, "contoso", "arm"], variables)
    finally:
        entra.clear("faults")
    assert (done.returncode, done.stdout) == (TRY_AGAIN, "")
    assert "authority_unavailable: " in done.stderr
    waits = [int(line) for line in naps.read_text().split()]
    assert len(waits) == 3
    assert all(1 <= wait <= 30 for wait in waits)


def test_a_signed_in_az_is_taken_where_nothing_else_is_set_up(consented: StackState) -> None:
    done = run([SCRIPT, "contoso", "graph"], signed_in(consented))
    assert is_graph_of_contoso(done.stdout)


def test_a_workload_identitys_token_file_becomes_an_own_token(consented: StackState, tmp_path: Path) -> None:
    """The broker knows the application and says what it lacks: the exchange before it worked."""
    (tmp_path / "token").write_text(Workload(state=consented, name="broker").assertion("api://AzureADTokenExchange"))
    variables = machine(consented) | {
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "AZURE_TENANT_ID": PARTNER_TENANT,
        "AZURE_CLIENT_ID": PARTNER_APPLICATION,
        "AZURE_AUTHORITY_HOST": consented.entra,
    }
    done = run([SCRIPT, "contoso", "graph"], variables)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert "role_missing: " in done.stderr


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"IDENTITY_HEADER": "wrong"}, "X-IDENTITY-HEADER is missing or wrong"),
        ({"BROKER_AUDIENCE": "api://nobody"}, "AADSTS500011"),
        ({"AZURE_CLIENT_ID": PARTNER_APPLICATION}, "No managed identity of this app"),
    ],
)
def test_an_identity_that_gives_no_token_is_told_of(consented: StackState, more: dict[str, str], named: str) -> None:
    done = run([SCRIPT, "contoso", "graph"], app_service(consented) | more)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert named in done.stderr


def test_somebody_else_at_the_brokers_address_is_not_taken_for_it(consented: StackState) -> None:
    done = run([SCRIPT, "contoso", "graph"], app_service(consented) | {"BROKER_URL": consented.managed_identity})
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert "is http://127.0.0.1:" in done.stderr


def test_nobody_at_the_brokers_address_is_a_matter_of_trying_again(consented: StackState) -> None:
    done = run([SCRIPT, "contoso", "graph"], app_service(consented) | {"BROKER_URL": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout) == (TRY_AGAIN, "")
    assert "no answer" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "TENANT and RESOURCE"),
        (["contoso"], "TENANT and RESOURCE"),
        (["--fd"], "a value is missing"),
        (["--fd", "9", "contoso", "graph"], "an open file descriptor"),
        (["--fd", "x", "contoso", "graph"], "--fd"),
        (["--exec", "A-B", "contoso", "graph", "--", "true"], "--exec"),
        (["--exec", "A", "contoso", "graph"], "after --"),
        (["contoso", "graph", "--", "true"], "--exec NAME"),
        (["--min-lifetime", "soon", "contoso", "graph"], "--min-lifetime"),
        (["--broker-url", "http://broker.example", "contoso", "graph"], "https"),
        (["--broker-url", "http://localhost.example", "contoso", "graph"], "https"),
        (["--audience", "", "contoso", "graph"], "--audience"),
        (["--identity", "me", "contoso", "graph"], "--identity"),
        (["--identity", "workload", "contoso", "graph"], "AZURE_FEDERATED_TOKEN_FILE"),
        (["--refresh-token", "x", "contoso", "graph"], "no option"),
    ],
)
def test_wrong_use_is_named(consented: StackState, arguments: list[str], named: str) -> None:
    done = run([SCRIPT, *arguments], app_service(consented))
    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert named in done.stderr


def test_a_line_feed_begins_no_other_option_of_curl(consented: StackState, tmp_path: Path) -> None:
    done = run(
        [SCRIPT, "--consent", f'partner"\noutput = "{tmp_path}/taken', "contoso", "graph"], app_service(consented)
    )
    assert done.returncode == REFUSED
    assert "invalid_request: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_explains_every_option() -> None:
    done = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - our own program
    taken = re.findall(r"--[a-z-]+(?= ?[|)])", Path(SCRIPT).read_text().partition("parse() {")[2])
    assert {"--fd", "--exec", "--identity"} < set(taken)
    assert [option for option in taken if option not in done.stdout and option != "--help"] == []


def test_shellcheck_finds_nothing() -> None:
    assert complaints(Path(SCRIPT).read_text()) == ""
