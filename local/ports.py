"""Sockets on loopback: the first free ports from 8400 to 8999, as the Partner Center module chose them."""

import errno
import os
import socket
from collections.abc import Iterable, Mapping

PORTS = range(8400, 9000)
BACKLOG = 128


def bind(doors: Iterable[str]) -> Mapping[str, socket.socket]:
    """A socket for each door, bound in order and not listening yet; raises OSError when no port is left.

    The socket itself is handed to the part, never the number: nobody can take the port in between.
    """
    ports = iter(PORTS)
    return {door: _next_free(ports) for door in doors}


def listen(doors: Iterable[str]) -> Mapping[str, socket.socket]:
    """The same, and listening."""
    bound = bind(doors)
    for listening in bound.values():
        listening.listen(BACKLOG)
    return bound


def port_of(bound: socket.socket) -> int:
    """The port a socket is bound to."""
    port: int = bound.getsockname()[1]
    return port


def hold(port: int) -> socket.socket:
    """Another socket bound to a port of `bind`: it refuses connections, and keeps others from the port.

    Raises OSError when somebody has taken the port, and where no two sockets may be bound to one, as outside Linux,
    or while one of them listens.
    """
    holding = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _outlive_connections(holding)
        holding.bind(("127.0.0.1", port))
    except OSError:
        holding.close()
        raise
    return holding


def _next_free(ports: Iterable[int]) -> socket.socket:
    for port in ports:
        candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            candidate.bind(("127.0.0.1", port))
            # After binding: a port that is taken, or held, is still passed over.
            _outlive_connections(candidate)
        except OSError as error:
            candidate.close()
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
        else:
            return candidate
    raise OSError(f"No port is free from {PORTS.start} to {PORTS.stop - 1}.")


def _outlive_connections(bound: socket.socket) -> None:
    """Let the port be bound again while connections of a part that was killed still linger in the kernel."""
    if os.name == "posix":  # elsewhere the option lets two processes listen on one port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
