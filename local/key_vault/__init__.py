"""The Key Vault stand-in: two vaults over TLS, each with the secrets API that the SDKs use."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.key_vault.access import Gate
from local.key_vault.bundles import Bundles
from local.key_vault.operations import Operations
from local.key_vault.parameters import api_version
from local.key_vault.refusals import KeyVaultError, render
from local.key_vault.store import Store
from local.key_vault.throttle import Limits, Throttle
from local.serving import Door, serve
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, PARTNER_TENANT, ManagedIdentity

VAULTS = ("token_vault", "policy_vault")
NO_SEEDS: Mapping[str, Mapping[str, str]] = {}
PUBLISHED_LIMITS = Limits()


def run(
    state: StackState,
    sockets: Mapping[str, socket.socket],
    *,
    seeds: Mapping[str, Mapping[str, str]] = NO_SEEDS,
    limits: Limits = PUBLISHED_LIMITS,
) -> None:
    """Serve both vaults until the stack ends; `sockets` has one listening socket for each name in VAULTS.

    `seeds` is vault -> secret name -> value, put only into a vault that is new; else the files of the folder go on.
    """
    apps = {
        vault: application(
            state, vault=vault, identities=DEFAULT_WORLD.identities, seeds=seeds.get(vault, {}), limits=limits
        )
        for vault in VAULTS
    }
    doors = [Door(socket=sockets[vault], app=apps[vault], tls=True) for vault in VAULTS]
    serve("key_vault", state=state, doors=doors)


def application(
    state: StackState,
    *,
    vault: str,
    identities: Sequence[ManagedIdentity],
    seeds: Mapping[str, str] | None = None,
    limits: Limits = PUBLISHED_LIMITS,
) -> Starlette:
    """One vault, named as in VAULTS: the fields of the state and of the identities that are about it bear its name."""
    store = Store(state.folder / f"{vault.replace('_', '-')}.sqlite")
    store.seed(seeds or {})
    gate = Gate(
        authority=f"{state.entra}/{PARTNER_TENANT}",
        tenant_id=PARTNER_TENANT,
        keys=SigningKeys(state.signing_keys_folder),
        permissions={identity.object_id: getattr(identity, vault) for identity in identities},
    )
    entrance = Entrance(gate=gate, throttle=Throttle(limits), store=store)
    operations = Operations(store=store, bundles=Bundles(getattr(state, vault)))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    app = Starlette(routes=entrance.routes(operations), exception_handlers={KeyVaultError: render}, lifespan=lifespan)
    # `/secrets/{name}/` is a route of its own, and the service redirects nobody.
    app.router.redirect_slashes = False
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What every request passes before its operation: authentication, limits, API version, permission."""

    gate: Gate
    throttle: Throttle
    store: Store

    def routes(self, does: Operations) -> list[Route]:
        """Every operation of a vault behind its permission."""
        return [
            self._route("GET", "/secrets", "list", does.list_secrets),
            self._route("PUT", "/secrets/{name}", "set", does.put),
            self._route("DELETE", "/secrets/{name}", "delete", does.delete),
            self._route("GET", "/secrets/{name}/versions", "list", does.list_versions),
            *(
                self._route(method, path, permission, operation)
                for path in ("/secrets/{name}", "/secrets/{name}/", "/secrets/{name}/{version}")
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
                raise HTTPException(405)
            caller = self.gate.authenticate(request.headers.get("authorization"))
            self.throttle.count(create=permission == "set")
            api_version(request.query_params)
            self.gate.authorize(caller, permission)
            self.store.purge_due()
            return await operation(request)

        return Route(path, answer, methods=[method])
