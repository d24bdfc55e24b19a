"""Programs of others that the real host needs: where they are, and how they run without leaving anything behind."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from local.processes import StackFailed

# Less than what the process that runs them is given to end.
GRACE_SECONDS = 5.0
WHAT_IT_IS = {
    "func": "Azure Functions Core Tools: learn.microsoft.com/azure/azure-functions/functions-run-local",
    "azurite": "the emulator of Azure Storage: npm install -g azurite",
}


def missing() -> list[str]:
    """A sentence for each program that PATH does not have."""
    if os.name != "posix":
        return ["The real host is started on Linux and macOS alone."]
    return [f"{name} is not on PATH ({what})." for name, what in WHAT_IT_IS.items() if shutil.which(name) is None]


def program(name: str) -> str:
    """Where a program is; raises StackFailed with what is missing."""
    found = shutil.which(name)
    if found is None:
        raise StackFailed(" ".join(missing()))
    return found


@contextmanager
def running(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its output added to a file; on the way out it ends with everything that it started."""
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - found on PATH by name, with arguments of our own
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
