"""The Key Vault stand-in: two vaults over TLS, each with the secrets API that the SDKs use."""

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from local.identities import ManagedIdentity
from local.key_vault.access import Gate
from local.key_vault.answer_headers import AnswerHeaders
from local.key_vault.backups import Backups
from local.key_vault.bundles import Bundles
from local.key_vault.entrance import Authentication, Entrance
from local.key_vault.operations import Operations
from local.key_vault.refusals import KeyVaultError, render, render_method_not_allowed, render_no_such_path
from local.key_vault.store import Store
from local.key_vault.throttle import Limits, Throttle
from local.serving import Door, serve
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, PARTNER_TENANT

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
) -> ASGIApp:
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
    operations = Operations(
        store=store, bundles=Bundles(getattr(state, vault)), backups=Backups(state.folder / "vault-backup.key")
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    app = Starlette(
        routes=entrance.routes(operations),
        middleware=[Middleware(Authentication, gate=gate)],
        exception_handlers={KeyVaultError: render, 404: render_no_such_path, 405: render_method_not_allowed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the service redirects nobody
    return AnswerHeaders(app)
