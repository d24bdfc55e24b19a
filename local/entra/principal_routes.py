"""The control door of service principals and their roles: what Graph makes true, and what a test orders beforehand.

These routes lie behind the stack's control door, which has checked the control secret. All names are ids.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.control import PREFIX
from local.entra.directory import Directory


class PrincipalRoutes:
    """Routes below `/_local/`; every body is JSON."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """All of them.

        `principals`: `?tenant=&client=` tells, `{"tenant", "client"}` removes; `app-roles`: `{"tenant", "client",
        "resource", "role"}` gives and takes; `directory-roles`: `{"tenant", "client", "role"}`.
        """
        principals = self._directory.principals
        return [
            Route(f"{PREFIX}principals", self.told, methods=["GET"]),
            Route(f"{PREFIX}principals", _done(self._directory.remove_principal), methods=["DELETE"]),
            Route(f"{PREFIX}app-roles", _done(principals.give), methods=["POST"]),
            Route(f"{PREFIX}app-roles", _done(principals.take), methods=["DELETE"]),
            Route(f"{PREFIX}directory-roles", _done(principals.appoint), methods=["POST"]),
            Route(f"{PREFIX}directory-roles", _done(principals.dismiss), methods=["DELETE"]),
        ]

    async def told(self, request: Request) -> Response:
        """Whether the application has an object there, its app roles and its directory roles."""
        principals, place = self._directory.principals, dict(request.query_params)
        return JSONResponse(
            {
                "is_known": (place["tenant"], place["client"]) in principals.known,
                "app_roles": principals.roles_in(**place),
                "directory_roles": principals.appointed_in(**place),
            }
        )


def _done(change: Callable[..., None]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        content: dict[str, Any] = await request.json()
        change(**content)
        return Response(status_code=204)

    return serve
