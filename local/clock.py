"""The stack's clock: every process of the local stack lives at the same moved time.

Only wall time moves (time-machine); monotonic time and TLS stay real, as they are outside the process.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

# Exists beside the offset where a process looks at it from time to time only, and holds what that has seen last.
FOLLOWED = "clock-followed.json"
# Seconds; longer than a busy process needs, and no reason to fail when it is gone.
PATIENCE = 10.0


class MovedClock:
    """Follows the offset kept in the state folder; call `follow` wherever a process begins something."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = 0
        self._offset = timedelta()
        self._lock = threading.Lock()
        self._coordinates: time_machine.Traveller | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take over this process's wall clock while the context lasts."""
        with time_machine.travel(datetime.now(UTC), tick=True) as self._coordinates:
            # Taking over took a moment; without it this process would be late, and refuse what others have just signed.
            self._coordinates.shift(timedelta(seconds=time_machine.escape_hatch.time.time() - time.time()))
            self.follow()
            yield
        self._coordinates = None

    @property
    def offset(self) -> timedelta:
        """How far this process has been moved."""
        return self._offset

    def follow(self) -> None:
        """Move this process to the offset in the file, if that has changed."""
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed == self._seen or self._coordinates is None:
            return
        with self._lock:
            offset = read_offset(self._file)
            self._coordinates.shift(offset - self._offset)
            self._offset, self._seen = offset, changed


def read_offset(file: Path) -> timedelta:
    """How far the stack's clock is from the real one; zero when it was never moved."""
    try:
        return timedelta(seconds=float(json.loads(file.read_text())["offset_seconds"]))
    except FileNotFoundError:
        return timedelta()


def write_offset(file: Path, offset: timedelta) -> None:
    """Set the offset, and return when every process follows it.

    Written beside and renamed, so that no reader sees half of it.
    """
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({"offset_seconds": offset.total_seconds()}))
    beside.replace(file)
    followed, until = file.with_name(FOLLOWED), time.monotonic() + PATIENCE
    while followed.exists() and read_offset(followed) != offset and time.monotonic() < until:
        time.sleep(0.02)
