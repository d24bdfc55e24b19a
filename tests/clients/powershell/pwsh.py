"""PowerShell as users run it: a process that ends, or a session that is told one command after the other."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "powershell"
MODULE = CLIENT / "PartnerToken"
# What would make this machine an identity, or name a broker.
_OF_PLATFORMS = ("ACTIONS_", "AUTOMATION_", "AZURE", "BROKER_", "IDENTITY_", "IMDS_", "MSI_", "SYSTEM_")
_SETTINGS = {
    "NO_COLOR": "1",
    "POWERSHELL_TELEMETRY_OPTOUT": "1",
    "POWERSHELL_UPDATECHECK": "Off",
    # A proxy of this machine must not come before what is on it.
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1"),
    # A process as short as these pays more for profiling its code than it gains.
    "DOTNET_TieredPGO": "0",
}
_PWSH = ("pwsh", "-NoProfile", "-NonInteractive")
_SESSION = Path(__file__).with_name("session.ps1")

needs_pwsh = pytest.mark.skipif(shutil.which("pwsh") is None, reason="pwsh is not on PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a command threw."""

    id: str
    code: str | None
    status: int | None
    correlation: str | None
    message: str
    category: str
    target: str
    recommended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a command: output, warnings, what it threw; `told` is whatever was said beside the output."""

    output: list[Any]
    warnings: list[str]
    told: str
    failure: Failure | None


class Session:
    """One PowerShell process in strict mode; the module remembers no token from one command to the next."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        """The ends of the process that runs session.ps1."""
        self._stdin, self._stdout = stdin, stdout

    def run(self, command: str, variables: Mapping[str, str] | None = None) -> Outcome:
        """Run it to its end with these environment variables."""
        self._stdin.write(json.dumps({"command": command, "variables": dict(variables or {})}) + "\n")
        self._stdin.flush()
        # -WhatIf tells the terminal alone, and no stream.
        shown = ""
        while not (answer := self._stdout.readline()).startswith("{"):
            assert answer, "the PowerShell session ended"
            shown += answer
        outcome = json.loads(answer)
        failure, told = outcome.pop("failure"), shown + outcome.pop("told")
        return Outcome(**outcome, told=told, failure=Failure(**failure) if failure else None)


def machine() -> dict[str, str]:
    """The variables of a machine without any identity."""
    return {name: text for name, text in os.environ.items() if not name.startswith(_OF_PLATFORMS)} | _SETTINGS


@contextmanager
def session(variables: Mapping[str, str]) -> Iterator[Session]:
    """A session with these variables until the context ends."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [*_PWSH, "-File", str(_SESSION), str(MODULE)],
        env=machine() | dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield Session(process.stdin, process.stdout)
        finally:
            process.kill()


def powershell(*arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A process of its own, run to its end."""
    return subprocess.run(  # noqa: S603 - our own programs
        [*_PWSH, *arguments],
        env=machine() | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
