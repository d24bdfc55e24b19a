"""HTTP requests and responses as the messages that host and worker exchange.

Source: azure-functions-host, GrpcMessageConversionExtensions.cs, GrpcMessageExtensionUtilities.cs, RawScriptResult.cs.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from local.host.protos import Message, RpcHttp, RpcHttpCookie, TypedData

# The server frames the body itself.
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_SAME_SITE = {1: "lax", 2: "strict", 3: "none"}


async def from_request(
    request: Request, route_values: Mapping[str, str], *, chunked_bodies_arrive: bool = False
) -> TypedData:
    """The message for a request; a body without Content-Length (chunked) stays behind, unless told otherwise."""
    has_body = int(request.headers.get("content-length", "0")) > 0 or chunked_bodies_arrive
    query_string = request.scope["query_string"].decode("latin-1")
    target = request.scope["raw_path"].decode("latin-1") + (f"?{query_string}" if query_string else "")
    query = _joined(parse_qsl(query_string, keep_blank_values=True))
    headers = _joined((name.decode("latin-1"), value.decode(errors="replace")) for name, value in request.headers.raw)
    return TypedData(
        http=RpcHttp(
            method=request.method,
            url=f"{request.url.scheme}://{request.headers['host']}{target}",
            headers=headers,
            query={name: value for name, value in query.items() if value},
            params=dict(route_values),
            body=TypedData(bytes=await request.body() if has_body else b""),
        )
    )


def to_response(value: TypedData | None) -> Response:
    """The response a function returned; a plain string is text."""
    kind = value.WhichOneof("data") if value is not None else None
    if value is None or kind is None:
        return Response(status_code=204)
    if kind != "http":
        return Response(str(getattr(value, kind)), media_type="text/plain")
    http = value.http
    status = int(http.status_code)
    headers = {name: text for name, text in http.headers.items() if name.lower() not in _FRAMING}
    body = None if status in {204, 304} else http.body.bytes
    response = Response(body, status_code=status, headers=headers)
    if body:
        # The host does not count what the worker gave it: it sends chunks, whatever the function said of the length.
        del response.headers["content-length"]
    for cookie in http.cookies or ():
        response.headers.append("set-cookie", _set_cookie(cookie))
    return response


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values under the last spelling of their name; repeated ones joined by a comma, empty ones among them dropped."""
    spelling: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        spelling[name.lower()] = name
        values.setdefault(name.lower(), []).append(value)
    return {spelling[name]: ",".join(filter(None, several)) for name, several in values.items()}


def _set_cookie(cookie: RpcHttpCookie) -> str:
    """One Set-Cookie header as ASP.NET writes it: the value percent-encoded, the attributes in its order.

    The worker makes an empty Domain and Path of absent ones, and ASP.NET writes them.
    """
    parts = [f"{cookie.name}={quote(cookie.value, safe='')}"]
    if cookie.expires is not None:
        expires = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        parts.append(f"expires={format_datetime(expires, usegmt=True)}")
    if cookie.max_age is not None:
        parts.append(f"max-age={int(cookie.max_age.value)}")
    parts += [f"{name}={text.value}" for name, text in _texts(cookie) if text is not None]
    if cookie.secure.value:
        parts.append("secure")
    if cookie.same_site in _SAME_SITE:
        parts.append(f"samesite={_SAME_SITE[cookie.same_site]}")
    if cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)


def _texts(cookie: RpcHttpCookie) -> tuple[tuple[str, Message | None], ...]:
    return ("domain", cookie.domain), ("path", cookie.path)
