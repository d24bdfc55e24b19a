"""How every part of the stack serves: loopback only, on sockets handed to it, until its parent or the stack ends."""

import asyncio
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.clock import MovedClock
from local.control import Control
from local.rough.wire import Wire
from local.state import StackState

# How long HTTP.sys, the server below Azure's own, keeps an idle connection unless it is told otherwise.
IDLE_SECONDS = 120
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One listening socket of a part, what is served there, and whether it speaks TLS."""

    socket: socket.socket
    app: ASGIApp
    tls: bool
    controlled: bool = True


class LoopbackOnly:
    """ASGI middleware that refuses a Host header naming anything but loopback (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, clock: MovedClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request at the stack's time, if it was addressed to loopback."""
        self._clock.follow()
        if scope["type"] == "http":
            name, _, port = Headers(scope=scope).get("host", "").rpartition(":")
            if name not in LOOPBACK_NAMES or not port.isdigit():
                refusal = PlainTextResponse("This stack answers on loopback only.\n", status_code=421)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the part: one process may run two of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(
    part: str,
    *,
    state: StackState,
    doors: Sequence[Door],
    background: Callable[[MovedClock], Coroutine[None, None, None]] | None = None,
) -> None:
    """Serve all doors at the stack's time until SIGTERM or the end of the parent; logs to the folder.

    `background` runs beside the servers with the process's clock, and is cancelled once they have stopped.
    """
    refuse_in_azure()
    _log_to(state, part)
    _end_with_parent()
    clock = MovedClock(state.clock_file)
    servers = [_Server(_config(_guard(door, state, clock), state, door)) for door in doors]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for server in servers:
            server.should_exit = True

    signal.signal(signal.SIGTERM, stop)
    # Ctrl-C in a terminal is sent to every process of the stack, and is for the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            beside = group.create_task(background(clock)) if background is not None else None
            await asyncio.gather(
                *(server.serve(sockets=[_tcp(door.socket)]) for server, door in zip(servers, doors, strict=True))
            )
            if beside is not None:
                beside.cancel()

    with clock.running():
        asyncio.run(run())


def _tcp(listening: socket.socket) -> socket.socket:
    # asyncio turns Nagle's algorithm off only for sockets that say they are TCP, and a made socket says 0: asked anew,
    # the descriptor tells. Otherwise each answer with a body waits 40 ms for an acknowledgement.
    return socket.socket(fileno=listening.detach())


def _guard(door: Door, state: StackState, clock: MovedClock) -> ASGIApp:
    app = Control(door.app, secret=state.control_secret) if door.controlled else door.app
    return LoopbackOnly(app, clock=clock)


def refuse_in_azure() -> None:
    """Raise SystemExit where App Service runs: a stand-in for Entra ID must never serve there."""
    if "WEBSITE_INSTANCE_ID" in os.environ:
        raise SystemExit("The local stack does not start inside Azure (WEBSITE_INSTANCE_ID is set).")


def _config(app: ASGIApp, state: StackState, door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http=Wire,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=1,  # clients keep idle connections; every answered write is committed already
        ssl_certfile=str(state.certificate_file) if door.tls else None,
        ssl_keyfile=str(state.certificate_key_file) if door.tls else None,
    )


def _log_to(state: StackState, part: str) -> None:
    file = state.log_file(part)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    logging.basicConfig(
        filename=file, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )


def _end_with_parent() -> None:
    """Leave at once when the process that started this one is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def leave() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=leave, name="parent-watch", daemon=True).start()
