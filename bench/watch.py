"""The host's process while a run of the timer lasts: its memory, its processor time, and how many consents are done.

Read from /proc, so this needs Linux.
"""

import multiprocessing
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.state import StackState

EVERY_SECONDS, PROGRESS_SECONDS = 0.25, 20.0
MEBIBYTE = 2**20
DONE = b'"event": "refresh.consent"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look: seconds since the run began, consents done by then, resident memory in bytes."""

    seconds: float
    done: int
    resident: int


@dataclass(slots=True, kw_only=True)
class Watched:
    """What was seen; `processor` is in seconds, and filled in at the end."""

    samples: list[Sample] = field(default_factory=list)
    processor: float = 0.0

    @property
    def peak(self) -> int:
        """The most resident memory of any look, in bytes."""
        return max(sample.resident for sample in self.samples)

    def peaks_of_halves(self) -> tuple[int, int]:
        """The same, until half of the consents were done and after."""
        half = self.samples[-1].done / 2
        first = [sample.resident for sample in self.samples if sample.done <= half]
        second = [sample.resident for sample in self.samples if sample.done > half]
        return max(first), max(second or first)


class HostProcess:
    """The process of a stack's host; made while no other stack runs here."""

    def __init__(self, state: StackState) -> None:
        # The host is the part that starts last.
        started = max(multiprocessing.active_children(), key=lambda child: child.pid or 0)
        self._folder = Path(f"/proc/{started.pid}")
        self._log = state.log_file("host")

    def resident(self) -> int:
        """Its resident memory, in bytes."""
        found = re.search(r"^VmRSS:\s+(\d+) kB$", (self._folder / "status").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def processor(self) -> float:
        """Seconds of processor time it has used, all threads together."""
        user, system = (self._folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def watched(self, *, expected: int) -> Iterator[Watched]:
        """Look several times a second while the context lasts, and tell the progress towards `expected` consents."""
        watched, ended = Watched(), threading.Event()
        before = self.processor()
        watcher = threading.Thread(target=self._look, args=(watched, ended, expected))
        watcher.start()
        try:
            yield watched
        finally:
            ended.set()
            watcher.join()
            watched.processor = self.processor() - before

    def _look(self, watched: Watched, ended: threading.Event, expected: int) -> None:
        begun = told = time.monotonic()
        done, last = 0, False
        with self._log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            while not last:
                last = ended.wait(EVERY_SECONDS)
                done += log.read().count(DONE)
                now = time.monotonic()
                watched.samples.append(Sample(seconds=now - begun, done=done, resident=self.resident()))
                if now - told >= PROGRESS_SECONDS:
                    told = now
                    progress = f"{done:,} of {expected:,} after {now - begun:.0f} s"
                    print(f"   ... {progress}, {watched.samples[-1].resident / MEBIBYTE:.0f} MiB", flush=True)
