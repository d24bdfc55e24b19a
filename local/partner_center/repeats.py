"""A change asked for twice under one request id is made once, and answered the same both times."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from local.partner_center.refusals import Answer

REMEMBERED = 10_000


class Repeats:
    """Remembers what was answered to changes, by `ms-requestid` and content; refusals are not remembered.

    Changes are made one after the other: a repeat that overtakes the first attempt waits for it.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Answer] = {}
        self._lock = asyncio.Lock()

    async def once(self, request: Request, change: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of the first time, or that of the change which is made now."""
        request_id = request.headers.get("ms-requestid", "")
        digest = hashlib.sha256(await request.body()).hexdigest()
        asked = (request_id, request.method, request.url.path, digest)
        async with self._lock:
            if request_id and asked in self._answers:
                return self._answers[asked]
            answer = await change()
            self._answers[asked] = answer
            while len(self._answers) > REMEMBERED:
                del self._answers[next(iter(self._answers))]
            return answer
