"""The control door of each stand-in: faults to come, and the requests that came; for tests and demonstrations.

`POST /_local/faults` adds a fault, `DELETE /_local/faults` drops all, `GET /_local/requests` lists what was asked
since the last `DELETE /_local/requests`. All want the header `x-local-control` with the stack's control secret.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/_local/"
REQUESTS_KEPT = 100_000


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` requests that match.

    `method` and `path` are regular expressions that must match whole (`path` without the query). With `status`, that
    answer (with `headers` and JSON `body`) is given instead of the real one. `delay` waits that many seconds first.
    `drop` cuts the connection without an answer: `before` the request is served, or `after` it was (the lost answer).
    `times` of -1 means for ever.
    """

    method: str = ".*"
    path: str = ".*"
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drop: str | None = None

    def takes(self, method: str, path: str) -> bool:
        """Whether this fault meets this request; counts down when it does."""
        if self.times == 0 or not re.fullmatch(self.method, method) or not re.fullmatch(self.path, path):
            return False
        self.times -= 1
        return True


class Control:
    """ASGI middleware that records requests, injects faults, and answers the control routes."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        self._app = app
        self._secret = secret
        self._faults: list[Fault] = []
        self._requests: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or hurt it as asked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(PREFIX):
            await (await self._control(Request(scope, receive)))(scope, receive, send)
            return
        if len(self._requests) < REQUESTS_KEPT:
            self._requests.append({"method": scope["method"], "path": scope["path"]})
        fault = next((fault for fault in self._faults if fault.takes(scope["method"], scope["path"])), None)
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._hurt(fault, scope, receive, send)

    async def _hurt(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(fault.delay)
        if fault.drop == "after":
            await self._app(scope, receive, _swallow)
        if fault.drop is not None:
            # ASGI has no word for cutting a connection; uvicorn's own `send` is a method of the request that holds it.
            send.__self__.transport.abort()  # type: ignore[attr-defined]
        elif fault.status is not None:
            response = JSONResponse(fault.body, status_code=fault.status, headers=fault.headers)
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _control(self, request: Request) -> ASGIApp:
        if not secrets.compare_digest(request.headers.get("x-local-control", "").encode(), self._secret.encode()):
            return JSONResponse({"error": "the control secret of this stack is missing"}, status_code=403)
        match request.method, request.url.path.removeprefix(PREFIX):
            case "POST", "faults":
                self._faults.append(Fault(**await request.json()))
                return Response(status_code=204)
            case "DELETE", "faults":
                self._faults.clear()
                return Response(status_code=204)
            case "GET", "requests":
                return JSONResponse(self._requests)
            case "DELETE", "requests":
                self._requests.clear()
                return Response(status_code=204)
        # Routes a stand-in adds of its own (a key rollover, a revocation): guarded here, served by it.
        return self._app


async def _swallow(_message: Message) -> None:
    """Take an answer and give it to nobody."""
