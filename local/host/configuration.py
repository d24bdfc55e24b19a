"""What configures the host: host.json, settings of its own, and local.settings.json for a run against real services."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.host.errors import StartError

CHUNKED_BODIES_ARRIVE = "LOCAL_HOST_CHUNKED_BODIES_ARRIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfiguration:
    """The part of host.json and of the host's own settings that this host obeys.

    Where routes begin, headers every response gets unless it has them, whether `/` shows a page, and the switch of this
    stack: whether a body that was sent in chunks reaches the function. On the real host it does not; whether it does in
    Azure is not proven.
    """

    route_prefix: str
    custom_headers: Mapping[str, str]
    homepage: bool = True
    chunked_bodies_arrive: bool = False


def read_configuration(folder: Path, environment: Mapping[str, str]) -> HostConfiguration:
    """Read the folder's host.json (version 2.0); raises StartError when it is missing or not understood."""
    content = _read_object(folder / "host.json")
    if content.get("version") != "2.0":
        raise StartError(f'{folder / "host.json"} must say "version": "2.0".')
    http = content.get("extensions", {}).get("http", {})
    return HostConfiguration(
        route_prefix=http.get("routePrefix", "api").strip("/"),
        custom_headers=http.get("customHeaders", {}),
        homepage=not _is_true(environment, "AzureWebJobsDisableHomepage"),
        chunked_bodies_arrive=_is_true(environment, CHUNKED_BODIES_ARRIVE),
    )


def load_settings(folder: Path) -> dict[str, str]:
    """The Values of local.settings.json that no environment variable overrides; none when there is no such file.

    Hand them to `run` as its `environment` to run the app against real services, as `func start` would.
    Raises StartError when the file is not understood.
    """
    file = folder / "local.settings.json"
    if not file.exists():
        return {}
    content = _read_object(file)
    if content.get("IsEncrypted"):
        raise StartError(f"{file} is encrypted; `func settings decrypt` makes it readable.")
    values: dict[str, Any] = content.get("Values", {})
    if wrong := sorted(name for name, value in values.items() if not isinstance(value, str)):
        raise StartError(*(f"{file}: the value of {name} must be a string." for name in wrong))
    return {name: value for name, value in values.items() if name not in os.environ}


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """`text`, or the setting it names when it reads `%NAME%`; raises KeyError with the name of an absent setting."""
    if len(text) > len("%%") and text.startswith("%") and text.endswith("%"):
        return environment[text.strip("%")]
    return text


def _is_true(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() in {"true", "1"}


def _read_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StartError(f"{file} is missing.") from error
    except ValueError as error:
        raise StartError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise StartError(f"{file} is not a JSON object.")
    return content
