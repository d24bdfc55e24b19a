"""The parameters of one OAuth request, from a form or a query."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from starlette.requests import Request

from local.entra.aadsts import EntraError


class Parameters:
    """Named strings; an empty one counts as absent, as RFC 6749 section 3.1 says."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def get(self, name: str) -> str:
        """The value, or the empty string."""
        return self._given.get(name, "")

    def required(self, name: str) -> str:
        """The value; raises AADSTS900144 when it is absent."""
        if value := self.get(name):
            return value
        raise EntraError(900144, parameter=name)


async def read_parameters(request: Request) -> Parameters:
    """The query of a GET, the form of a POST (with HTTP Basic client credentials, RFC 6749 section 2.3.1)."""
    if request.method == "GET":
        return Parameters(dict(request.query_params))
    async with request.form() as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    return Parameters(_basic(request.headers.get("authorization", "")) | given)


def _basic(authorization: str) -> dict[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        identifier, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote_plus(identifier), "client_secret": unquote_plus(secret)}
