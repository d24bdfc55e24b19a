"""The answer of a stand-in as a value: taken from its app, and sent on with another body."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.rough.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; its headers name no length."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def with_header(self, name: str, value: str) -> Self:
        """The same with one header more."""
        return replace(self, headers=(*self.headers, (name.encode(), value.encode())))


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """What the app answers, to nobody yet."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *rest = messages
    headers = tuple((name, value) for name, value in start["headers"] if name.lower() != b"content-length")
    body = b"".join(message.get("body", b"") for message in rest)
    return Answer(status=start["status"], headers=headers, body=body)


async def send_pieces(answer: Answer, pieces: Iterable[bytes], wire: Wire, send: Send) -> None:
    """Send the pieces as the answer's body, chunked since no length is said, for as long as somebody listens."""
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
        if wire.transport.is_closing():
            return
    await send({"type": "http.response.body", "body": b""})
