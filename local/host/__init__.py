"""The Functions host on loopback: a small HTTP front and timers over Microsoft's own worker library."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from local.clock import MovedClock
from local.host.application import Application
from local.host.errors import StartError
from local.host.timers import TICK
from local.serving import Door, serve
from local.state import StackState


def run(
    state: StackState, sockets: Mapping[str, socket.socket], *, folder: Path, environment: Mapping[str, str]
) -> None:
    """Serve the Functions app in `folder` on the socket `host` until stopped; for a process of its own.

    `environment` wins over variables the process has. The worker loads one app per process, so this is called once.
    An app that does not load ends the process with code 1 and the reason on stderr.
    """
    folder = folder.resolve()
    state = replace(state, folder=state.folder.resolve())
    os.environ.update(environment)
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    os.chdir(folder)
    # The worker imports function_app by its bare name and leaves the path to its host.
    sys.path.insert(0, str(folder))
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    application = Application(state, folder)
    door = Door(socket=sockets["host"], app=application.asgi, tls=False, controlled=False)
    try:
        serve("host", state=state, doors=[door], background=_keep_time)
    except SystemExit:
        if application.failure is None:
            raise
        _explain(application.failure, folder, log=state.log_file("host"))
        raise SystemExit(1) from None


async def _keep_time(clock: MovedClock) -> None:
    """Follow the stack's clock while no request does: timers must see it move."""
    while True:
        clock.follow()
        await asyncio.sleep(TICK)


def _explain(failure: StartError, folder: Path, *, log: Path) -> None:
    print(f"The Functions app in {folder} does not start.", *failure.problems, sep="\n", file=sys.stderr)
    print(f"The log has the whole story: {log}", file=sys.stderr, flush=True)
