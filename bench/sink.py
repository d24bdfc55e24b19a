"""Where the real host's telemetry goes while it is measured: a listener that takes everything and keeps nothing."""

import asyncio
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.sharedctypes import Synchronized

ANSWER = b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)


class Sink:
    """A running listener; `taken` is how many requests it has answered."""

    def __init__(self, address: str, taken: "Synchronized[int]") -> None:
        self.connection_string = (
            "InstrumentationKey=00000000-0000-4000-8000-000000000000;"
            f"IngestionEndpoint={address};LiveEndpoint={address}"
        )
        self._taken = taken

    @property
    def taken(self) -> int:
        """How many requests it has answered so far."""
        return self._taken.value


@contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink in a process of its own, so that it takes no time of the load generator."""
    listening = socket.create_server(("127.0.0.1", 0))
    context = multiprocessing.get_context("fork")
    taken = context.Value("i", 0)
    process = context.Process(target=_serve, args=(listening, taken), daemon=True)
    process.start()
    try:
        yield Sink(f"http://127.0.0.1:{listening.getsockname()[1]}/", taken)
    finally:
        process.terminate()
        process.join()
        listening.close()


def _serve(listening: socket.socket, taken: "Synchronized[int]") -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await _skip_body(reader, writer, head)
                writer.write(HEAD + ANSWER)
                with taken.get_lock():
                    taken.value += 1

    async def forever() -> None:
        async with await asyncio.start_server(answer, sock=listening) as server:
            await server.serve_forever()

    asyncio.run(forever())


async def _skip_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    if b"\r\nexpect: 100-continue\r\n" in head:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        size = -1
        while size != 0:
            size = int(await reader.readuntil(b"\r\n"), 16)
            await reader.readexactly(size + len(b"\r\n"))
        return
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
