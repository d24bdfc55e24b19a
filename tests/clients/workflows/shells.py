"""Shell programs as their users run them: processes of their own, with an identity of the local stack."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.stack import identity_environment
from local.state import StackState
from local.world import BROKER_API

CLIENTS = Path(__file__).resolve().parents[3] / "clients"
FAKES = Path(__file__).resolve().parent / "fakes"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def machine(state: StackState, *, path: str = os.environ["PATH"]) -> dict[str, str]:
    """The variables of a machine without any identity, on which the broker is named."""
    return {
        "PATH": path,
        "HOME": str(state.folder),
        "CURL_CA_BUNDLE": str(state.ca_file),
        "NO_PROXY": "localhost,127.0.0.1",
        "BROKER_URL": state.host,
        "BROKER_AUDIENCE": f"api://{BROKER_API}",
    }


def app_service(state: StackState, identity: str = "reports") -> dict[str, str]:
    """A machine that is an App Service with this managed identity."""
    return machine(state) | identity_environment(state, identity)


def signed_in(state: StackState, identity: str = "reports") -> dict[str, str]:
    """A machine on which `az` is signed in as this managed identity."""
    platform = identity_environment(state, identity)
    told = {"AZ_ENDPOINT": platform["IDENTITY_ENDPOINT"], "AZ_HEADER": platform["IDENTITY_HEADER"]}
    return machine(state, path=f"{FAKES}:{os.environ['PATH']}") | told


def without(folder: Path, *commands: str) -> str:
    """A PATH with the machine's usual commands but these."""
    for name in ("bash", "cat", "curl", "jq", "sh", "sleep", "tr", "printenv"):
        found = shutil.which(name)
        if found and name not in commands:
            (folder / name).symlink_to(found)
    return str(folder)


def spied(folder: Path, name: str, *, instead: str = "") -> Path:
    """Put a command of this name into the folder that notes its arguments in a file, then does the real thing."""
    notes = folder / f"{name}.arguments"
    real = instead or f'exec {shutil.which(name)} "$@"'
    (folder / name).write_text(f'#!/usr/bin/env bash\nprintf "%s\\n" "$*" >> {notes}\n{real}\n')
    (folder / name).chmod(0o755)
    return notes


def run(
    command: list[str], variables: Mapping[str, str], *, pass_fds: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own programs
        command, env=dict(variables), capture_output=True, text=True, timeout=120, check=False, pass_fds=pass_fds
    )


def complaints(script: str) -> str:
    """What shellcheck says of a bash program."""
    command = [str(SHELLCHECK), "--shell=bash", "--enable=quote-safe-variables,avoid-nullary-conditions", "-"]
    return subprocess.run(  # noqa: S603 - as above
        command, input=script, capture_output=True, text=True, timeout=60, check=False
    ).stdout
