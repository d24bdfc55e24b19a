"""The token and device code endpoints: who asks, at which tenant, by which grant."""

import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.entra.aadsts import EntraError, protocol_headers
from local.entra.admission import admit_application
from local.entra.client_credentials import ClientAuthentication
from local.entra.device_codes import INTERVAL, LIFETIME
from local.entra.grants import Grants, TokenRequest
from local.entra.parameters import Parameters, read_parameters
from local.entra.scopes import parse_scopes

DEVICE_PATH = "/common/oauth2/deviceauth"
_LOG = logging.getLogger(__name__)


class TokenEndpoint:
    """Answers `POST /{tenant}/oauth2/v2.0/token` and `.../devicecode`; `browser` is where people type user codes."""

    def __init__(self, *, grants: Grants, clients: ClientAuthentication, browser: str) -> None:
        self._grants = grants
        self._clients = clients
        self._browser = browser

    def routes(self) -> list[Route]:
        """The two routes."""
        return [
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/devicecode", self.device_code, methods=["POST"]),
        ]

    async def token(self, request: Request) -> JSONResponse:
        """One grant, answered as the real endpoint answers."""
        correlation_id = request.headers.get("client-request-id")
        try:
            body = self._granted(
                request.path_params["tenant"], await read_parameters(request), is_page="origin" in request.headers
            )
        except EntraError as error:
            _LOG.info("token_refused code=%s tenant=%s", error.code, request.path_params["tenant"])
            return error.response(correlation_id)
        return JSONResponse(body, headers=protocol_headers())

    def _granted(self, segment: str, parameters: Parameters, *, is_page: bool) -> dict[str, Any]:
        tenant = self._grants.directory.tenant(segment)
        grant = self._grants.named(parameters.required("grant_type"))
        application = self._grants.directory.application(parameters.required("client_id"), tenant=segment)
        tenants = {segment} | ({tenant.id} if tenant else set())
        client = self._clients.authenticate(application, parameters, tenants=tenants, is_page=is_page)
        return grant(TokenRequest(client=client, tenant=tenant, parameters=parameters, is_page=is_page))

    async def device_code(self, request: Request) -> JSONResponse:
        """RFC 8628 section 3.2, without `verification_uri_complete`, which Entra ID does not send."""
        segment = request.path_params["tenant"]
        try:
            body = self._device(segment, await read_parameters(request))
        except EntraError as error:
            return error.response(request.headers.get("client-request-id"))
        return JSONResponse(body, headers=protocol_headers())

    def _device(self, segment: str, parameters: Parameters) -> dict[str, Any]:
        directory = self._grants.directory
        tenant = directory.tenant(segment)
        application = directory.application(parameters.required("client_id"), tenant=segment)
        admit_application(application, tenant)
        scope = parameters.required("scope")
        parse_scopes(scope, directory, tenant=segment)
        grant = self._grants.devices.begin(tenant_segment=segment, client_id=application.client_id, scope=scope)
        page = f"{self._browser}{DEVICE_PATH}"
        return {
            "user_code": grant.user_code,
            "device_code": grant.device_code,
            "verification_uri": page,
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": INTERVAL,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {grant.user_code} "
            "to authenticate.",
        }
