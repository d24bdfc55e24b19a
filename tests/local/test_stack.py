"""Starting and ending the local stack: what is said when it cannot start, and that nothing is left running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local.person import Person
from local.ports import PORTS, listen, port_of
from local.processes import StackFailed, ask
from local.stack import PARTS, host_environment, running_stack
from local.state import StackState, load_state
from local.workload import Workload, fire_timer
from local.world import ADMIN
from tests.health import health_of

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0


@contextmanager
def command(
    *arguments: str, environment: Mapping[str, str] | None = None, hears_ctrl_c: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """`python -m local ...` in a session of its own, as a terminal runs it, or deaf to Ctrl-C as a job with `&`."""
    # A process starts with what its parent ignores, and the tests themselves may run as such a job.
    before = signal.signal(signal.SIGINT, signal.default_int_handler if hears_ctrl_c else signal.SIG_IGN)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def done(*arguments: str) -> tuple[int, str, str]:
    with command(*arguments) as process:
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err


def wait_until_up(folder: Path) -> StackState:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            state = load_state(folder)
            if httpx.get(f"{state.host}/api/health", trust_env=False, timeout=PATIENCE).is_success:
                return state
        except (OSError, ValueError, httpx.HTTPError):
            time.sleep(0.05)
    raise AssertionError("the stack did not come up")


def wait_until_nothing_listens(state: StackState) -> None:
    until = time.monotonic() + PATIENCE
    while listening := [door for door in PARTS if listens(state, door)]:
        assert time.monotonic() < until, f"still listening: {listening}"
        time.sleep(0.05)


def listens(state: StackState, door: str) -> bool:
    """Whether a part of this stack is there, be it silent.

    Its port may be another stack's by now: that one refuses, shows another authority's certificate, or speaks TLS where
    this one did not.
    """
    try:
        return ask(state, door).is_success
    except httpx.TimeoutException:
        return True
    except httpx.HTTPError:
        return False


def test_a_stack_that_ends_leaves_nothing_listening(tmp_path: Path) -> None:
    with running_stack(tmp_path / "state") as state:
        assert health_of(state.host).json()["status"] == "up"
    wait_until_nothing_listens(state)


def test_two_stacks_run_side_by_side_on_the_next_free_ports(tmp_path: Path) -> None:
    with running_stack(tmp_path / "one") as one, running_stack(tmp_path / "two") as two:
        assert one.host != two.host
        assert {int(state.host.rpartition(":")[2]) in PORTS for state in (one, two)} == {True}


def test_a_taken_port_is_passed_over() -> None:
    first = listen(["a", "b"])
    second = listen(["a"])
    try:
        assert len({port_of(listening) for listening in (*first.values(), *second.values())}) == 3
    finally:
        for listening in (*first.values(), *second.values()):
            listening.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_and_is_no_error(tmp_path: Path, how: signal.Signals) -> None:
    with command("run", "--state", str(tmp_path / "state")) as process:
        state = wait_until_up(tmp_path / "state")
        assert process.stdout is not None
        while "Ctrl-C" not in process.stdout.readline():
            pass
        os.killpg(process.pid, how)
        assert process.wait(PATIENCE) == 0
    wait_until_nothing_listens(state)


def test_a_killed_stack_leaves_nothing_running(tmp_path: Path) -> None:
    with command("run", "--state", str(tmp_path / "state")) as process:
        state = wait_until_up(tmp_path / "state")
        process.kill()
        process.wait(PATIENCE)
        wait_until_nothing_listens(state)


@pytest.mark.parametrize("reached", ["", "state", "state/stack.json", "state/log/entra.log", "state/log/host.log"])
def test_an_interrupted_start_leaves_nothing_running(tmp_path: Path, reached: str) -> None:
    """Before its first line, and when it has come so far as to make this folder or file."""
    with command("run", "--state", str(tmp_path / "state")) as process:
        until = time.monotonic() + PATIENCE
        while not (tmp_path / reached).exists():
            assert time.monotonic() < until
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
        if (tmp_path / "state" / "stack.json").exists():
            wait_until_nothing_listens(load_state(tmp_path / "state"))


def test_a_stack_in_the_background_ends_on_sigterm(tmp_path: Path) -> None:
    with command("run", "--state", str(tmp_path / "state"), hears_ctrl_c=False) as process:
        state = wait_until_up(tmp_path / "state")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        wait_until_nothing_listens(state)


def test_missing_and_malformed_settings_are_all_named_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = {"PARTNER_TENANT_ID": "", "TOKEN_VAULT_URL": "not-an-address", "PUBLIC_URL": "http://broker.example"}
    with pytest.raises(StackFailed, match="host ended"), running_stack(tmp_path / "state", settings=broken):
        pass
    told = capfd.readouterr().err
    assert "PARTNER_TENANT_ID is missing: it should be a GUID" in told
    assert "TOKEN_VAULT_URL is malformed: it should be an address such as https://" in told
    assert "PUBLIC_URL is malformed: it should be the https address" in told
    assert "not-an-address" not in told, "a value may be a secret that was put into the wrong setting"
    assert "Traceback" not in told
    wait_until_nothing_listens(load_state(tmp_path / "state"))


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    code, _, err = done("run", "--state", str(tmp_path))
    assert code == 1
    assert "holds something else than a local stack" in err
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


def test_a_folder_in_use_is_refused_and_its_stack_runs_on(stack: StackState) -> None:
    code, _, err = done("run", "--state", str(stack.folder))
    assert code == 1
    assert "running from" in err
    assert health_of(stack.host).is_success


def test_nothing_starts_inside_azure(tmp_path: Path) -> None:
    with command("run", "--state", str(tmp_path / "s"), environment={"WEBSITE_INSTANCE_ID": "0"}) as process:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "does not start inside Azure" in err


def test_a_kept_folder_keeps_consents_and_a_clean_start_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with running_stack(folder) as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
    with running_stack(folder, keep=True) as state:
        assert Workload(state=state, name="reports").token("contoso", "graph").is_success
        assert fire_timer(state) == "Success"
    with running_stack(folder) as state:
        assert Workload(state=state, name="reports").token("contoso", "graph").json()["code"] == "consent_absent"


def test_only_this_user_may_look_into_the_state_folder(stack: StackState) -> None:
    modes = {file.name: file.stat().st_mode & 0o077 for file in (stack.folder, stack.folder / "stack.json")}
    assert set(modes.values()) == {0}


def test_a_stack_answers_nobody_who_calls_it_by_another_name(stack: StackState) -> None:
    """DNS rebinding: a page of another site that resolves its own name to loopback."""
    port = stack.host.rpartition(":")[2]
    for host in (f"evil.example:{port}", f"broker.example:{port}", "", f"localhost.evil.example:{port}"):
        answer = httpx.get(f"{stack.host}/api/health", headers={"Host": host}, trust_env=False)
        assert answer.status_code in {400, 421}


def test_env_points_any_client_at_the_stack(stack: StackState) -> None:
    code, out, _ = done("env", "--state", str(stack.folder), "--identity", "operator")
    exports = dict(line.removeprefix("export ").split("=", 1) for line in out.splitlines())
    assert code == 0
    assert exports["IDENTITY_HEADER"].strip("'") == stack.identity_headers["operator"]
    assert exports["BROKER_URL"] == stack.host
    assert {"IDENTITY_ENDPOINT", "LOCAL_CA_FILE", "AZURE_AUTHORITY_HOST", "TOKEN_VAULT_URL"} <= set(exports)
    assert set(host_environment(stack)) >= {"PUBLIC_URL", "REFRESH_SCHEDULE"}


def test_env_says_the_same_of_a_folder_that_is_named_from_here(stack: StackState) -> None:
    """As the usual one is: and who reads it may be in another folder by then."""
    told = [done("env", "--state", folder) for folder in (str(stack.folder), os.path.relpath(stack.folder, ROOT))]
    assert told[0] == told[1]
    assert told[0][0] == 0


def test_the_commands_of_a_running_stack_do_what_the_readme_says(tmp_path: Path) -> None:
    folder = str(tmp_path / "state")
    with running_stack(tmp_path / "state") as state, Person() as person:
        code, link, _ = done("link", "--state", folder)
        assert code == 0
        assert person.consent(link.strip(), ADMIN).is_success
        code, out, _ = done("token", "contoso", "graph", "--state", folder)
        assert code == 0
        assert '"access_token": "..."' in out, "shown by its claims, never itself"
        assert done("token", "contoso", "exchange", "--state", folder)[0] == 1
        assert done("clock", "+60d", "--state", folder)[0] == 0
        assert done("timer", "--state", folder)[:2] == (0, "refresh: Success\n")
        assert done("clock", "soon", "--state", folder)[0] == 1
        # A consent that is broken and repaired.
        assert done("clock", "+95d", "--state", folder)[0] == 0
        assert '"code": "new_consent_needed"' in done("token", "contoso", "graph", "--state", folder)[1]
        assert person.consent(done("link", "--state", folder)[1].strip(), ADMIN).is_success
        assert done("token", "contoso", "graph", "--state", folder)[0] == 0
        assert state.host.startswith("http://localhost:")


def test_roughness_can_be_ordered_by_hand_and_ended(tmp_path: Path) -> None:
    folder = tmp_path / "state"

    def rough(*arguments: str) -> str:
        code, out, err = done("rough", *arguments, "--state", str(folder))
        assert code == 0, err
        return out

    with running_stack(folder) as state:
        assert rough("managed_identity", "503", "--times", "-1") == "managed_identity: 503 is ordered.\n"
        url = f"{state.managed_identity}/msi/token"
        assert httpx.get(url, trust_env=False).headers["retry-after"] == "1"
        assert rough("managed_identity", "calm") == "managed_identity: what was ordered has ended.\n"
        assert httpx.get(url, trust_env=False).status_code == httpx.codes.UNAUTHORIZED
        assert "connections" in rough("token_vault", "forget_by_silence")
        assert "kid" in rough("entra", "new_key")
        assert rough("entra", "unlisted_number")
        assert rough("entra", "calm")
        code, _, err = done("rough", "token_vault", "new_key", "--state", str(folder))
        assert (code, "token_vault takes no order of new_key" in err) == (1, True)


def test_what_make_run_prints_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with command("run", "--state", str(folder)) as process, Person() as person:
        wait_until_up(folder)
        assert process.stdout is not None
        printed: list[str] = []
        while not printed or "Ctrl-C ends all" not in printed[-1]:
            printed.append(process.stdout.readline())
        link = next(line.strip() for line in printed if "/api/consent?link=" in line)
        assert person.consent(link, ADMIN).is_success
        begin = next(number for number, line in enumerate(printed) if "eval " in line)
        end = next(number for number, line in enumerate(printed) if line.startswith("3. "))
        shell = subprocess.run(  # noqa: S603 - what the stack itself has just printed
            ["bash", "-euo", "pipefail", "-c", "".join(printed[begin:end])],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert shell.returncode == 0, shell.stderr
        assert json.loads(shell.stdout)["token_type"] == "Bearer"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_commands_without_a_stack_say_how_to_start_one(tmp_path: Path) -> None:
    code, _, err = done("timer", "--state", str(tmp_path / "none"))
    assert code == 1
    assert "make run" in err
