"""The App Service identity endpoint on loopback: a workload asks for a token and gets its own identity's.

The protocol is that of api-version 2019-08-01: `GET /msi/token?resource=...` with the secret in `X-IDENTITY-HEADER`.
"""

import json
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.entra.aadsts import NO_STORE
from local.entra.directory import Directory
from local.entra.issuance import Issuance, Target, Workload
from local.identities import ManagedIdentity
from local.ledger import Ledger
from local.serving import Door, serve
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, PARTNER_TENANT, TOKEN_EXCHANGE, Resource, World

API_VERSION = "2019-08-01"
LIFETIME = 24 * 60 * 60
# An identifier URI or an application id, and nothing a command line could take for an option.
_RESOURCE = re.compile(r"(https://|api://|[0-9a-f]{8}-)[A-Za-z0-9._~:/-]{1,200}")
_AZ_PATIENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityToken:
    """A token for a workload; `expires_on` in seconds since the epoch."""

    token: str
    expires_on: int
    client_id: str | None


class IdentityError(Exception):
    """A refusal in the protocol's own shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class TokenSource(Protocol):
    """Where tokens come from."""

    def token(self, identity: str, resource: str, selectors: Mapping[str, str]) -> IdentityToken:
        """A token of `identity` for `resource`; `selectors` (`client_id`, ...) name the identity again."""


class FromWorld:
    """Signs the tokens itself, for the identities of a made-up world."""

    def __init__(self, state: StackState, world: World = DEFAULT_WORLD) -> None:
        ledger, self._world, self._directory = Ledger(state), world, Directory(world)
        self._issuance = Issuance(entra=state.entra, keys=SigningKeys(state.signing_keys_folder), ledger=ledger)
        self._tenant = next(tenant for tenant in world.tenants if tenant.id == PARTNER_TENANT)

    def token(self, identity: str, resource: str, selectors: Mapping[str, str]) -> IdentityToken:
        """An app-only token that lives a day, as those of managed identities do."""
        known = self._world.identity(identity)
        _check_selectors(known, selectors)
        workload = Workload(
            object_id=known.object_id,
            client_id=known.client_id,
            strength="2",
            roles=known.roles,
            arm_id=arm_id(known),
        )
        issued = self._issuance.app_token(workload, self._target(resource), lifetime=LIFETIME)
        return IdentityToken(token=issued.token, expires_on=issued.expires_on, client_id=known.client_id)

    def _target(self, name: str) -> Target:
        if name.removesuffix("/") == TOKEN_EXCHANGE:
            exchange = Resource(app_id=TOKEN_EXCHANGE, name="Token exchange", identifiers=(), version=2)
            return Target(tenant=self._tenant, resource=exchange, audience=TOKEN_EXCHANGE)
        resource = self._directory.resource(name)
        if resource is None:
            raise IdentityError(
                400, f"AADSTS500011: The resource principal named {name} was not found in the tenant {self._tenant.id}."
            )
        audience = resource.app_id if resource.version > 1 else name
        return Target(tenant=self._tenant, resource=resource, audience=audience)


class FromAzLogin:
    """Takes the tokens of the person who ran `az login`, for a stack that works against the real services."""

    def token(self, identity: str, resource: str, selectors: Mapping[str, str]) -> IdentityToken:  # noqa: ARG002 - there is one identity, whoever asks
        """What `az account get-access-token` answers; IdentityError with its last line when it refuses."""
        az = shutil.which("az")
        if az is None:
            raise IdentityError(500, "The Azure CLI is not on the PATH.")
        command = [az, "account", "get-access-token", "--resource", resource, "--output", "json"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_AZ_PATIENCE, check=False)  # noqa: S603 - no shell, argument checked
        except subprocess.TimeoutExpired as error:
            raise IdentityError(500, f"The Azure CLI did not answer in {_AZ_PATIENCE} s.") from error
        if done.returncode:
            raise IdentityError(400, (done.stderr.strip().splitlines() or ["The Azure CLI refused."])[-1])
        answer = json.loads(done.stdout)
        return IdentityToken(token=answer["accessToken"], expires_on=int(answer["expires_on"]), client_id=None)


def run(state: StackState, socket: socket.socket, source: TokenSource | None = None) -> None:
    """Serve plain http until the stack ends; tokens are signed for the made-up world unless `source` is given."""
    app = application(state.identity_headers, source or FromWorld(state))
    serve("managed_identity", state=state, doors=[Door(socket=socket, app=app, tls=False)])


def run_part(state: StackState, sockets: Mapping[str, socket.socket], *, source: TokenSource | None = None) -> None:
    """The same, as the parts of a stack are run."""
    run(state, sockets["managed_identity"], source)


def application(headers: Mapping[str, str], source: TokenSource) -> Starlette:
    """The endpoint; `headers` holds for each identity the secret that selects it."""

    def answer(request: Request) -> JSONResponse:
        try:
            return _answer(request, headers, source)
        except IdentityError as error:
            body = {"statusCode": error.status, "message": str(error)}
            return JSONResponse(body, status_code=error.status, headers=NO_STORE)

    return Starlette(routes=[Route("/msi/token", answer)])


def arm_id(identity: ManagedIdentity) -> str:
    """The resource id Azure Resource Manager would give the identity, in a subscription of zeros."""
    return (
        "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/local"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity.name}"
    )


def _answer(request: Request, headers: Mapping[str, str], source: TokenSource) -> JSONResponse:
    identity = _identity(request.headers.get("x-identity-header", ""), headers)
    query = dict(request.query_params)
    if query.pop("api-version", None) != API_VERSION:
        raise IdentityError(400, f"The api-version must be {API_VERSION}.")
    resource = query.pop("resource", "")
    if not _RESOURCE.fullmatch(resource):
        raise IdentityError(400, "The resource is missing or malformed.")
    token = source.token(identity, resource, query)
    body = {
        "access_token": token.token,
        "expires_on": str(token.expires_on),
        "resource": resource,
        "token_type": "Bearer",
    }
    return JSONResponse(body | ({"client_id": token.client_id} if token.client_id else {}), headers=NO_STORE)


def _identity(presented: str, headers: Mapping[str, str]) -> str:
    for name, secret in headers.items():
        if secrets.compare_digest(presented.encode(), secret.encode()):
            return name
    raise IdentityError(401, "The X-IDENTITY-HEADER is missing or wrong.")


def _check_selectors(identity: ManagedIdentity, selectors: Mapping[str, str]) -> None:
    own = {
        "client_id": identity.client_id,
        "principal_id": identity.object_id,
        "object_id": identity.object_id,
        "mi_res_id": arm_id(identity),
    }
    for name, expected in own.items():
        if selectors.get(name, expected).lower() != expected.lower():
            raise IdentityError(400, f"No managed identity of this app has the {name} asked for.")
