"""Hosts beside a stack's own, on its vaults and its Entra ID."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from local import host
from local.ports import listen, port_of
from local.processes import answers, start
from local.stack import APP_FOLDER, host_environment
from local.state import StackState

GLIMPSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host process, and the stack as somebody sees it who asks this host."""

    state: StackState
    process: BaseProcess

    def kill(self) -> None:
        """SIGKILL, amid whatever it does; returns when it is gone."""
        self.process.kill()
        self.process.join()


@contextmanager
def another_host(
    stack: StackState, *, folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Host]:
    """A host on the stack's vaults and Entra ID, with an address of its own; killed on the way out.

    Its clock, its log and its timer's status are those of the stack unless it has a `folder`. Its timer fires only
    when asked to, unless `settings`, which are put over the usual ones, say otherwise.
    """
    (listening,) = listen(["host"]).values()
    address = f"http://localhost:{port_of(listening)}"
    state = replace(stack, host=address, folder=folder or stack.folder)
    usual = {**host_environment(stack), "PUBLIC_URL": address, "AzureWebJobs.refresh.Disabled": "true"}
    options = {"folder": APP_FOLDER, "environment": {**usual, **(settings or {})}}
    with listening:
        process = start(host.run, state, {"host": listening}, **options)
    running = Host(state=state, process=process)
    try:
        while not answers(state):
            assert process.is_alive(), state.log_file("host").read_text()[-2000:]
            time.sleep(GLIMPSE)
        yield running
    finally:
        running.kill()
        process.close()
