"""A small load generator: raw HTTP/1.1 over kept connections, so that the one who measures costs little."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a round of requests took: seconds for each, and in all."""

    seconds: Sequence[float]
    total: float
    statuses: frozenset[int]

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.total

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the requests was answered."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def load(url: str, *, headers: dict[str, str], body: bytes, requests: int, connections: int) -> Load:
    """Send so many POSTs over so many connections, each as soon as the last one was answered."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    message = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    seconds: list[float] = []
    statuses: set[int] = set()
    left = iter(range(requests))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
        for _ in left:
            begun = time.perf_counter()
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            await _read_body(reader, head)
            seconds.append(time.perf_counter() - begun)
            statuses.add(int(head[9:12]))
        writer.close()
        await writer.wait_closed()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(connection())
    return Load(seconds=seconds, total=time.perf_counter() - begun, statuses=frozenset(statuses))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"\r\ntransfer-encoding: chunked\r\n" not in head.lower():
        await reader.readexactly(_length(head))
        return
    size = -1
    while size != 0:
        size = int(await reader.readuntil(b"\r\n"), 16)
        await reader.readexactly(size + len(b"\r\n"))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, text = line.partition(b":")
        if name.lower() == b"content-length":
            return int(text)
    return 0
