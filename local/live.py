"""The same host against the real services: settings from local.settings.json, identity from whoever ran `az login`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local import host, managed_identity
from local.host.configuration import load_settings
from local.parts import Part, Parts
from local.ports import bind, port_of
from local.serving import refuse_in_azure
from local.state import StackState
from local.state_folder import prepare

PARTS = ("host", "managed_identity")


@contextmanager
def running_live(folder: Path, *, app_folder: Path) -> Iterator[StackState]:
    """Host and identity endpoint alone, on loopback; raises StackFailed, and then nothing is left running.

    The identity endpoint answers the App Service protocol from `az account get-access-token`, so the broker acts as
    the person who signed in. A person cannot be a federated credential: the settings name a client secret.
    """
    refuse_in_azure()
    prepare(folder, keep=False)
    settings = load_settings(app_folder)
    sockets = bind(PARTS)
    state = StackState(
        folder=folder.resolve(),
        host=f"http://localhost:{port_of(sockets['host'])}",
        managed_identity=f"http://127.0.0.1:{port_of(sockets['managed_identity'])}",
        entra=settings.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com"),
        entra_browser="",
        token_vault=settings.get("TOKEN_VAULT_URL", ""),
        policy_vault=settings.get("POLICY_VAULT_URL", ""),
        identity_headers={"broker": os.urandom(24).hex()},
    )
    state.save()
    options = {"folder": app_folder, "environment": live_environment(state, settings)}
    parts = {
        "managed_identity": Part(
            run=managed_identity.run_part,
            doors=("managed_identity",),
            options={"source": managed_identity.FromAzLogin()},
        ),
        "host": Part(run=host.run, doors=("host",), options=options),
    }
    with Parts(state, parts).running(sockets):
        yield state


def live_environment(state: StackState, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of the file, with this run's address and identity endpoint, which no file can know."""
    return {
        **settings,
        "PUBLIC_URL": state.host,
        "IDENTITY_ENDPOINT": f"{state.managed_identity}/msi/token",
        "IDENTITY_HEADER": state.identity_headers["broker"],
    }
