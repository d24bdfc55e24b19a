"""The token vault within the timer's share of it: Key Vault's limits hold for everybody who uses the vault."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from shared.budget import Budget
from shared.vault import Secret, SecretVault, SecretVersion

WINDOW_SECONDS = 10.0
# Key Vault lists at most so many secrets in one answer.
PAGE = 25


class BudgetedVault:
    """A SecretVault that waits rather than be throttled; as in Key Vault, new versions and all else count apart."""

    def __init__(self, vault: SecretVault, *, creates: Budget, operations: Budget) -> None:
        self._vault = vault
        self._creates = creates
        self._operations = operations

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        self._operations.spend()
        return self._vault.get(name, version)

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        self._creates.spend()
        return self._vault.put(name, value, tags=tags, expires_on=expires_on, once=once)

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        self._operations.spend()
        self._vault.patch(name, version, tags=tags, enabled=enabled)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        return self._paged(self._vault.list_latest())

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        return self._paged(self._vault.list_versions(name))

    def _paged(self, versions: Iterator[SecretVersion]) -> Iterator[SecretVersion]:
        self._operations.spend()
        for count, version in enumerate(versions, start=1):
            yield version
            if count % PAGE == 0:
                self._operations.spend()
