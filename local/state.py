"""The state folder of a local stack: where its parts are, who its identities are, and the files they share."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.world import DEFAULT_WORLD


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """One stack: its folder, the base URL of each part, and the secrets that guard its own doors.

    `entra`, the vaults, `partner_center` and `graph` speak TLS; `entra_browser` is the same Entra ID over plain http
    for the pages a person sees, so that no browser warns about a throw-away authority. `identity_headers` holds one
    secret for each managed identity: whoever presents it is that identity.
    """

    folder: Path
    host: str
    entra: str
    entra_browser: str
    token_vault: str
    policy_vault: str
    managed_identity: str
    partner_center: str = ""
    graph: str = ""
    keeps_ledger: bool = False
    control_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    identity_headers: Mapping[str, str] = field(
        default_factory=lambda: {identity.name: secrets.token_urlsafe(24) for identity in DEFAULT_WORLD.identities},
        repr=False,
    )

    @property
    def ca_file(self) -> Path:
        """The throw-away authority's certificate (PEM)."""
        return self.folder / "ca.pem"

    @property
    def certificate_file(self) -> Path:
        """The loopback server certificate (PEM)."""
        return self.folder / "server.pem"

    @property
    def certificate_key_file(self) -> Path:
        """The loopback server certificate's key (PEM)."""
        return self.folder / "server-key.pem"

    @property
    def clock_file(self) -> Path:
        """How far the stack's clock is moved."""
        return self.folder / "clock.json"

    @property
    def signing_keys_folder(self) -> Path:
        """Entra ID's token signing keys."""
        return self.folder / "signing-keys"

    @property
    def ledger_file(self) -> Path:
        """Every secret that existed while the stack ran, one a line; what the log-scrub test searches for."""
        return self.folder / "ledger.txt"

    def log_file(self, part: str) -> Path:
        """The log of one part of the stack."""
        return self.folder / "log" / f"{part}.log"

    def save(self) -> None:
        """Write the state for other processes and later commands; readable by this user only."""
        content = {**asdict(self), "folder": str(self.folder), "identity_headers": dict(self.identity_headers)}
        file = os.open(self.folder / "stack.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as opened:
            json.dump(content, opened, indent=2)


def load_state(folder: Path) -> StackState:
    """The state a running (or kept) stack wrote; FileNotFoundError when there is none."""
    content = json.loads((folder / "stack.json").read_text())
    return StackState(**{**content, "folder": folder})
