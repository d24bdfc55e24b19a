"""One connection of a stand-in: it takes raw bytes, and can be reset, fall silent or be forgotten while it idles."""

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import Any, Literal, Self, get_args

import h11
from starlette.types import Receive, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

type Ending = Literal["close", "reset", "silence"]
ENDINGS: tuple[Ending, ...] = get_args(Ending.__value__)
_STATE = "wire"
# With this, closing a socket sends RST instead of what is left to send.
_NO_LINGERING = struct.pack("ii", 1, 0)


class Wire(H11Protocol):
    """uvicorn's protocol of a connection, which requests reach by `Wire.of`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _STATE: self}, _loop)
        self._forgotten: Ending | None = None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """The connection that a request came by."""
        wire = scope["state"][_STATE]
        assert isinstance(wire, cls)  # noqa: S101 - every server of the stack uses this protocol
        return wire

    def data_received(self, data: bytes) -> None:
        """Take what the other side sends; a forgotten connection answers it as it was told to."""
        if self._forgotten is None:
            super().data_received(data)
        else:
            self.end(self._forgotten)

    def end(self, ending: Ending) -> None:
        """Give no answer: `close` the connection, `reset` it, or leave it open in `silence`."""
        if ending == "reset":
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        if ending != "silence":
            self.transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether it has served a request and waits for the next one."""
        return self.cycle is not None and self.cycle.response_complete

    def forget(self, ending: Ending) -> None:
        """From now on there is this ending for whatever the other side sends, and till then nothing that it sees."""
        self._unset_keepalive_if_required()
        self._forgotten = ending

    def forget_idle(self, ending: Ending) -> int:
        """Forget every idle connection of this server, as a NAT does; returns how many. Raises ValueError."""
        if ending not in ENDINGS:
            raise ValueError(f"{ending} is no ending; these are: {', '.join(ENDINGS)}")
        idle = [wire for wire in self.connections if isinstance(wire, Wire) and wire.is_idle]
        for wire in idle:
            wire.forget(ending)
        return len(idle)

    async def write(self, content: bytes) -> bool:
        """Send raw bytes, past the protocol; says whether the connection still stands."""
        if self.transport.is_closing():
            return False
        self.transport.write(content)
        await self.flow.drain()
        return not self.transport.is_closing()

    def answered(self) -> None:
        """Let the protocol believe that its answer went out, once one was written past it: the connection serves on."""
        self.conn.send(h11.Response(status_code=HTTPStatus.NO_CONTENT, headers=[]))
        self.conn.send(h11.EndOfMessage())
        self.cycle.response_started = self.cycle.response_complete = True
        self.cycle.message_event.set()
        self.cycle.on_response()


async def gone(receive: Receive) -> None:
    """Return when the request is over: it was answered, or its connection has ended from either side."""
    while (await receive())["type"] != "http.disconnect":
        pass
