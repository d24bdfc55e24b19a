"""A small load generator: raw HTTP/1.1 over kept connections, so that the one who measures costs little."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a round of requests took: seconds for each, and in all; `sizes` are those of the answers' bodies."""

    seconds: Sequence[float]
    total: float
    statuses: frozenset[int]
    sizes: frozenset[int]

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.total


def percentile(loads: Iterable[Load], share: float) -> float:
    """Milliseconds within which this share of all the requests was answered."""
    ordered = sorted(seconds for one in loads for seconds in one.seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def message(url: str, *, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def load(url: str, messages: Iterable[bytes], *, connections: int) -> Load:
    """Send the messages over so many connections, each as soon as the last one was answered."""
    seconds: list[float] = []
    statuses: set[int] = set()
    sizes: set[int] = set()
    left = iter(messages)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        for one in left:
            begun = time.perf_counter()
            writer.write(one)
            head = await reader.readuntil(b"\r\n\r\n")
            sizes.add(await _read_body(reader, head))
            seconds.append(time.perf_counter() - begun)
            statuses.add(int(head[9:12]))
        writer.close()
        await writer.wait_closed()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(connection())
    total = time.perf_counter() - begun
    return Load(seconds=seconds, total=total, statuses=frozenset(statuses), sizes=frozenset(sizes))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> int:
    """How many bytes it has."""
    if b"\r\ntransfer-encoding: chunked\r\n" not in head.lower():
        return len(await reader.readexactly(_length(head)))
    size, whole = -1, 0
    while size != 0:
        size = int(await reader.readuntil(b"\r\n"), 16)
        await reader.readexactly(size + len(b"\r\n"))
        whole += size
    return whole


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, text = line.partition(b":")
        if name.lower() == b"content-length":
            return int(text)
    return 0
