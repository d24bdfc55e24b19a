"""What each kind of setting looks like: text in, checked value out, or Malformed saying what is expected."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECRET_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
AUDIENCE = re.compile(r"[A-Za-z0-9._~:/-]{1,256}", re.ASCII)
ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/*"
)
ROWS_ADDRESS = re.compile(r"(?P<origin>https://[^/]+)(?P<account>(?:/[a-z0-9]{3,24})?)")
API_VERSION = re.compile(r"7\.[0-9]|20[0-9]{2}-[0-9]{2}-[0-9]{2}")
USUAL_PORTS, LAST_PORT = {"http": 80, "https": 443}, 65535
LONGEST_NUMBER, LONGEST_NAME = 9, 100
NCRONTAB_FIELDS = 6
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Malformed(ValueError):
    """What the value should look like instead; no value is ever quoted, since it may be a secret put in wrongly."""


def text(value: str) -> str:
    """Any text."""
    if not value:
        raise Malformed("a value")
    return value


def shown_name(value: str) -> str:
    """A name that pages show, on one line; empty for none."""
    if len(value) > LONGEST_NAME or not value.isprintable():
        raise Malformed(f"a name of at most {LONGEST_NAME} printable characters")
    return value


def audience(value: str) -> str:
    """An identifier URI or application id, as a token's audience; it is shown in headers and so holds no quotes."""
    if not AUDIENCE.fullmatch(value):
        raise Malformed("an identifier URI such as api://00000000-0000-0000-0000-000000000000")
    return value


def guid(value: str) -> str:
    """A GUID, lower-cased."""
    if not GUID.fullmatch(value.lower()):
        raise Malformed("a GUID such as 00000000-0000-0000-0000-000000000000")
    return value.lower()


def secret_name(value: str) -> str:
    """The name of a Key Vault secret (not the secret)."""
    if not SECRET_NAME.fullmatch(value):
        raise Malformed("the name of a Key Vault secret, letters, digits and hyphens, never the secret itself")
    return value


def api_version(value: str) -> str:
    """A version of Key Vault's API, as Microsoft writes them; whether the SDK knows it, it says itself."""
    if not API_VERSION.fullmatch(value):
        raise Malformed("a version of Key Vault's API such as 7.6 or 2025-07-01")
    return value


def https_origin(value: str) -> str:
    """An https origin such as https://name.vault.azure.net, spelled the one way that can be compared."""
    origin = _origin(value)
    if origin is None or urlsplit(origin).scheme != "https":
        raise Malformed("an address such as https://name.example, without a path")
    return origin


def rows_url(value: str) -> str:
    """Where rows are kept: a table endpoint (https, with the account as its path on an emulator), or a file."""
    if value.startswith("file:///"):
        return value
    address = ROWS_ADDRESS.fullmatch(value.rstrip("/"))
    origin = _origin(address["origin"]) if address else None
    if address is None or origin is None:
        raise Malformed("an address such as https://name.table.core.windows.net, or file:///path/results.sqlite3")
    return origin + address["account"]


def public_url(value: str) -> str:
    """Where browsers reach the broker: an https origin; plain http for localhost alone."""
    origin = _origin(value)
    if origin is None or (urlsplit(origin).scheme == "http" and urlsplit(origin).hostname not in LOOPBACK):
        raise Malformed("the https address of this app, such as https://broker.example (http for localhost alone)")
    return origin


def schedule(value: str) -> str:
    """A timer's NCRONTAB expression: second, minute, hour, day, month, day of the week."""
    if len(value.split()) != NCRONTAB_FIELDS:
        raise Malformed("a schedule of six fields such as 0 17 * * * * (every hour at minute 17)")
    return value


def file(value: str) -> str:
    """The path of a file that exists."""
    if not Path(value).is_file():
        raise Malformed("the path of a file that exists")
    return value


def scope(value: str) -> str:
    """One delegated scope with its resource, such as https://graph.microsoft.com/User.Read."""
    resource, separator, name = value.rpartition("/")
    if not separator or not name or not resource.rstrip("/") or " " in value:
        raise Malformed(
            "one scope with its resource, such as https://api.partnercenter.microsoft.com/user_impersonation"
        )
    return value


def list_of(parse: Callable[[str], str]) -> Callable[[str], frozenset[str]]:
    """A comma-separated list of what `parse` reads; empty text is an empty list."""

    def parse_list(value: str) -> frozenset[str]:
        try:
            return frozenset(parse(item.strip()) for item in value.split(",") if item.strip())
        except Malformed as expected:
            raise Malformed(f"a comma-separated list, each item {expected}") from None

    return parse_list


def choice[T](meanings: Mapping[str, T]) -> Callable[[str], T]:
    """One of the given words; the result is what that word means."""

    def parse(value: str) -> T:
        if value not in meanings:
            raise Malformed("one of " + ", ".join(meanings))
        return meanings[value]

    return parse


def number(low: int, high: int) -> Callable[[str], int]:
    """A whole number between `low` and `high`, both included."""

    def parse(value: str) -> int:
        digits = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
        if not digits or not low <= int(value) <= high:
            raise Malformed(f"a whole number from {low} to {high}")
        return int(value)

    return parse


def duration(unit: timedelta, low: int, high: int) -> Callable[[str], timedelta]:
    """So many times `unit`, between `low` and `high`."""
    parse = number(low, high)
    return lambda value: parse(value) * unit


def _origin(value: str) -> str | None:
    """Scheme, host and port in lower case, without the usual port and the trailing slash; None for anything more."""
    parts = ORIGIN.fullmatch(value.lower()) if value.isascii() else None
    if parts is None:
        return None
    usual = USUAL_PORTS[parts["scheme"]]
    port = int(parts["port"] or usual)
    if not 1 <= port <= LAST_PORT:
        return None
    return f"{parts['scheme']}://{parts['host']}" + ("" if port == usual else f":{port}")
