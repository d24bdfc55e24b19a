"""The commands as their users run them: processes of their own, with an identity of the local stack."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.stack import identity_environment
from local.state import StackState
from local.world import BROKER_API, DEFAULT_WORLD

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
