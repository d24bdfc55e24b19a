"""One answer, read from a connection that others share: in its time, within its length, and nothing beyond it."""

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any

# Bytes of one answer as they are sent, whatever they are: far above the longest page that anybody reads (outbound.py).
LONGEST_ON_THE_WIRE = 32_000_000


class Reads(io.RawIOBase):
    """Bytes of one answer: none is waited for longer than usual, and none at all after the deadline."""

    def __init__(
        self, sock: socket.socket, *, patience: float | None, deadline: float, on_first: Callable[[], None]
    ) -> None:
        # The socket's own file keeps it open until the answer is read, though the connection lets go of it before.
        self._file, self._sock = sock.makefile("rb", buffering=0), sock
        self._patience, self._deadline, self._on_first = patience, deadline, on_first
        self._left = LONGEST_ON_THE_WIRE
        self._ended = False

    def readable(self) -> bool:
        """See io."""
        return True

    def end(self) -> None:
        """Wait for nothing more."""
        self._ended = True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - io's own
        """See io; raises TimeoutError, and HTTPException for an answer that is too long."""
        if self._ended:
            return 0
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        count = self._file.readinto(buffer)
        if count:
            self._on_first()
            self._left -= count
        if self._left < 0:
            raise http.client.HTTPException("the answer is too long")
        return count

    def close(self) -> None:
        """See io; the socket stays open."""
        self._file.close()
        super().close()


class OneAnswer(http.client.HTTPResponse):
    """The answer itself; those before it (RFC 9110 section 15.2) are passed over, of which http.client knows one.

    One whose headers were cut short is none; http.client would take it for one with an empty body.
    """

    def begin(self) -> None:
        """See http.client."""
        super().begin()
        if self.msg.defects:
            raise http.client.HTTPException("the headers are not whole")

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]  # not in its stub
        if status == http.client.SWITCHING_PROTOCOLS:
            raise http.client.HTTPException("nobody asked for another protocol")
        is_early = http.client.CONTINUE <= status < http.client.OK
        return version, http.client.CONTINUE if is_early else status, reason


class AnswerSource:
    """As much of a socket as http.client's response asks for."""

    def __init__(self, reads: Reads, on_more: Callable[[], None]) -> None:
        self._reads, self._on_more = reads, on_more

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return _Reader(self._reads, self._on_more)


class _Reader(io.BufferedReader):
    """Tells, when an answer is done with, whether more had come than was read."""

    def __init__(self, reads: Reads, on_more: Callable[[], None]) -> None:
        super().__init__(reads)
        self._reads, self._on_more = reads, on_more

    def read(self, size: int | None = -1, /) -> bytes:
        # urllib3 takes a chunk of less than nothing for one.
        if size is not None and size < -1:
            raise http.client.HTTPException("a part of the answer has no length")
        return super().read(size)

    def close(self) -> None:
        if not self.closed:
            self._reads.end()
            if self.peek():
                self._on_more()
        super().close()
