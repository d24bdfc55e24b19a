"""The control door of each stand-in: faults to come, and the requests that came; for tests and demonstrations.

`POST /_local/faults` adds a fault (local/rough/faults.py), `DELETE /_local/faults` drops all.
`POST /_local/forget` forgets the connections that idle now: `{"ending": "reset" | "silence"}`, for whoever sends next.
`GET /_local/requests` lists what was asked since the last `DELETE /_local/requests`.
All want the header `x-local-control` with the stack's control secret.
"""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.rough.faults import Fault
from local.rough.hurt import Hurt
from local.rough.wire import Wire

PREFIX = "/_local/"
REQUESTS_KEPT = 100_000


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
            await Hurt(self._app, fault)(scope, receive, send)

    async def _control(self, request: Request) -> ASGIApp:
        if not secrets.compare_digest(request.headers.get("x-local-control", "").encode(), self._secret.encode()):
            return JSONResponse({"error": "the control secret of this stack is missing"}, status_code=403)
        try:
            return await self._order(request)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    async def _order(self, request: Request) -> ASGIApp:
        match request.method, request.url.path.removeprefix(PREFIX):
            case "POST", "faults":
                self._faults.append(Fault(**await request.json()))
            case "DELETE", "faults":
                self._faults.clear()
            case "POST", "forget":
                return JSONResponse({"connections": Wire.of(request.scope).forget_idle(**await request.json())})
            case "GET", "requests":
                return JSONResponse(self._requests)
            case "DELETE", "requests":
                self._requests.clear()
            case _:
                # Routes a stand-in adds of its own (a key rollover, a revocation): guarded here, served by it.
                return self._app
        return Response(status_code=204)
