"""Partner Center on loopback: the partner's customers, and applications' consents in their tenants; Graph beside it."""

import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import graph
from local.control import PREFIX
from local.entra.directory import Directory
from local.entra_door import DirectoryAway, EntraDoor
from local.partner_center.access import Caller, Gate, RateLimit
from local.partner_center.application_consents import ApplicationConsents
from local.partner_center.customers import CONTINUATION, Customers, document
from local.partner_center.refusals import Answer, PartnerCenterError
from local.partner_center.repeats import Repeats
from local.serving import Door, serve
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, World

type Operation = Callable[[Request, Caller], Awaitable[Answer]]
OK = 200
_TRACKED = ("ms-correlationid", "ms-requestid")


def run(state: StackState, sockets: Mapping[str, socket.socket]) -> None:
    """Serve over TLS until the stack ends; what is granted is made true in the local Entra ID.

    Microsoft Graph, the other way to it, has a door of its own in the same part.
    """
    doors = [
        Door(socket=sockets["partner_center"], app=application(state), tls=True),
        Door(socket=sockets["graph"], app=graph.application(state), tls=True),
    ]
    serve("partner_center", state=state, doors=doors)


def application(state: StackState, world: World = DEFAULT_WORLD, *, limit: RateLimit | None = None) -> Starlette:
    """The routes below `/v1`; nothing is remembered but the request ids of changes."""
    gate = Gate(keys=SigningKeys(state.signing_keys_folder), directory=Directory(world))
    customers = Customers(world)
    operations = Operations(
        customers=customers,
        consents=ApplicationConsents(world=world, entra=EntraDoor(state)),
        repeats=Repeats(),
    )
    entrance = Entrance(gate=gate, limit=limit or RateLimit())
    return Starlette(
        routes=[
            Route(f"{PREFIX}customers", customers.order, methods=["POST", "DELETE"]),
            entrance.route("GET", "", operations.list_customers),
            entrance.route("GET", "/{customer}", operations.get_customer),
            entrance.route("POST", "/{customer}/applicationconsents", operations.create_consent),
            entrance.route("DELETE", "/{customer}/applicationconsents/{application}", operations.delete_consent),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What every request passes before its operation, and what every answer carries."""

    gate: Gate
    limit: RateLimit

    def route(self, method: str, path: str, operation: Operation) -> Route:
        """One operation on customers, behind authentication and the rate limit."""

        async def answer(request: Request) -> Response:
            try:
                caller = self.gate.admit(request.headers.get("authorization"))
                self.limit.count(caller.application_id)
                given = await operation(request, caller)
            except PartnerCenterError as error:
                given = error.answer()
            except DirectoryAway:
                given = PartnerCenterError(503, "The directory does not answer.").answer()
            tracked = {name: request.headers.get(name) or str(uuid.uuid4()) for name in _TRACKED}
            headers = {**given.headers, **tracked}
            if request.headers.get("validatemfa") == "true" and given.status == OK:
                headers["isMfaCompliant"] = "true"  # whoever signed in without is refused at the gate
            if given.content is None:
                return Response(status_code=given.status, headers=headers)
            return JSONResponse(given.content, status_code=given.status, headers=headers)

        return Route(f"/v1/customers{path}", answer, methods=[method])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What can be asked for; one method for each route."""

    customers: Customers
    consents: ApplicationConsents
    repeats: Repeats

    async def list_customers(self, request: Request, _caller: Caller) -> Answer:
        """A page of customers."""
        page = self.customers.page(dict(request.query_params), continuation=request.headers.get(CONTINUATION))
        return Answer(status=200, content=page)

    async def get_customer(self, request: Request, _caller: Caller) -> Answer:
        """One customer."""
        return Answer(status=200, content=document(self.customers.find(request.path_params["customer"])))

    async def create_consent(self, request: Request, caller: Caller) -> Answer:
        """An application's consent in the customer's tenant."""
        customer, body = self.customers.find(request.path_params["customer"]), await request.body()
        return await self.repeats.once(request, lambda: self.consents.create(caller, customer, body))

    async def delete_consent(self, request: Request, caller: Caller) -> Answer:
        """The end of an application's consent in the customer's tenant."""
        customer, application_id = (
            self.customers.find(request.path_params["customer"]),
            request.path_params["application"],
        )
        return await self.repeats.once(request, lambda: self.consents.delete(caller, customer, application_id))
