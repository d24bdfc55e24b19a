"""The headers that every answer of a vault carries, refusals included."""

import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# As in the recordings of azure-sdk-for-js, with two differences. They say `no-cache`. They also have
# Strict-Transport-Security, which a browser would apply to all of localhost, plain http doors included.
_ALWAYS = {
    "cache-control": "no-store",
    "pragma": "no-cache",
    "expires": "-1",
    "x-content-type-options": "nosniff",
    "x-ms-keyvault-region": "local",
    "x-ms-keyvault-service-version": "1.9.576.1",
    "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
}
_CLIENT_ID = "x-ms-client-request-id"


class AnswerHeaders:
    """ASGI middleware that gives each answer an id of its own and the id that its request came with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and add the headers to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS | {"x-ms-request-id": str(uuid.uuid4())})
                if (client_id := Headers(scope=scope).get(_CLIENT_ID)) is not None:
                    headers[_CLIENT_ID] = client_id
            await send(message)

        await self._app(scope, receive, send_with_headers)
