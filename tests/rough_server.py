"""A server of raw bytes for tests of the wire: it does to each request what the test says, and counts."""

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
type Act = Callable[[socket.socket, int], None]


def answer(content: bytes = b"{}", *, headers: bytes = b"") -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s" % (
        headers,
        len(content),
        content,
    )


def serve(content: bytes = b"{}", *, headers: bytes = b"") -> Act:
    """Answer."""
    return lambda connection, _count: connection.sendall(answer(content, headers=headers))


def reset(connection: socket.socket, _count: int) -> None:
    """Close with a reset, as a NAT does that has forgotten the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    connection.close()


def close(connection: socket.socket, _count: int) -> None:
    """Close in an orderly way, without a word."""
    connection.close()


def if_used(act: Act) -> Act:
    """Do it to every request but the first of a connection."""
    return lambda connection, count: act(connection, count) if count > 1 else connection.sendall(answer())


def drip(content: bytes, *, every: float) -> Act:
    """Send one byte after the other."""

    def dripping(connection: socket.socket, _count: int) -> None:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return dripping


def then(content: bytes, act: Act) -> Act:
    """Send these bytes, and go on with `act`."""

    def both(connection: socket.socket, count: int) -> None:
        connection.sendall(content)
        act(connection, count)

    return both


def flood(size: int, *, compressed: bool) -> Act:
    """A whole answer of so many bytes once it is read."""
    content = gzip.compress(b"x" * size) if compressed else b"x" * size
    return serve(content, headers=b"Content-Encoding: gzip\r\n" if compressed else b"")


def silence(_connection: socket.socket, _count: int) -> None:
    """Say nothing, and keep the connection."""


@dataclass(slots=True)
class RoughServer:
    """Connections and requests so far; `act` may be changed at any time."""

    port: int
    context: ssl.SSLContext | None = None
    act: Act = field(default_factory=serve)
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/"

    def accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                self.connections += 1
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        count = 0
        with suppress(OSError), connection, self._dressed(connection) as speaking:
            while request := _whole(speaking):
                count += 1
                self.requests.append(request)
                self.act(speaking, count)

    def _dressed(self, connection: socket.socket) -> socket.socket:
        return self.context.wrap_socket(connection, server_side=True) if self.context else connection


def _whole(connection: socket.socket) -> bytes:
    """One request with its body; empty at the end."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65_536)
        if not more:
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def rough_server(context: ssl.SSLContext | None = None) -> Iterator[RoughServer]:
    """A server on loopback for as long as the block runs, over TLS with a `context`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = RoughServer(port=listening.getsockname()[1], context=context)
        threading.Thread(target=server.accept, args=(listening,), daemon=True).start()
        yield server
