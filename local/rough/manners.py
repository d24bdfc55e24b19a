"""How an answer goes out over a rough network, past the protocol: dripping, truncated, with a wrong length."""

import asyncio
from http import HTTPStatus

from local.rough.answers import Answer
from local.rough.wire import Wire

# What greets whoever meets another service behind an address.
NOT_HTTP = b"SSH-2.0-OpenSSH_9.9\r\n"


async def drip(answer: Answer, wire: Wire, *, pause: float) -> None:
    """The head, then the body byte by byte."""
    await wire.write(_head(_last(answer), len(answer.body)))
    await _drip(answer.body, wire, pause)
    wire.transport.close()


async def drip_headers(answer: Answer, wire: Wire, *, pause: float) -> None:
    """The head byte by byte, then the body."""
    await _drip(_head(_last(answer), len(answer.body)), wire, pause)
    await wire.write(answer.body)
    wire.transport.close()


async def truncated(answer: Answer, wire: Wire) -> None:
    """Half of the body that the head announces, and the end."""
    length = len(answer.body)
    await wire.write(_head(answer, length) + answer.body[: length // 2])
    wire.transport.close()


async def wrong_length(answer: Answer, wire: Wire, *, by: int) -> None:
    """All of it under a wrong length, as a server does that knows no better: it waits for the next request."""
    await wire.write(_head(answer, max(0, len(answer.body) + by)) + answer.body)
    wire.answered()


async def not_http(wire: Wire) -> None:
    """A greeting of another protocol, and the end."""
    await wire.write(NOT_HTTP)
    wire.transport.close()


def _last(answer: Answer) -> Answer:
    """A whole answer, after which nobody should use the connection again."""
    return answer.with_header("connection", "close")


def _head(answer: Answer, length: int) -> bytes:
    status = HTTPStatus(answer.status)
    lines = [
        f"HTTP/1.1 {status} {status.phrase}".encode(),
        *(name + b": " + value for name, value in answer.headers),
        f"content-length: {length}".encode(),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def _drip(content: bytes, wire: Wire, pause: float) -> None:
    for byte in content:
        if not await wire.write(bytes([byte])):
            return
        await asyncio.sleep(pause)
