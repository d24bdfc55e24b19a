"""What only a stand-in can do: order refusals, change consents, revoke people's tokens, roll keys over.

These routes lie behind the stack's control door, which has checked the control secret.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.control import PREFIX
from local.entra.directory import Directory
from local.entra.injected_errors import InjectedError, InjectedErrors
from local.signing import SigningKeys


class ControlRoutes:
    """Routes below `/_local/`; every body is JSON."""

    def __init__(self, *, directory: Directory, injected: InjectedErrors, keys: SigningKeys) -> None:
        self._directory = directory
        self._injected = injected
        self._keys = keys

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(f"{PREFIX}errors", self.order_error, methods=["POST"]),
            Route(f"{PREFIX}errors", self.drop_errors, methods=["DELETE"]),
            Route(f"{PREFIX}consents", self.consents, methods=["GET"]),
            Route(f"{PREFIX}consents", self.consent, methods=["POST"]),
            Route(f"{PREFIX}consents", self.withdraw, methods=["DELETE"]),
            Route(f"{PREFIX}beside", self.beside, methods=["GET"]),
            Route(f"{PREFIX}beside", self.give_beside, methods=["POST"]),
            Route(f"{PREFIX}services", self.services, methods=["GET"]),
            Route(f"{PREFIX}services", self.lack, methods=["DELETE"]),
            Route(f"{PREFIX}revoke", self.revoke, methods=["POST"]),
            Route(f"{PREFIX}roles", self.assign, methods=["POST"]),
            Route(f"{PREFIX}keys/rotate", self.rotate, methods=["POST"]),
        ]

    async def order_error(self, request: Request) -> Response:
        """`{"code", "at"?, "tenant"?, "client"?, "user"?, "resource"?, "times"?}`, and what the answer says instead.

        That is `error`, `codes`, `suberror`, `claims`, `status` and `headers`. `at` is `token`, `authorize` or
        `device`; of a device's poll the code may be left out.
        """
        self._injected.add(InjectedError(**await request.json()))
        return Response(status_code=204)

    async def drop_errors(self, _request: Request) -> Response:
        """Forget every ordered refusal."""
        self._injected.clear()
        return Response(status_code=204)

    async def consents(self, request: Request) -> Response:
        """With `?tenant=&client=`, both ids: what is consented to there, `{resource: [scopes]}`."""
        return JSONResponse(self._directory.consents_of(**request.query_params))

    async def consent(self, request: Request) -> Response:
        """`{"tenant", "client", "resource", "scopes": [...]}`, all ids: replaces what was consented to there."""
        body = await request.json()
        self._directory.consent(**(body | {"scopes": tuple(body["scopes"])}))
        return Response(status_code=204)

    async def withdraw(self, request: Request) -> Response:
        """`{"tenant", "client", "resource"?, "whose"?}`: takes that back; without a body, all is as in the world."""
        body: dict[str, Any] = json.loads(await request.body() or b"{}")
        if body:
            self._directory.withdraw(**body)
        else:
            self._directory.reset_consents()
        return Response(status_code=204)

    async def beside(self, request: Request) -> Response:
        """With `?tenant=&client=`, both ids: single persons' consents and app roles there."""
        return JSONResponse(self._directory.beside(**request.query_params))

    async def give_beside(self, request: Request) -> Response:
        """`{"tenant", "client", "resource", "scope"? or "role"?}`: a consent of one person, or an app role."""
        self._directory.give_beside(**await request.json())
        return Response(status_code=204)

    async def services(self, request: Request) -> Response:
        """With `?tenant=`: the APIs that the tenant has not."""
        return JSONResponse(self._directory.lacking(**request.query_params))

    async def lack(self, request: Request) -> Response:
        """`{"tenant", "resource"}`: the tenant has this API no more, until consents are reset."""
        self._directory.lack(**await request.json())
        return Response(status_code=204)

    async def revoke(self, request: Request) -> Response:
        """`{"user": object id}`: revokes every refresh token and browser session the person has now."""
        self._directory.revoke((await request.json())["user"])
        return Response(status_code=204)

    async def assign(self, request: Request) -> Response:
        """`{"user": object id, "roles": [...]}`: the app roles on the broker that the person has from now on."""
        self._directory.assign(**await request.json())
        return Response(status_code=204)

    async def rotate(self, request: Request) -> Response:
        """`{"alone"?: false}`: adds a signing key, signs with it from now on, and may publish it alone: `{"kid"}`."""
        return JSONResponse({"kid": self._keys.rotate(**json.loads(await request.body() or b"{}"))})
