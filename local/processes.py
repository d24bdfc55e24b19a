"""The processes of a stack: each part in one of its own, started, watched until it answers, and stopped."""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import SpawnProcess

import httpx

from local.person import usual_trust
from local.state import StackState

START_SECONDS, STOP_SECONDS = 60.0, 10.0


class StackFailed(RuntimeError):
    """The stack did not come up, or its folder is not one to work in; the sentence says why."""


def start(run: Callable[..., None], *arguments: object, **options: object) -> SpawnProcess:
    """Run one part in a fresh process, which ends with this one at the latest."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=run, args=arguments, kwargs=options, daemon=True)
    process.start()
    return process


def stop(process: SpawnProcess) -> None:
    """Ask a process to end, and end it when it does not."""
    process.terminate()
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def kill(process: SpawnProcess) -> None:
    """End a process at once, as a crash or the platform would; returns when it is gone."""
    process.kill()
    process.join()
    process.close()


def wait_until(answering: Callable[[], bool], processes: Mapping[str, SpawnProcess], state: StackState) -> None:
    """Return once `answering` says so; raises StackFailed when one of the parts has ended, naming its log."""
    deadline = time.monotonic() + START_SECONDS
    while not answering():
        for part, process in processes.items():
            if not process.is_alive():
                raise StackFailed(f"{part} ended with code {process.exitcode}; see {state.log_file(part)}.")
        if time.monotonic() > deadline:
            raise StackFailed(f"The stack did not answer within {START_SECONDS:.0f} s; see {state.folder / 'log'}.")
        time.sleep(0.05)


def answers(state: StackState) -> bool:
    """Whether the host of this very stack answers with its functions: its port may be another's by now."""
    headers = {"x-functions-key": state.control_secret}
    try:
        with httpx.Client(headers=headers, timeout=5, trust_env=False, verify=usual_trust()) as client:
            status, functions = (client.get(f"{state.host}/admin/{path}") for path in ("host/status", "functions"))
    except httpx.HTTPError:
        return False
    # The real host is there before it has found its functions, and when it has found none.
    is_running = status.is_success and status.json()["state"] == "Running"
    return is_running and functions.is_success and bool(functions.json())
