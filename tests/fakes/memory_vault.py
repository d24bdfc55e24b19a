"""A SecretVault in memory, true to Key Vault where the product could tell: versions, tags, disabled secrets."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.clock import Clock, utc_now
from shared.errors import ConsentUnreadable
from shared.vault import Secret, SecretVersion
from shared.vault_errors import VaultUnavailable


@dataclass(slots=True)
class MemoryVault:
    """Everything written, by name, oldest version first; `before` is called with each operation and may raise."""

    clock: Clock = utc_now
    before: Callable[[str, str], None] = lambda _operation, _name: None
    new_version: Callable[[], str] = lambda: secrets.token_hex(16)
    written: dict[str, list[Secret]] = field(default_factory=dict)

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        self.before("get", name)
        secret = self._find(name, version)
        if secret is not None and not secret.version.enabled:
            raise ConsentUnreadable(f"{name} is disabled.")
        return secret

    def put(
        self,
        name: str,
        value: str,
        *,
        tags: Mapping[str, str],
        expires_on: datetime | None = None,
        once: bool = False,  # noqa: ARG002 - memory answers once
    ) -> SecretVersion:
        """See SecretVault."""
        self.before("put", name)
        version = SecretVersion(
            name=name,
            version=self.new_version(),
            enabled=True,
            tags=dict(tags),
            created_on=self.clock().replace(microsecond=0),
            expires_on=expires_on.replace(microsecond=0) if expires_on else None,
        )
        self.written.setdefault(name, []).append(Secret(version=version, value=value))
        return version

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        self.before("patch", name)
        secret = self._find(name, version)
        if secret is None:
            raise VaultUnavailable(f"{name} vanished while it was used.")
        changed = replace(
            secret.version,
            tags=secret.version.tags if tags is None else dict(tags),
            enabled=secret.version.enabled if enabled is None else enabled,
        )
        versions = self.written[name]
        versions[versions.index(secret)] = replace(secret, version=changed)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        self.before("list", "")
        # The listing of a vault names no version, as Key Vault's does not.
        return iter([replace(versions[-1].version, version="") for _, versions in sorted(self.written.items())])

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        self.before("list_versions", name)
        return iter(sorted((secret.version for secret in self.written.get(name, [])), key=lambda found: found.version))

    def _find(self, name: str, version: str | None) -> Secret | None:
        versions = self.written.get(name, [])
        if version is None:
            return versions[-1] if versions else None
        return next((secret for secret in versions if secret.version.version == version), None)
