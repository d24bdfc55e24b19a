"""What tests install, one process installs at a time: another worker, or another run, may want the same."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Any file of the checkout will do: a lock leaves nothing in it.
LOCKED = Path(__file__)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Nobody else installs meanwhile; look inside whether it is there by now."""
    with LOCKED.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


NODE = Path(__file__).parent / "contract" / "node"


def node_modules() -> Path:
    """JavaScript clients from the lock file, installed once; without npm the test is skipped, and CI fails instead."""
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("CI must run the JavaScript clients: install node and npm")
        pytest.skip("no npm on the PATH: the JavaScript clients are not tried here")
    with one_at_a_time():
        if not (NODE / "node_modules" / ".package-lock.json").exists():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True, capture_output=True)  # noqa: S603
    return NODE / "node_modules"
