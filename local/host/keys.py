"""The keys of the host: which authorization level a request reaches."""

import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The master key (`admin`), and the default key that follows from it (`function`)."""

    master: str = field(repr=False)

    @property
    def default(self) -> str:
        """The key that opens every function of level `function`, and nothing of level `admin`."""
        return hmac.digest(self.master.encode(), b"default function key", "sha256").hex()

    def open_level(self, level: str, request: Request) -> bool:
        """Whether a request may call what asks for `anonymous`, `function` or `admin`."""
        if level == "anonymous":
            return True
        accepted = [self.master] if level == "admin" else [self.master, self.default]
        presented = _presented(request).encode()
        return any(hmac.compare_digest(presented, key.encode()) for key in accepted)

    def is_master(self, request: Request) -> bool:
        """Whether the request presents the master key."""
        return self.open_level("admin", request)


def _presented(request: Request) -> str:
    """The header's key, else the first `code` of the query: the very name OAuth gives its authorization code."""
    header = request.headers.get("x-functions-key")
    if header is not None:
        return header
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return next((value for name, value in query if name.lower() == "code"), "")
