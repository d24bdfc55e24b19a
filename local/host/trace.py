"""The trace an invocation belongs to (W3C Trace Context)."""

import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request

_PARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """What the headers `traceparent` and `tracestate` say, empty when nobody traces."""

    parent: str = ""
    state: str = ""


def trace_of(request: Request) -> TraceContext:
    """The caller's trace, or a new one, with a span of the host's own: ASP.NET begins one for each request."""
    found = _PARENT.fullmatch(request.headers.get("traceparent", ""))
    trace, flags = (found["trace"], found["flags"]) if found else (secrets.token_hex(16), "00")
    return TraceContext(
        parent=f"00-{trace}-{secrets.token_hex(8)}-{flags}",
        state=request.headers.get("tracestate", "") if found else "",
    )
