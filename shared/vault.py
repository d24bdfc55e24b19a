"""What the broker needs of a vault of secrets, whoever keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """What a vault says of one version of a secret without telling its value."""

    name: str
    version: str
    enabled: bool
    tags: Mapping[str, str]
    created_on: datetime
    expires_on: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One version of a secret, with its value."""

    version: SecretVersion
    value: str = field(repr=False)


class SecretVault(Protocol):
    """What the broker needs of a vault; tests have a second implementation in memory."""

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """The latest (or the named) version; None when there is none. Raises ConsentUnreadable when disabled."""

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """Add a version. `once`: never sent twice, so that a failure leaves one question and not several writes."""

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """Change tags or the enabled mark of exactly this version."""

    def list_latest(self) -> Iterator[SecretVersion]:
        """The latest version of every secret."""

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """Every version of one secret, in no order that means anything."""
