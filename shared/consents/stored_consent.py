"""What the token vault says of a consent: what is served, and what the listing tells by tags alone."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.consents.application_health import ApplicationHealth
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import REFRESH_TOKEN_LIFE, Health


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRenewal:
    """The latest renewal under a name, its secret version, and the version before it, of whatever lineage."""

    renewal: Renewal
    version: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The consent in force and the refresh token to exchange for it; `stored` is the latest renewal there is.

    The token is the renewal's when its lineage is the consent's, and the consent's own otherwise.
    """

    consent: Consent
    stored: StoredRenewal | None

    @property
    def from_renewal(self) -> bool:
        """Whether the renewal belongs to the consent in force."""
        return self.stored is not None and self.stored.renewal.lineage == self.consent.lineage

    @property
    def refresh_token(self) -> str:
        """The newest refresh token of the lineage in force."""
        if self.stored is not None and self.stored.renewal.lineage == self.consent.lineage:
            return self.stored.renewal.refresh_token
        return self.consent.refresh_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One consent as the listing tells it, from tags alone; `health` is None without a renewal of its lineage."""

    name: str
    lineage: str
    withdrawn: bool
    person: Person
    scope: str
    mfa: str
    consented_on: datetime
    health: Health | None

    @property
    def dies_on(self) -> datetime:
        """When the stored refresh token ends if nothing is stored any more."""
        return self.health.dies_on if self.health else self.consented_on + REFRESH_TOKEN_LIFE


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All consents; `damaged` names those that are disabled, or whose tags cannot be read."""

    entries: tuple[Entry, ...]
    damaged: tuple[str, ...]
    application: ApplicationHealth = field(default_factory=ApplicationHealth)
