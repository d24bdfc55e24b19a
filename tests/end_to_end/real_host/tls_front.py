"""A front that ends TLS before a host, as Azure's does: the host itself hears plain HTTP."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def tls_front(listening: socket.socket, *, port: int, certificate: Path, key: Path) -> Iterator[None]:
    """Pass what comes to `listening` on to a port of this machine while the context lasts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    stopped = threading.Event()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host_reader, host_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, host_writer), _copy(host_reader, writer))

    async def serve() -> None:
        server = await asyncio.start_server(passed_on, sock=listening, ssl=context)
        await asyncio.to_thread(stopped.wait)
        server.close()
        server.abort_clients()  # browsers keep connections open

    # In a thread of its own: Playwright's event loop runs in that of the test.
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()
