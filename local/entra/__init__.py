"""Entra ID on loopback: tenants, sign-in pages, the token endpoint, and the refusals of the real service."""

import socket
from collections.abc import Mapping

from starlette.applications import Starlette

from local.entra.authorization_codes import AuthorizationCodes
from local.entra.client_credentials import ClientAuthentication
from local.entra.control_routes import ControlRoutes
from local.entra.credential_routes import CredentialRoutes
from local.entra.credentials import Credentials
from local.entra.device_codes import DeviceCodes
from local.entra.directory import Directory
from local.entra.discovery import Discovery
from local.entra.grants import Grants
from local.entra.injected_errors import InjectedErrors
from local.entra.issuance import Issuance
from local.entra.principal_routes import PrincipalRoutes
from local.entra.refresh_tokens import RefreshTokens
from local.entra.seal import Seal
from local.entra.sign_in import SignIn
from local.entra.token_endpoint import TokenEndpoint
from local.ledger import Ledger
from local.serving import Door, serve
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, MANAGEMENT_APPLICATION, PARTNER_APPLICATION, World


def run(state: StackState, sockets: Mapping[str, socket.socket], *, redirect_uri: str | None = None) -> None:
    """Serve until the stack ends: over TLS on `entra`, and the same over plain http on `entra_browser`.

    `redirect_uri` is registered for the broker's two applications beside those of the world.
    """
    world = DEFAULT_WORLD
    if redirect_uri:
        world = world.registering(redirect_uri, PARTNER_APPLICATION, MANAGEMENT_APPLICATION)
    app = application(state, world)
    doors = [
        Door(socket=sockets["entra"], app=app, tls=True),
        Door(socket=sockets["entra_browser"], app=app, tls=False),
    ]
    serve("entra", state=state, doors=doors)


def application(state: StackState, world: World = DEFAULT_WORLD) -> Starlette:
    """The whole of it as one ASGI application; refresh tokens outlive it, codes and revocations do not."""
    ledger, keys, directory = Ledger(state), SigningKeys(state.signing_keys_folder), Directory(world)
    credentials = Credentials(world)
    codes, devices, injected = AuthorizationCodes(ledger), DeviceCodes(ledger), InjectedErrors()
    seal = Seal(state.folder / "entra-seal.key")
    refresh_tokens = RefreshTokens(seal=seal, directory=directory, ledger=ledger)
    grants = Grants(
        directory=directory,
        codes=codes,
        devices=devices,
        refresh_tokens=refresh_tokens,
        issuance=Issuance(entra=state.entra, keys=keys, ledger=ledger),
        injected=injected,
    )
    clients = ClientAuthentication(entra=state.entra, world=world, keys=keys, credentials=credentials, ledger=ledger)
    parts = (
        ControlRoutes(directory=directory, injected=injected, keys=keys),
        PrincipalRoutes(directory),
        CredentialRoutes(credentials=credentials, refresh_tokens=refresh_tokens, directory=directory, ledger=ledger),
        Discovery(entra=state.entra, browser=state.entra_browser, directory=directory, keys=keys),
        SignIn(directory=directory, codes=codes, devices=devices, injected=injected, seal=seal, ledger=ledger),
        TokenEndpoint(grants=grants, clients=clients, browser=state.entra_browser),
    )
    return Starlette(routes=[route for part in parts for route in part.routes()])
