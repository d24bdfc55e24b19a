"""Microsoft Graph on loopback: what applications have in a tenant, delegated admin relationships, and batches."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.control import PREFIX
from local.entra.directory import Directory
from local.entra_door import DirectoryAway, EntraDoor
from local.graph.access import Caller, Gate
from local.graph.administrators import Administrators
from local.graph.answers import Made
from local.graph.app_roles import AppRoles
from local.graph.directory_roles import DirectoryRoles
from local.graph.grants import Grants
from local.graph.principals import Principals
from local.graph.refusals import GraphError
from local.graph.relationships import Relationships
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, World

type Operation = Callable[..., Awaitable[Any]]
VERSION = "/v1.0/"
LARGEST_BATCH = 20


def application(state: StackState, world: World = DEFAULT_WORLD) -> Starlette:
    """The routes below `/v1.0`, and the control route of relationships."""
    directory = Directory(world)
    relationships = Relationships(world, url=state.graph)
    rights: dict[str, Any] = {"entra": EntraDoor(state), "administrators": Administrators(relationships=relationships)}
    principals = Principals(world=world, **rights)
    applications = tuple(one.client_id for one in world.applications)
    roles: dict[str, Any] = {"principals": principals, "applications": applications, "url": state.graph, **rights}
    parts = (
        principals,
        Grants(world=world, principals=principals, **rights),
        AppRoles(**roles),
        DirectoryRoles(**roles),
        relationships,
    )
    service = Service(
        gate=Gate(keys=SigningKeys(state.signing_keys_folder), directory=directory),
        operations=[operation for part in parts for operation in part.operations()],
    )
    return Starlette(
        routes=[
            Route(f"{PREFIX}relationships", relationships.order, methods=["POST", "DELETE"]),
            Route("/v1.0/{path:path}", service.serve, methods=["GET", "POST", "PATCH", "DELETE"]),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Answers one request, or each of a batch; `operations` are (method, pattern of the path, what answers)."""

    gate: Gate
    operations: Sequence[tuple[str, str, Operation]]

    async def serve(self, request: Request) -> Response:
        """Any request."""
        try:
            caller = self.gate.admit(request.headers.get("authorization"))
            content = json.loads(await request.body() or b"null")
            path = request.url.path.removeprefix(VERSION)
            if (request.method, path) == ("POST", "$batch"):
                return JSONResponse(await self._batch(caller, content))
            status, body = await self._one(caller, request.method, path, dict(request.query_params), content)
        except GraphError as error:
            status, body = error.status, error.body()
        except json.JSONDecodeError:
            status, body = 400, GraphError(400, "BadRequest", "Unable to read JSON request payload.").body()
        return Response(status_code=status) if body is None else JSONResponse(body, status_code=status)

    async def _batch(self, caller: Caller, content: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Each by itself (learn: graph/json-batching); the answers come in no order that means anything."""
        asked = content["requests"] if isinstance(content, dict) else []
        if not 0 < len(asked) <= LARGEST_BATCH:
            raise GraphError(400, "BadRequest", "The batch has no request, or more than 20.")
        responses = []
        for one in reversed(asked):
            path, _, query = str(one["url"]).removeprefix("/").partition("?")
            parameters = dict(pair.split("=", 1) for pair in query.split("&") if pair)
            try:
                status, body = await self._one(caller, one["method"], path, parameters, one.get("body"))
            except GraphError as error:
                status, body = error.status, error.body()
            responses.append({"id": one["id"], "status": status, "body": body})
        return {"responses": responses}

    async def _one(  # noqa: PLR0917 - a request
        self,
        caller: Caller,
        method: str,
        path: str,
        query: Mapping[str, str],
        content: Any,  # noqa: ANN401 - JSON
    ) -> tuple[int, Any]:
        for known, pattern, operation in self.operations:
            found = re.fullmatch(pattern, path) if method == known else None
            if found:
                try:
                    body = await operation(caller, query, content, **found.groupdict())
                except DirectoryAway:
                    raise GraphError(503, "ServiceUnavailable", "The directory does not answer.") from None
                if isinstance(body, Made):
                    return 201, dict(body.body)
                return (204, None) if body is None else (200, body)
        raise GraphError(404, "Request_ResourceNotFound", "There is no such resource.")
