"""Connections that are known: which were used before, how old each is, and by when an answer must be whole.

A NAT or load balancer forgets a connection that was idle for minutes; the next request on it is reset, or vanishes
(learn: nat-gateway-resource, idle time-out of four minutes). So connections are kept alive, retired before that, and
one that fails all the same, before the first byte of an answer, is told apart from every other failure.
"""

import functools
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from shared.one_answer import AnswerSource, OneAnswer, Reads

# By its name where a system has it; macOS calls the first one otherwise.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPALIVE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}
KEEPALIVE = [
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in _KEEPALIVE.items()
        if hasattr(socket, name)
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Seconds: how long a connection may be idle, how old it may grow, and how long a whole answer may take."""

    idle: float = 120.0
    age: float = 600.0
    answer: float = 15.0

    @classmethod
    def used_once(cls) -> Self:
        """For what must be sent at most once: on a connection that nothing can have forgotten."""
        return cls(idle=-1.0)


class StaleConnection(ProtocolError):
    """A connection that had served before was reset or closed, and not one byte of an answer had come."""


class KnownConnection(HTTPConnection):
    """Plain HTTP; each answer has until `lifetimes.answer` after its request began, headers included."""

    def __init__(self, *args: Any, lifetimes: Lifetimes, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*args, **kwargs)
        self.response_class = self._answer  # type: ignore[assignment]  # http.client calls it as it would the class
        self._lifetimes = lifetimes
        self._answers = 0
        self._received = self._has_more = False
        self._made_on = self._used_on = self._deadline = time.monotonic()

    def connect(self) -> None:
        """A new connection, which has served nobody yet."""
        # A proxy that is asked to connect answers too.
        self._deadline = time.monotonic() + self._lifetimes.answer
        super().connect()
        self._answers = 0
        self._has_more = False
        self._made_on = self._used_on = time.monotonic()

    def is_retired(self, distrusted_on: float) -> bool:
        """Whether it is not to be used again: idle, old, or idle since before its neighbours were found dead.

        Nor one with bytes beyond its last answer, as the next request would take them for its own.
        """
        # Those that wait in the socket itself make urllib3 take the connection for dropped.
        if self._has_more or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        now = time.monotonic()
        lives = self._lifetimes
        return now - self._used_on > lives.idle or now - self._made_on > lives.age or self._used_on < distrusted_on

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Send a request; the deadline of its answer begins."""
        self._received = False
        self._deadline = time.monotonic() + self._lifetimes.answer
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        try:
            super().request(*args, **kwargs)
        except ssl.SSLError as error:
            raise (self._stale(error) or error) from error

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own differs from http.client's too
        """The answer, its body unread."""
        try:
            response = super().getresponse()
        except (ConnectionError, ssl.SSLError) as error:
            raise (self._stale(error) or error) from error
        self._answers += 1
        self._used_on = time.monotonic()
        return response

    def _stale(self, error: OSError) -> StaleConnection | None:
        unheard = self._answers > 0 and not self._received and not isinstance(error, TimeoutError)
        return StaleConnection("The connection had been closed.", error) if unheard else None

    def _answer(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # noqa: ANN401
        reads = Reads(sock, patience=sock.gettimeout(), deadline=self._deadline, on_first=self._hear)
        return OneAnswer(AnswerSource(reads, self._distrust), *args, **kwargs)  # type: ignore[arg-type]  # asks for makefile

    def _hear(self) -> None:
        self._received = True

    def _distrust(self) -> None:
        self._has_more = True


class KnownTlsConnection(KnownConnection, HTTPSConnection):
    """The same over TLS."""


class KnownPool(HTTPConnectionPool):
    """Connections to one origin; those that are retired are closed when they would be used again."""

    connection_class: type[KnownConnection] = KnownConnection

    def __init__(self, *args: Any, lifetimes: Lifetimes, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        self.ConnectionCls = functools.partial(self.connection_class, lifetimes=lifetimes)  # type: ignore[assignment]
        self._distrusted_on = float("-inf")
        self._of_thread = threading.local()
        super().__init__(*args, **kwargs)

    def distrust(self) -> None:
        """One connection was found dead: whatever has been idle since before may be dead too.

        The next request of this thread, which is the same one once more, gets a new connection whatever happens.
        """
        self._distrusted_on = time.monotonic()
        self._of_thread.wants_new = True

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - urllib3's own protocol of a connection
        connection: Any = super()._get_conn(timeout)
        wants_new, self._of_thread.wants_new = getattr(self._of_thread, "wants_new", False), False
        # urllib3 opens it anew, and verifies anew whom it speaks to.
        if connection.sock is not None and (wants_new or connection.is_retired(self._distrusted_on)):
            connection.close()
        return connection


class KnownTlsPool(KnownPool, HTTPSConnectionPool):
    """The same over TLS."""

    connection_class = KnownTlsConnection
