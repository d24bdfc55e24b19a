"""What clients read before they ask: metadata documents, signing keys, and the list of instances."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.entra.aadsts import EntraError
from local.entra.directory import Directory
from local.signing import SigningKeys

CACHED = {"Cache-Control": "max-age=86400, private"}
_SHARED: dict[str, Any] = {
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    "response_modes_supported": ["query", "fragment"],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "response_types_supported": ["code"],
    "scopes_supported": ["openid", "profile", "email", "offline_access"],
    "request_uri_parameter_supported": False,
    "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "oid"],
    "cloud_instance_name": "microsoftonline.com",
    "cloud_graph_host_name": "graph.windows.net",
    "msgraph_host": "graph.microsoft.com",
    "rbac_url": "https://pas.windows.net",
}


class Discovery:
    """Documents at `entra`, whose pages for people are at `browser`; only what is served is advertised."""

    def __init__(self, *, entra: str, browser: str, directory: Directory, keys: SigningKeys) -> None:
        self._entra = entra
        self._browser = browser
        self._directory = directory
        self._keys = keys

    def routes(self) -> list[Route]:
        """Version 2 and version 1 metadata, both key sets, and instance discovery."""
        return [
            Route("/common/discovery/instance", self.instance),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.version2),
            Route("/{tenant}/.well-known/openid-configuration", self.version1),
            Route("/{tenant}/discovery/v2.0/keys", self.key_set),
            Route("/{tenant}/discovery/keys", self.key_set),
        ]

    async def version2(self, request: Request) -> JSONResponse:
        """The version 2 document; the issuer of common and organizations is the literal template."""
        return self._document(request, issuer=f"{self._entra}/{{tenant}}/v2.0", keys="discovery/v2.0/keys")

    async def version1(self, request: Request) -> JSONResponse:
        """The version 1 document: the issuer and keys of version 1 tokens, the endpoints of version 2."""
        return self._document(request, issuer="https://sts.windows.net/{tenant}/", keys="discovery/keys")

    def _document(self, request: Request, *, issuer: str, keys: str) -> JSONResponse:
        segment = request.path_params["tenant"].lower()
        try:
            tenant = self._directory.tenant(segment)
        except EntraError as error:
            body = error.body(request.headers.get("client-request-id")) | {"error": "invalid_tenant"}
            return JSONResponse(body, status_code=400)
        name = tenant.id if tenant else segment
        document = {
            **_SHARED,
            "issuer": issuer.format(tenant=tenant.id if tenant else "{tenantid}"),
            "jwks_uri": f"{self._entra}/{name}/{keys}",
            "token_endpoint": f"{self._entra}/{name}/oauth2/v2.0/token",
            # Plain http on loopback: no browser warns a person about a throw-away authority.
            "authorization_endpoint": f"{self._browser}/{name}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{self._entra}/{name}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "WW" if tenant else None,
        }
        return JSONResponse(document, headers=CACHED)

    async def key_set(self, _request: Request) -> JSONResponse:
        """Every signing key there is, newest last."""
        return JSONResponse(self._keys.key_set(), headers=CACHED)

    async def instance(self, request: Request) -> JSONResponse:
        """Instance discovery, which clients ask about hosts they do not know."""
        asked = urlsplit(request.query_params.get("authorization_endpoint", ""))
        tenant = asked.path.strip("/").partition("/")[0] or "common"
        host = urlsplit(self._entra).netloc
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{self._entra}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            },
            headers=CACHED,
        )
