"""The HTTP front: from a request to the function it is for, and back, by the rules of the Functions host.

What differs from most web frameworks: of two routes that match, the one whose function has the first name wins; a wrong
method, HEAD on a GET route included, is 404; an exception is 500 with an empty body, and so is a body that is too long.
Source: the real host, in tests/contract/host; azure-functions-host, FunctionInvocationMiddleware.cs,
ExceptionMiddleware.cs, HomepageMiddleware.cs.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from local.host import worker
from local.host.admin import Admin
from local.host.configuration import HostConfiguration
from local.host.errors import StartError
from local.host.functions import Function, HttpTrigger
from local.host.keys import Keys
from local.host.messages import from_request, to_response
from local.host.routes import Route, compile_route
from local.host.trace import trace_of

# Kestrel's limits, in bytes: the first line of a request, its header lines, its body.
LONGEST_REQUEST_LINE = 8192
LONGEST_HEADERS = 32_768
LONGEST_BODY = 104_857_600


class Front:
    """The ASGI application of all HTTP functions and the admin routes."""

    def __init__(
        self, functions: Sequence[Function], *, configuration: HostConfiguration, keys: Keys, admin: Admin
    ) -> None:
        self._routes = _routes(functions, configuration.route_prefix)
        self._custom_headers = configuration.custom_headers
        self._chunked_bodies_arrive = configuration.chunked_bodies_arrive
        self._homepage = configuration.homepage
        self._keys = keys
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        response = await self._answer(Request(scope, receive))
        for name, value in self._custom_headers.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if (refusal := _too_long(request)) is not None:
            return refusal
        path = _path(request)
        if path.lower().startswith("/admin/"):
            return await self._admin.answer(request, path)
        found = self._find(path, request.method)
        if found is not None:
            return await self._call(request, *found)
        if path == "/":
            return HTMLResponse("The Functions host is running.\n") if self._homepage else Response(status_code=204)
        return Response(status_code=404)

    def _find(self, path: str, method: str) -> tuple[Function, HttpTrigger, Mapping[str, str]] | None:
        for route, function, trigger in self._routes:
            if trigger.methods and method not in trigger.methods:
                continue
            if (values := route.match(path)) is not None:
                return function, trigger, values
        return None

    async def _call(
        self, request: Request, function: Function, trigger: HttpTrigger, route_values: Mapping[str, str]
    ) -> Response:
        if function.disabled and not self._keys.is_master(request):
            return Response(status_code=404)
        if not self._keys.open_level(trigger.auth_level, request):
            return Response(status_code=401)
        data = await from_request(request, route_values, chunked_bodies_arrive=self._chunked_bodies_arrive)
        outcome = await worker.invoke(function, data, trace=trace_of(request))
        return to_response(outcome.value) if outcome.succeeded else Response(status_code=500)


def _routes(functions: Sequence[Function], prefix: str) -> list[tuple[Route, Function, HttpTrigger]]:
    """The HTTP functions with their routes, in the order in which a path is offered to them: that of their names."""
    routes = []
    for function in sorted(functions, key=lambda function: function.name.upper()):
        if isinstance(function.trigger, HttpTrigger):
            try:
                route = compile_route(f"{prefix}/{function.trigger.route}")
            except ValueError as error:
                raise StartError(f"The function {function.name} cannot be reached: {error}.") from error
            routes.append((route, function, function.trigger))
    return routes


def _too_long(request: Request) -> Response | None:
    query = request.scope["query_string"]
    target = len(request.scope["raw_path"]) + (len(query) + len("?") if query else 0)
    if len(request.method) + target + len("  HTTP/1.1\r\n") > LONGEST_REQUEST_LINE:
        return Response(status_code=414)
    if sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers.raw) > LONGEST_HEADERS:
        return Response(status_code=431)
    if int(request.headers.get("content-length", "0")) > LONGEST_BODY:
        return Response(status_code=500)
    return None


def _path(request: Request) -> str:
    """The decoded path, but for encoded slashes: ASP.NET leaves these as they are, so they part no segments."""
    raw: str = request.scope["raw_path"].decode("latin-1")
    return unquote(raw.replace("%2F", "%252F").replace("%2f", "%252f"))
