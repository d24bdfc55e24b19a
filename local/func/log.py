"""What the real host writes of an invocation and of an app that does not load, read from its log."""

import re
import time
from pathlib import Path

from local.processes import StackFailed

NO_FUNCTIONS = "No job functions found."
# Bytes; all that a host writes before it has found its functions, and more.
START_OF_LOG = 65_536
BY_HAND = "This function was programmatically called via the host APIs."


def end_of_run(log: Path, *, since: int, function: str, seconds: float) -> str:
    """Wait for the run of `function` that was asked for when the log was `since` bytes long; Success or Failure."""
    until = time.monotonic() + seconds
    begun = re.compile(rf"Executing 'Functions\.{function}' \(Reason='{re.escape(BY_HAND)}', Id=([0-9a-f-]+)\)")
    while time.monotonic() < until:
        written = log.read_bytes()[since:].decode(errors="replace")
        if (run := begun.search(written)) is not None:
            ended = re.search(rf"Executed 'Functions\.\w+' \((Succeeded|Failed), Id={run[1]},", written)
            if ended is not None:
                return "Success" if ended[1] == "Succeeded" else "Failure"
        time.sleep(0.1)
    raise StackFailed(f"{function} has not ended after {seconds:.0f} s; see {log}.")


def why_not_started(log: Path, *, since: int) -> list[str] | None:
    """The exceptions with which the worker could not load the app, each once; None while the host looks for functions.

    `since` is how long the log was when the host was started.
    """
    with log.open("rb") as opened:
        opened.seek(since)
        said = opened.read(START_OF_LOG).decode(errors="replace")
    if NO_FUNCTIONS not in said:
        return None
    return list(dict.fromkeys(re.findall(r"\] Exception: (.+)$", said, re.MULTILINE)))
