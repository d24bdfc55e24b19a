"""The digest of what the infrastructure is made from and what the compiler made of it, a line for each file."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tests.infra.project import INFRA, ROOT, SNAPSHOTS

DIGEST = SNAPSHOTS / "SHA256SUMS"


def digested() -> list[Path]:
    """All of `infra/`, main.json with it, and the snapshots with their parameters; no hidden files of a desktop."""
    found = (path for folder in (INFRA, SNAPSHOTS) for path in folder.rglob("[!.]*"))
    return [path for path in found if path.is_file() and path != DIGEST]


def digest(files: Iterable[Path], root: Path = ROOT) -> str:
    """In the form of sha256sum, by name."""
    lines = {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return "".join(f"{value}  {name}\n" for name, value in sorted(lines.items()))
