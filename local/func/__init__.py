"""The real Functions host as a part of the stack: `func` of Azure Functions Core Tools, with Azurite below it."""

import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from subprocess import Popen

from local.func.folder import link_app
from local.func.keys import write_keys
from local.func.log import why_not_started
from local.func.programs import missing, program, running
from local.func.settings import func_environment
from local.func.storage import running_storage
from local.func.worker_clock import moved_python
from local.host.keys import Keys
from local.ports import hold, port_of
from local.processes import START_SECONDS
from local.serving import refuse_in_azure
from local.state import StackState

__all__ = ["missing", "run"]
TICK = 0.2


def run(
    state: StackState, sockets: Mapping[str, socket.socket], *, folder: Path, environment: Mapping[str, str]
) -> None:
    """Serve the Functions app in `folder` at the address of the socket `host` until stopped; for a process of its own.

    `environment` wins over variables the process has. `func` and Azurite run below this process and end with it or with
    its parent. Raises StackFailed when one of the two is missing, and ends with code 1 when the app does not load.
    """
    refuse_in_azure()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    # Ctrl-C in a terminal is for the process that started the stack.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    app, log = link_app(folder, state.folder / "app"), state.log_file("host")
    written = log.stat().st_size if log.exists() else 0
    port = port_of(sockets["host"])
    sockets["host"].close()
    # The host opens its port itself. Where two sockets may be bound to a port, it is nobody else's meanwhile.
    held = hold(port) if sys.platform == "linux" else nullcontext()
    with held, running_storage(state) as storage:
        write_keys(storage, Keys(master=state.control_secret))
        settings = func_environment(environment, storage=storage, worker=moved_python(state))
        # Without --enableAuth every key is skipped, and the host listens on all addresses of this machine.
        command = [program("func"), "start", "--enableAuth", "--port", str(port), "--timeout", f"{START_SECONDS:.0f}"]
        with running(command, folder=app, environment=settings, log=log) as host:
            _watch(host, stopped, lambda: why_not_started(log, since=written) is not None)
    if not stopped.is_set() and _parent_lives():
        reasons = why_not_started(log, since=written) or []
        print(f"The Functions app in {folder} does not start.", *reasons, sep="\n", file=sys.stderr)
        print(f"The log has the whole story: {log}", file=sys.stderr, flush=True)
        raise SystemExit(1)


def _watch(host: Popen[bytes], stopped: threading.Event, has_failed: Callable[[], bool]) -> None:
    """Return when the host has ended or found no functions, was asked to end, or whoever started it is gone."""
    while host.poll() is None and not stopped.wait(TICK):
        if has_failed() or not _parent_lives():
            return


def _parent_lives() -> bool:
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()
