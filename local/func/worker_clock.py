"""The stack's time for a worker of the real host: a Python that moves its clock before it runs the worker.

The host is a program of .NET and stays in real time, as do its schedules: timers are fired by hand. libfaketime would
move the whole process, but under it (0.9.10, CPython 3.13) `time.sleep` fails when monotonic time stays real, which the
event loop lives by.
"""

import os
import runpy
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from local.clock import FOLLOWED, MovedClock, read_offset, write_offset
from local.state import StackState

TICK = 0.1
ROOT = Path(__file__).resolve().parent.parent.parent


def moved_python(state: StackState) -> Path:
    """A program that stands for this Python in the settings of the host, at the stack's time."""
    script = state.folder / "worker-python"
    script.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from local.func.worker_clock import run_moved\n"
        f"run_moved({str(state.clock_file)!r}, sys.argv[1:])\n"
    )
    script.chmod(0o700)
    return script


def run_moved(clock_file: str, arguments: Sequence[str]) -> None:
    """Run a script with its arguments as Python would, at the stack's time; with options, be Python itself."""
    if arguments[0].startswith("-"):  # Core Tools asks which version it is
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - what was asked for, less our name
    file = Path(clock_file)
    clock = MovedClock(file)
    sys.argv = list(arguments)
    sys.path[:2] = [str(Path(arguments[0]).parent)]
    with clock.running():
        threading.Thread(target=_follow, args=(clock, file.with_name(FOLLOWED)), daemon=True).start()
        runpy.run_path(arguments[0], run_name="__main__")


def _follow(clock: MovedClock, followed: Path) -> None:
    """Look at the offset for ever, and say what has been seen: whoever moves the clock waits for that."""
    while True:
        clock.follow()
        if not followed.exists() or read_offset(followed) != clock.offset:
            write_offset(followed, clock.offset)
        time.sleep(TICK)
