"""Customers' tenants by the thousand: one process that is Entra ID and Partner Center, and takes its time to answer."""

import asyncio
import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.certificates import write_certificates

HOME = "aaaa0000-0000-4000-8000-000000000001"
PAGE = 500


class Tenants:
    """A running stand-in; `asked` counts the tokens that it was asked for."""

    def __init__(self, url: str, ca: Path, asked: "Synchronized[int]") -> None:
        self.url, self.ca = url, ca
        self._asked = asked

    @property
    def asked(self) -> int:
        """How many tokens it was asked for so far."""
        return self._asked.value


@contextmanager
def running_tenants(folder: Path, count: int, *, seconds: float) -> Iterator[Tenants]:
    """So many customers, each of whom answers after so many seconds; of 97 one refuses, and one in 101 is silent."""
    ca, certificate, key = (folder / name for name in ("ca.pem", "server.pem", "server-key.pem"))
    write_certificates(ca=ca, certificate=certificate, key=key)
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    url = f"https://127.0.0.1:{listening.getsockname()[1]}"
    context = multiprocessing.get_context("fork")
    asked = context.Value("i", 0)
    app = _App(url, count, seconds, asked).routes()
    config = uvicorn.Config(app, ssl_certfile=certificate, ssl_keyfile=key, log_config=None, timeout_keep_alive=60)
    process = context.Process(target=_serve, args=(config, listening), daemon=True)
    process.start()
    try:
        yield Tenants(url, ca, asked)
    finally:
        process.kill()  # gently, it would wait for the connections that are kept
        process.join()
        listening.close()


def _serve(config: uvicorn.Config, listening: socket.socket) -> None:
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvicorn.Server(config).run(sockets=[listening])


def tenant(number: int) -> str:
    """The tenant of one customer."""
    return f"bbbb0000-0000-4000-8000-{number:012}"


class _App:
    def __init__(self, url: str, count: int, seconds: float, asked: "Synchronized[int]") -> None:
        self._url, self._count, self._seconds, self._asked = url, count, seconds, asked

    def routes(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self.discovery),
                Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
                Route("/v1/customers", self.customers),
            ]
        )

    async def discovery(self, request: Request) -> Response:
        """The endpoints of a tenant."""
        root = f"{self._url}/{request.path_params['tenant']}/oauth2/v2.0"
        return JSONResponse({"token_endpoint": f"{root}/token", "authorization_endpoint": f"{root}/authorize"})

    async def token(self, request: Request) -> Response:
        """A token, after a while; or what a customer's tenant says when it is not prepared."""
        form = parse_qs((await request.body()).decode())
        await asyncio.sleep(self._seconds)
        with self._asked.get_lock():
            self._asked.value += 1
        number = int(request.path_params["tenant"].rpartition("-")[2])
        if request.path_params["tenant"] != HOME and number % 97 == 0:
            return JSONResponse({"error": "invalid_grant", "error_codes": [50020]}, status_code=400)
        if request.path_params["tenant"] != HOME and number % 101 == 0:
            return Response("busy", status_code=503)
        scope = next(one for one in form["scope"][0].split() if "/" in one)
        content = {"token_type": "Bearer", "expires_in": 4000, "access_token": "opaque" * 300, "scope": scope}
        return JSONResponse({**content, "refresh_token": "newer" * 200})

    async def customers(self, request: Request) -> Response:
        """One page of the partner's customers."""
        begin = int(request.headers.get("MS-ContinuationToken", "0"))
        end = min(begin + PAGE, self._count)
        items = [
            {"companyProfile": {"tenantId": tenant(n), "companyName": f"Customer {n}", "domain": "customer.example"}}
            for n in range(begin, end)
        ]
        following = {"key": "MS-ContinuationToken", "value": str(end)}
        uri = f"{urlsplit(self._url).path}/customers?size={PAGE}&seekOperation=Next"
        links = {"next": {"uri": uri, "headers": [following]}} if end < self._count else {}
        return Response(json.dumps({"items": items, "links": links}), media_type="application/json")
