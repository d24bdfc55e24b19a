"""What the requests to a vault may say: names, API versions, pages and bodies, each held to the service's limits.

Limits: "About keys, secrets and certificates" and "About secrets" on Microsoft Learn.
Every function raises KeyVaultError (400 BadParameter) for what the service refuses.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from local.key_vault.refusals import bad_parameter
from local.key_vault.version import Properties

LATEST_API_VERSION = "2026-04-01"
API_VERSIONS = frozenset(
    {"2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", LATEST_API_VERSION}
)
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
LARGEST_VALUE = 25 * 1024  # bytes of UTF-8
LARGEST_CONTENT_TYPE = 255  # characters
LARGEST_TAG = 512  # characters of a tag's name, and of its value
MOST_TAGS = 15
LARGEST_PAGE = 25
LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z, the last time the SDKs can read


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for: at most `size` items whose keys follow `after`."""

    size: int
    after: str


def api_version(query: QueryParams) -> str:
    """The `api-version` of a request, which has no default."""
    version = query.get("api-version")
    if version is None:
        raise bad_parameter("The api-version query parameter is required.")
    if version not in API_VERSIONS:
        raise bad_parameter(
            f"The specified version ({version}) is not recognized. "
            f"Consider using the latest supported version ({LATEST_API_VERSION})."
        )
    return version


def secret_name(request: Request) -> str:
    """The name of the secret in the path."""
    name = str(request.path_params["name"])
    if not NAME.fullmatch(name):
        raise bad_parameter(f"The request URI contains an invalid name: {name}")
    return name


def page(query: QueryParams) -> Page:
    """The page of a list that a request asks for."""
    size = query.get("maxresults", str(LARGEST_PAGE))
    if not re.fullmatch("[0-9]{1,2}", size) or not 1 <= int(size) <= LARGEST_PAGE:
        raise bad_parameter(f"maxresults must be between 1 and {LARGEST_PAGE}.")
    try:
        after = _from_base64url(query.get("$skiptoken", "")).decode()
    except ValueError:
        raise bad_parameter("The $skiptoken is not one of this service.") from None
    return Page(size=int(size), after=after)


def skip_token(key: str) -> str:
    """The `$skiptoken` that goes on after the item with this key."""
    return to_base64url(key.encode())


def to_base64url(content: bytes) -> str:
    """Base64url without padding (RFC 7515, appendix C), in which the service writes bytes."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


async def body(request: Request) -> dict[str, Any]:
    """The JSON object a request carries."""
    try:
        content = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise bad_parameter("The request body is not JSON.") from None
    if not isinstance(content, dict):
        raise bad_parameter("The request body is not a JSON object.")
    return content


def value(content: Mapping[str, Any]) -> str:
    """The value a PUT stores."""
    return _text(content.get("value"), "value", most_bytes=LARGEST_VALUE)


def backup(content: Mapping[str, Any]) -> bytes:
    """The backup blob that a restore is given."""
    try:
        return _from_base64url(_text(content.get("value"), "value"))
    except ValueError:
        raise bad_parameter("Property value is not base64url.") from None


def properties(content: Mapping[str, Any]) -> Properties:
    """What a PUT or PATCH says about a version besides its value."""
    content_type, tags, attributes = content.get("contentType"), content.get("tags"), content.get("attributes")
    said = {} if attributes is None else attributes
    if not isinstance(said, dict) or not isinstance(said.get("enabled"), bool | None):
        raise bad_parameter("Property attributes has an invalid value.")
    return Properties(
        content_type=None if content_type is None else _text(content_type, "contentType", most=LARGEST_CONTENT_TYPE),
        tags=None if tags is None else _tags(tags),
        enabled=said.get("enabled"),
        not_before=_seconds(said.get("nbf"), "nbf"),
        expires=_seconds(said.get("exp"), "exp"),
    )


def _from_base64url(unverified: str) -> bytes:
    return base64.b64decode(unverified + "=" * (-len(unverified) % 4), altchars=b"-_", validate=True)


def _tags(unverified: object) -> dict[str, str]:
    if not isinstance(unverified, dict) or len(unverified) > MOST_TAGS:
        raise bad_parameter(f"Property tags must be an object of at most {MOST_TAGS} tags.")
    return {
        _text(name, "tag name", most=LARGEST_TAG): _text(text, "tag value", most=LARGEST_TAG)
        for name, text in unverified.items()
    }


def _text(unverified: object, what: str, *, most: int | None = None, most_bytes: int | None = None) -> str:
    if not isinstance(unverified, str):
        raise bad_parameter(f"Property {what} must be a string.")
    try:
        size = len(unverified.encode())
    except UnicodeEncodeError:  # JSON can spell half of a surrogate pair; UTF-8 cannot
        raise bad_parameter(f"Property {what} is not Unicode text.") from None
    if (most is not None and len(unverified) > most) or (most_bytes is not None and size > most_bytes):
        raise bad_parameter(f"Property {what} is longer than {most or most_bytes}.")
    return unverified


def _seconds(unverified: object, what: str) -> int | None:
    if unverified is None:
        return None
    if not isinstance(unverified, int) or isinstance(unverified, bool) or not 0 <= unverified <= LAST_SECOND:
        raise bad_parameter(f"Property {what} must be a time in Unix seconds.")
    return unverified
