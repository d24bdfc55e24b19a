"""The environment in which `func` runs: this process's own, the stack's settings, and what the host itself needs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.func.keys import HOST_ID

# With these the host believes to be in Azure, and prints for Azure's log collectors.
OF_AZURE = ("CONTAINER_NAME", "WEBSITE_")

# One setting under both of its names: Core Tools sets the first one itself where it is not there, and which of the two
# the host then reads is left to chance.
WORKER_PATH = ("languageWorkers:python:defaultExecutablePath", "languageWorkers__python__defaultExecutablePath")


def func_environment(settings: Mapping[str, str], *, storage: str, worker: Path) -> dict[str, str]:
    """All variables; `storage` is a connection string, `worker` the Python that runs the app."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(OF_AZURE)}
    return {
        **inherited,
        # Core Tools wants a Python on PATH, whatever runs the app in the end.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        **settings,
        **dict.fromkeys(WORKER_PATH, str(worker)),
        "AzureFunctionsWebHost__hostid": HOST_ID,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": storage,
        # Core Tools would give the category the level of `default`, and the records of the app would be lost.
        "AzureFunctionsJobHost__logging__logLevel__Function": "Information",
        "FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT": "1",
    }
