"""The recorded exchanges of the PowerShell module: read, filled in, and compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.clients.powershell.pwsh import CLIENT

FOLDER = CLIENT / "contracts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One exchange: what the module sends, by which function of Requests.ps1, and what comes back.

    `held_to` says who confirms it: the running stack, azure-identity, or documentation alone. In texts, `<name>` stands
    for what differs from run to run; in answers, a text that begins so is any text, 0 is any number from 0 on, and of a
    list the first items are recorded.
    """

    name: str
    held_to: str
    given: str
    function: str
    arguments: Mapping[str, Any]
    request: Mapping[str, Any]
    answer: Mapping[str, Any]


def contracts() -> Iterator[Contract]:
    """All of them, in the order of the files."""
    for file in sorted(FOLDER.glob("*.json")):
        for one in json.loads(file.read_text())["exchanges"]:
            yield Contract(**{"given": "", **one})


def filled(content: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """The same JSON with each `<name>` replaced."""
    if isinstance(content, dict):
        return {key: filled(item, names) for key, item in content.items()}
    if isinstance(content, list):
        return [filled(item, names) for item in content]
    if isinstance(content, str):
        for name, told in names.items():
            content = content.replace(f"<{name}>", told)
    return content


def differences(expected: Any, found: Any, place: str = "answer") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Where an answer is not the recorded one; what differs from run to run counts as equal."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if set(expected) != set(found):
            yield f"{place}: {sorted(expected)} recorded, {sorted(found)} found"
        for key in expected.keys() & found.keys():
            yield from differences(expected[key], found[key], f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(found) >= len(expected):
        for index, one in enumerate(expected):
            yield from differences(one, found[index], f"{place}[{index}]")
    elif not _equal(expected, found):
        yield f"{place}: {expected!r} recorded, {found!r} found"


def _equal(expected: Any, found: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(expected, str) and expected.startswith("<"):
        return isinstance(found, str) and bool(found)
    if expected == 0 and type(expected) is int:
        return type(found) is int and found >= 0
    return bool(expected == found)
