"""The whole stack as one context: every part in a process of its own, nothing left when the context ends."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local import entra, func, host, key_vault, managed_identity, partner_center
from local.certificates import write_certificates
from local.parts import Part, Parts
from local.policy import seeds
from local.ports import bind, port_of
from local.processes import StackFailed
from local.serving import refuse_in_azure
from local.signing import SigningKeys
from local.state import StackState, load_state
from local.state_folder import is_kept, prepare
from local.world import BROKER_API, DEFAULT_WORLD, MANAGEMENT_APPLICATION, PARTNER_APPLICATION, PARTNER_TENANT

PARTS = ("host", "entra", "entra_browser", "token_vault", "policy_vault", "managed_identity", "partner_center", "graph")
APP_FOLDER = Path(__file__).resolve().parent.parent


@contextmanager
def running_stack(
    folder: Path,
    *,
    keep: bool = False,
    keeps_ledger: bool = False,
    settings: Mapping[str, str] | None = None,
    app_folder: Path = APP_FOLDER,
    on_func: bool = False,
) -> Iterator[StackState]:
    """Start everything and wait until the host answers; stop everything on the way out.

    The folder starts clean unless `keep`. `app_folder` holds the app to serve, `settings` are put over the host's own
    (an empty text unsets one), `on_func` serves the app by the real host. Raises StackFailed, and then nothing is left
    running.
    """
    with running_parts(
        folder, keep=keep, keeps_ledger=keeps_ledger, settings=settings, app_folder=app_folder, on_func=on_func
    ) as parts:
        yield parts.state


@contextmanager
def running_parts(
    folder: Path,
    *,
    keep: bool = False,
    keeps_ledger: bool = False,
    settings: Mapping[str, str] | None = None,
    app_folder: Path = APP_FOLDER,
    on_func: bool = False,
) -> Iterator[Parts]:
    """The same, for those who kill a part and start it again: host, entra, key_vault, ... as `_parts` names them.

    The real host is not among those that can be killed: its worker is what dies in Azure.
    """
    refuse_in_azure()
    if on_func and (missing := func.missing()):
        raise StackFailed(" ".join(missing))
    prepare(folder, keep=keep)
    sockets = bind(PARTS)
    state = _state(folder, sockets, keeps_ledger=keeps_ledger)
    _write_files(state)
    environment = {**host_environment(state), **(settings or {})}
    options = {"folder": app_folder, "environment": environment}
    host_part = Part(run=func.run if on_func else host.run, doors=("host",), options=options)
    parts = Parts(state, _parts(host_part, public_url=environment["PUBLIC_URL"]))
    with parts.running(sockets):
        yield parts


def _parts(host_part: Part, *, public_url: str) -> dict[str, Part]:
    """The host comes last: its app asks the others."""
    return {
        "entra": Part(
            run=entra.run,
            doors=("entra", "entra_browser"),
            options={"redirect_uri": f"{public_url}/api/consent/redirect"},
        ),
        "key_vault": Part(run=key_vault.run, doors=("token_vault", "policy_vault"), options={"seeds": seeds()}),
        "managed_identity": Part(run=managed_identity.run_part, doors=("managed_identity",)),
        "partner_center": Part(run=partner_center.run, doors=("partner_center", "graph")),
        "host": host_part,
    }


def host_environment(state: StackState) -> dict[str, str]:
    """The settings of the broker on this stack: the same names as in Azure, with addresses on loopback."""
    identity = DEFAULT_WORLD.identity("broker")
    return {
        "PUBLIC_URL": state.host,
        "PARTNER_TENANT_ID": PARTNER_TENANT,
        "PARTNER_NAME": "Fabrikam",
        "CONSOLE": "on",
        "PARTNER_CLIENT_ID": PARTNER_APPLICATION,
        "MANAGEMENT_CLIENT_ID": MANAGEMENT_APPLICATION,
        "BROKER_CLIENT_ID": BROKER_API,
        "AZURE_CLIENT_ID": identity.client_id,
        "AZURE_AUTHORITY_HOST": state.entra,
        "TOKEN_VAULT_URL": state.token_vault,
        "POLICY_VAULT_URL": state.policy_vault,
        "PARTNER_CENTER_URL": state.partner_center,
        "RESULTS_URL": (state.folder / "results.sqlite3").as_uri(),
        "GRAPH_URL": state.graph,
        "TRUSTED_CA_FILE": str(state.ca_file),
        "REFRESH_SCHEDULE": "0 17 * * * *",
        # By hand alone, but for a leap day: whoever moves the clock by days means the other timer.
        "CHECK_SCHEDULE": "0 0 0 29 2 *",
        # The platform's own variables, not the broker's settings:
        **identity_environment(state, "broker"),
        # A proxy of this machine must not come between parts that are all on it.
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }


def identity_environment(state: StackState, name: str) -> dict[str, str]:
    """What makes an unmodified Azure SDK the managed identity called `name`."""
    return {
        "IDENTITY_ENDPOINT": f"{state.managed_identity}/msi/token",
        "IDENTITY_HEADER": state.identity_headers[name],
    }


def _state(folder: Path, sockets: Mapping[str, socket.socket], *, keeps_ledger: bool) -> StackState:
    ports = {part: port_of(bound) for part, bound in sockets.items()}
    fresh = StackState(
        folder=folder.resolve(),
        # The broker is on localhost and Entra ID's pages are not: to a browser they are two sites, as in Azure.
        host=f"http://localhost:{ports['host']}",
        entra=f"https://127.0.0.1:{ports['entra']}",
        entra_browser=f"http://127.0.0.1:{ports['entra_browser']}",
        token_vault=f"https://127.0.0.1:{ports['token_vault']}",
        policy_vault=f"https://127.0.0.1:{ports['policy_vault']}",
        managed_identity=f"http://127.0.0.1:{ports['managed_identity']}",
        partner_center=f"https://127.0.0.1:{ports['partner_center']}",
        graph=f"https://127.0.0.1:{ports['graph']}",
        keeps_ledger=keeps_ledger,
    )
    kept = is_kept(folder)
    return replace(fresh, identity_headers=load_state(folder).identity_headers) if kept else fresh


def _write_files(state: StackState) -> None:
    write_certificates(ca=state.ca_file, certificate=state.certificate_file, key=state.certificate_key_file)
    if not state.signing_keys_folder.exists():
        SigningKeys(state.signing_keys_folder).rotate()
    state.save()
