"""What tests install, one process installs at a time: another worker, or another run, may want the same."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Any file of the checkout will do: a lock leaves nothing in it.
LOCKED = Path(__file__)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Nobody else installs meanwhile; look inside whether it is there by now."""
    with LOCKED.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
