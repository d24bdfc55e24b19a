"""The folder a stack works in: made for this user alone, emptied only when it was a stack's before."""

import shutil
from pathlib import Path

from local.processes import StackFailed, answers
from local.state import load_state

MARKER = "stack.json"


def prepare(folder: Path, *, keep: bool) -> None:
    """Make the folder, empty unless `keep`; raises StackFailed when it is in use or holds other things."""
    if folder.exists() and any(folder.iterdir()):
        if not is_kept(folder):
            raise StackFailed(f"{folder} holds something else than a local stack; name another folder with --state.")
        if answers(load_state(folder)):
            raise StackFailed(f"A stack is running from {folder} already; stop it, or name another with --state.")
        if not keep:
            shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def is_kept(folder: Path) -> bool:
    """Whether the folder holds what a stack left."""
    return (folder / MARKER).exists()
