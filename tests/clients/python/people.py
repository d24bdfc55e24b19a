"""The commands as their users run them: processes of their own, with an identity of the local stack."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.stack import identity_environment
from local.state import StackState
from local.world import BROKER_API, DEFAULT_WORLD
from partner_token import broker_command, token_command

SOURCES = Path(__file__).resolve().parents[3] / "clients" / "python" / "src"


def environment_of(state: StackState, identity: str) -> dict[str, str]:
    """What a shell has in which this managed identity is set up, and the broker is named."""
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))},
        **identity_environment(state, identity),
        "AZURE_CLIENT_ID": DEFAULT_WORLD.identity(identity).client_id,
        "BROKER_URL": state.host,
        "BROKER_AUDIENCE": f"api://{BROKER_API}",
        "NO_PROXY": "localhost,127.0.0.1",
        "PYTHONPATH": str(SOURCES),
        "COLUMNS": "200",
    }


def command(
    state: StackState,
    identity: str,
    *arguments: str,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `partner-token ...` or `partner-broker ...` to its end."""
    name, *rest = arguments
    module = {"partner-token": "token_command", "partner-broker": "broker_command"}[name]
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", f"partner_token.{module}", *rest],
        env={**environment_of(state, identity), **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Shell:
    """A shell in which an identity of a stack is set up: commands run in this very process, which is fast."""

    def __init__(self, state: StackState, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._state = state
        self._patch = patch
        self._capture = capture

    def run(
        self, identity: str | None, *words: str, stdin: str | io.StringIO = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `None` is a machine that nobody has signed in on."""
        program, *arguments = words
        usual = environment_of(self._state, identity or "operator")
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID"):
            self._patch.delenv(name, raising=False)
        for name, text in (usual | environment).items():
            if identity is not None or not name.startswith(("IDENTITY_", "AZURE_")) or name in environment:
                self._patch.setenv(name, text)
        self._patch.setattr("sys.stdin", io.StringIO(stdin) if isinstance(stdin, str) else stdin)
        self._capture.readouterr()
        main = {"partner-token": token_command.main, "partner-broker": broker_command.main}[program]
        code = main(arguments)
        told = self._capture.readouterr()
        assert "Traceback" not in told.err
        return subprocess.CompletedProcess(words, code, told.out, told.err)
