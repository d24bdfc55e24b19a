"""The processes of a stack: each part in one of its own, started, watched until it answers, and stopped."""

import multiprocessing
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from local.fork_server import forked
from local.person import usual_trust
from local.state import StackState

# Nobody waits for it but a machine with cold disks and much to do: there the real host alone has taken 70 s.
START_SECONDS, STOP_SECONDS = 180.0, 10.0
LAST_LINES = 20


class StackFailed(RuntimeError):
    """The stack did not come up, or its folder is not one to work in; the sentence says why."""


def start(run: Callable[..., None], *arguments: object, **options: object) -> BaseProcess:
    """Run one part in a process of its own, which ends with this one at the latest."""
    if sys.platform == "linux":
        process: BaseProcess = forked(run, arguments, options)
    else:  # libraries of macOS do not survive a fork, and Windows has none
        spawn = multiprocessing.get_context("spawn")
        process = spawn.Process(target=run, args=arguments, kwargs=options, daemon=True)
    process.start()
    return process


def stop(process: BaseProcess) -> None:
    """Ask a process to end, and end it when it does not."""
    process.terminate()
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def kill(process: BaseProcess) -> None:
    """End a process at once, as a crash or the platform would; returns when it is gone."""
    process.kill()
    process.join()
    process.close()


def wait_until(answering: Callable[[], bool], processes: Mapping[str, BaseProcess], state: StackState) -> None:
    """Return once `answering` says so; raises StackFailed when one of the parts has ended, with the end of its log."""
    deadline = time.monotonic() + START_SECONDS
    while not answering():
        for part, process in processes.items():
            if not process.is_alive():
                log = state.log_file(part)
                raise StackFailed(f"{part} ended with code {process.exitcode}; see {log}.\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise StackFailed(f"The stack did not answer within {START_SECONDS:.0f} s; see {state.folder / 'log'}.")
        time.sleep(0.05)


def _end_of(log: Path) -> str:
    """The last lines of a log: on a machine of others, what failed is all that is left to read."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]) if log.exists() else ""


def answers(state: StackState, door: str = "host") -> bool:
    """Whether this door (a field of the state) of this very stack answers: its port may be another's by now."""
    try:
        answer = ask(state, door)
        if door != "host":
            return answer.is_success
        # The real host is there before it has found its functions, and when it has found none.
        is_running = answer.is_success and answer.json()["state"] == "Running"
        functions = ask(state, door, "admin/functions")
    except httpx.HTTPError:
        return False
    return is_running and functions.is_success and bool(functions.json())


def ask(state: StackState, door: str, path: str = "") -> httpx.Response:
    """Ask one door what only those know the secret of who are its stack's own; raises httpx.HTTPError."""
    if door == "host":
        usual, headers = "admin/host/status", {"x-functions-key": state.control_secret}
    else:
        usual, headers = "_local/requests", {"x-local-control": state.control_secret}
    address = getattr(state, door)
    tls = address.startswith("https:")
    trust = ssl.create_default_context(cafile=state.ca_file) if tls else usual_trust()
    return httpx.get(f"{address}/{path or usual}", headers=headers, timeout=5, trust_env=False, verify=trust)
