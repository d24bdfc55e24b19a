"""Pages as these tests read them: headings, fenced blocks, tables, and HTTP exchanges that can be held to an answer."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/**/*.md"))]
SYSTEMS = sorted(file for file in ROOT.glob("docs/systems/*.md") if file.name != "README.md")
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
# What an example writes for a value that differs each time.
OPEN = "..."
TIMES = frozenset({"expires_in", "expires_on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a page writes it; `<...>` in a header stands for the caller's own token."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a page says of the answer; `...` stands for whatever comes."""

    status: int
    headers: Mapping[str, str]
    content: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and the answer that stands below it."""

    request: Request
    answer: Answer


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def headings(text: str) -> list[str]:
    """Titles of every level, in their order; lines within fences are none."""
    return re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings have where it is read."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings(text)}


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def blocks(text: str, *languages: str) -> list[str]:
    """Fenced blocks of these languages, without their indentation."""
    return [
        re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
        for found in FENCE.finditer(text)
        if found["language"] in languages
    ]


def rows(text: str, columns: int) -> list[list[str]]:
    """The rows of tables that have so many columns, without headings and rules."""
    lines = re.findall(r"^\|(.+)\|$", FENCE.sub("", text), re.MULTILINE)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines if not set(line) <= set("|- ")]
    return [row for row in cells if len(row) == columns]


def exchanges(text: str) -> list[Exchange]:
    """Each request of a page with the answer below it; every `http` block belongs to one."""
    found = blocks(text, "http")
    assert len(found) % 2 == 0, "each request has its answer below it"
    return [
        Exchange(request=_request(first), answer=_answer(second))
        for first, second in zip(found[::2], found[1::2], strict=True)
    ]


def differences(wanted: Any, found: Any, key: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Where what came is not what the page says; nothing when it is."""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for one, other in zip(wanted, found, strict=True):
            yield from differences(one, other, key)
    elif isinstance(wanted, dict) and isinstance(found, dict):
        if wanted.keys() != found.keys():
            yield f"{sorted(wanted)} is written, {sorted(found)} came"
        for name in wanted.keys() & found.keys():
            yield from differences(wanted[name], found[name], name)
    elif not _is_as_written(wanted, found, key):
        yield f"{key}: {wanted!r} is written, {found!r} came"


def _is_as_written(wanted: Any, found: Any, key: str) -> bool:  # noqa: ANN401 - JSON
    if key in TIMES:
        return type(wanted) is type(found) and str(found).isdigit()
    if isinstance(wanted, str) and isinstance(found, str):
        return matches(wanted, found)
    return bool(wanted == found)


def matches(written: str, found: str) -> bool:
    """Whether a text is the one that is written, `...` standing for anything but nothing."""
    pattern = ".+".join(re.escape(part) for part in written.split(OPEN))
    return re.fullmatch(pattern, found, re.DOTALL) is not None


def _request(block: str) -> Request:
    first, headers, body = _parts(block)
    method, path = first.split(" ")
    return Request(method=method, path=path, headers=headers, body=body)


def _answer(block: str) -> Answer:
    first, headers, body = _parts(block)
    protocol, status, _phrase = first.split(" ", 2)
    assert protocol == "HTTP/1.1"
    return Answer(status=int(status), headers=headers, content=json.loads(body))


def _parts(block: str) -> tuple[str, dict[str, str], str]:
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return first, {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}, body.strip()
