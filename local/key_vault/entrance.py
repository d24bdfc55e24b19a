"""The way into a vault: first who asks, then which operation, then limits, API version and permission."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local.key_vault.access import Gate
from local.key_vault.operations import Operations
from local.key_vault.parameters import api_version
from local.key_vault.refusals import KeyVaultError, method_not_allowed, render
from local.key_vault.store import Store
from local.key_vault.throttle import Throttle


class Authentication:
    """ASGI middleware before the routes: a caller without a token does not learn which paths and methods there are."""

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a known caller, or answer with the challenge."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            request.state.caller = self._gate.authenticate(request.headers.get("authorization"))
        except KeyVaultError as refusal:
            await (await render(request, refusal))(scope, receive, send)
            return
        # The service ignores a slash at the end; the SDKs ask for the latest version as `/secrets/{name}/`.
        await self._app({**scope, "path": scope["path"].rstrip("/")}, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What a known caller's request passes before its operation."""

    gate: Gate
    throttle: Throttle
    store: Store

    def routes(self, does: Operations) -> list[Route]:
        """Every operation of a vault behind its permission."""
        return [
            self._route("GET", "/secrets", "list", does.list_secrets),
            self._route("POST", "/secrets/restore", "restore", does.restore),
            self._route("PUT", "/secrets/{name}", "set", does.put),
            self._route("DELETE", "/secrets/{name}", "delete", does.delete),
            self._route("POST", "/secrets/{name}/backup", "backup", does.backup),
            self._route("GET", "/secrets/{name}/versions", "list", does.list_versions),
            *(
                self._route(method, path, permission, operation)
                for path in ("/secrets/{name}", "/secrets/{name}/{version}")
                for method, permission, operation in (("GET", "get", does.get), ("PATCH", "update", does.patch))
            ),
            self._route("GET", "/deletedsecrets", "list", does.list_deleted),
            self._route("GET", "/deletedsecrets/{name}", "get", does.get_deleted),
            self._route("DELETE", "/deletedsecrets/{name}", "purge", does.purge),
            self._route("POST", "/deletedsecrets/{name}/recover", "recover", does.recover),
        ]

    def _route(
        self, method: str, path: str, permission: str, operation: Callable[[Request], Awaitable[Response]]
    ) -> Route:
        async def answer(request: Request) -> Response:
            if request.method != method:  # Starlette lets HEAD in wherever GET goes
                raise method_not_allowed(request.method)
            self.throttle.count(create=permission == "set")
            api_version(request.query_params)
            self.gate.authorize(request.state.caller, permission)
            self.store.purge_due()
            return await operation(request)

        return Route(path, answer, methods=[method])
