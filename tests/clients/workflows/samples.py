"""The samples for other languages as programs: each asks with Azure's own library for a token, and for one too many."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.state import StackState
from local.world import BROKER_API
from tests.clients.workflows.shells import CLIENTS, app_service
from tests.installing import node_modules
from tests.programs import require

HERE = Path(__file__).parent
GRAPH, FORBIDDEN = "https://graph.microsoft.com/.default", "https://nobody.example/.default"
# The policy has it for a person's tokens, and not for the application's.
OF_A_PERSON = "https://management.azure.com/.default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a sample got for Contoso: Graph's token, its end in milliseconds, the application's own, and the errors."""

    token: str
    expires_on: int
    own: str
    refusal: str
    own_refusal: str


type Sample = Callable[[StackState, Path], Told]


def dotnet(state: StackState, _folder: Path) -> Told:
    """BrokerCredential.cs, compiled and run by PowerShell."""
    require("pwsh")
    script = ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(HERE / "credential.ps1")]
    return _run([*script, str(CLIENTS / "dotnet" / "BrokerCredential.cs")], state)


def javascript(state: StackState, folder: Path) -> Told:
    """broker-credential.mjs, beside the packages that it needs."""
    (folder / "node_modules").symlink_to(node_modules())
    files = (HERE / "credential.mjs", CLIENTS / "javascript" / "broker-credential.mjs")
    return _run([shutil.which("node") or "node", *(str(shutil.copy(file, folder)) for file in files)], state)


SAMPLES: Mapping[str, Sample] = {"dotnet": dotnet, "javascript": javascript}


def _run(command: list[str], state: StackState) -> Told:
    # PowerShell keeps a cache in the home folder, which is large where it has to be made anew.
    usual = {"HOME": str(Path.home()), "NO_COLOR": "1", "POWERSHELL_TELEMETRY_OPTOUT": "1"}
    done = subprocess.run(  # noqa: S603 - our own programs
        [*command, state.host, f"api://{BROKER_API}", "contoso", GRAPH, FORBIDDEN, OF_A_PERSON],
        env=app_service(state) | usual,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    refusals = {"refusal": told["refusal"], "own_refusal": told["ownRefusal"]}
    return Told(token=told["token"], expires_on=told["expiresOn"], own=told["own"], **refusals)
