"""Consents in the token vault: two names each, so that no timer can change who is served.

`consent-{name}` is written by a person's act alone, `renewal-{name}` by the timer. Whoever reads serves the
renewal's token when its lineage is the consent's, and the consent's own otherwise (docs/decisions/two-names.md).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared.clock import to_text
from shared.consents import application_health
from shared.consents.application_health import ApplicationHealth
from shared.consents.consent import (
    CONSENT,
    RENEWAL,
    Act,
    Consent,
    Damaged,
    Renewal,
    Withdrawal,
    dump_consent,
    dump_renewal,
    dump_withdrawal,
    new_lineage,
    parse_consent,
    parse_renewal,
)
from shared.consents.errors import (
    ConsentFromNewerVersion,
    ConsentNotFound,
    NothingToRestore,
)
from shared.consents.health import Health, from_tags, to_tags
from shared.consents.in_force import consent_of, require_same
from shared.consents.listing import listing
from shared.consents.stored_consent import Listing, Served, StoredRenewal
from shared.errors import BrokerError, ConsentUnreadable, Unavailable
from shared.vault import Secret, SecretVault, SecretVersion
from shared.vault_errors import VaultUnavailable


class ConsentStore:
    """Reads and writes consents; raises what SecretVault raises, and ConsentUnreadable for a damaged value."""

    def __init__(self, vault: SecretVault) -> None:
        self._vault = vault

    def in_force(self, name: str) -> Consent | Withdrawal | None:
        """The newest act of a person under this name; None when there was none."""
        secret = self._vault.get(CONSENT + name)
        return parse_consent(CONSENT + name, secret.value) if secret else None

    def newest_act(self, name: str) -> Act | None:
        """The same for whoever is about to replace it: what is damaged may be; what a newer version wrote may not."""
        return self._newest(name)[0]

    def load(self, name: str) -> Served:
        """What to exchange; raises ConsentAbsent or ConsentWithdrawn when nothing may be."""
        return Served(consent=consent_of(self.in_force(name), name), stored=self.renewal(name))

    def require_in_force(self, served: Served) -> None:
        """For whoever has waited since the consent was read; raises as `load`, and ConsentInMotion for another one."""
        require_same(self.in_force(served.consent.name), served.consent)

    def renewal(self, name: str) -> StoredRenewal | None:
        """The latest renewal under this name; None when there is none."""
        secret = self._vault.get(RENEWAL + name)
        if secret is None:
            return None
        health = from_tags(secret.version.tags)
        return StoredRenewal(
            renewal=parse_renewal(RENEWAL + name, secret.value),
            version=secret.version.version,
            previous=health.previous if health else "",
        )

    def readable_renewal(self, name: str) -> StoredRenewal | None:
        """The same for whoever is about to replace it: one that cannot be read is as good as none."""
        try:
            return self.renewal(name)
        except ConsentFromNewerVersion:
            raise
        except ConsentUnreadable:
            return None

    def store_consent(self, consent: Consent) -> Consent | Withdrawal:
        """Write a person's consent and say which act is in force then; VaultUnavailable: it may be stored or not."""
        tags = {
            "state": "active",
            "lineage": consent.lineage,
            "tenant": consent.person.tenant_id,
            "person": consent.person.object_id,
            "username": consent.person.username[:256],
            "scope": consent.scope,
            "mfa": consent.mfa,
            "consented_on": to_text(consent.consented_on),
        }
        return self._act(consent.name, consent.lineage, dump_consent(consent), tags)

    def withdraw(self, name: str, *, by: str, on: datetime) -> Consent | Withdrawal:
        """Write a tombstone over the consent and say which act is in force then; its tags keep who had consented.

        What is withdrawn already keeps when and by whom, and is an act anew: links and restores on their way are of
        before it. Raises ConsentNotFound.
        """
        found, latest = self._newest(name)
        if found is None:
            raise ConsentNotFound(f"Its name is {name}.").knowing(consent=name)
        withdrawal = Withdrawal(
            name=name,
            lineage=new_lineage(),
            withdraws=found.lineage,
            restores=latest.version if latest else "",
            withdrawn_on=on,
            withdrawn_by=by,
        )
        if isinstance(found, Withdrawal):
            withdrawal = replace(found, lineage=withdrawal.lineage)
        kept = latest.tags if latest else {}
        unknown = dict.fromkeys(("tenant", "person", "username", "scope", "mfa"), "unknown")
        tags = {**unknown, "consented_on": to_text(on), **kept, "state": "withdrawn", "lineage": withdrawal.lineage}
        return self._act(name, withdrawal.lineage, dump_withdrawal(withdrawal), tags)

    def ended_by(self, withdrawal: Act) -> Consent:
        """The consent that a withdrawal ended, with its lineage's newest refresh token; raises NothingToRestore."""
        if not isinstance(withdrawal, Withdrawal) or not withdrawal.restores:
            raise NothingToRestore(f"Its name is {withdrawal.name}.").knowing(consent=withdrawal.name)
        secret = self._vault.get(CONSENT + withdrawal.name, withdrawal.restores)
        found = parse_consent(CONSENT + withdrawal.name, secret.value) if secret else None
        # Another lineage: somebody consented while the withdrawal was on its way, and it was not that one that ended.
        if not isinstance(found, Consent) or found.lineage != withdrawal.withdraws:
            raise NothingToRestore(f"Its name is {withdrawal.name}.").knowing(consent=withdrawal.name)
        served = Served(consent=found, stored=self.readable_renewal(withdrawal.name))
        return replace(found, refresh_token=served.refresh_token)

    def store_renewal(self, name: str, renewal: Renewal, health: Health, *, over: StoredRenewal | None) -> str:
        """Write a renewal over the one that was read, read it back, then disable the one before that.

        No renewal of another lineage is ever served, so a write that comes late is harmless. Versions are never
        listed: Key Vault lists them by id, and two that were written within a second cannot be told apart.
        Answers the code of what kept the older one from being disabled, which costs nobody a token; "" for nothing.
        """
        tags = to_tags(replace(health, previous=over.version if over else ""))
        self._vault.put(RENEWAL + name, dump_renewal(renewal), tags=tags, expires_on=health.dies_on)
        latest = self.renewal(name)
        if latest is None or latest.renewal.lineage != renewal.lineage:
            return ""  # a new consent came in between; its own renewal is there, and ours is never read
        if over is None or not over.previous:
            return ""
        try:
            self._vault.patch(RENEWAL + name, over.previous, enabled=False)
        except BrokerError as error:
            return error.code
        return ""

    def mark(self, name: str, version: str, health: Health) -> None:
        """Record health on exactly the renewal version that was read."""
        self._vault.patch(RENEWAL + name, version, tags=to_tags(health))

    def all(self) -> Listing:
        """Every consent, by its tags: no secret is read."""
        return listing(self._vault.list_latest())

    def mark_application(self, health: ApplicationHealth) -> None:
        """Record how the partner application is doing, for the listing; changes seldom, so each is a version."""
        self._vault.put(application_health.SECRET, "{}", tags=application_health.to_tags(health))

    def _newest(self, name: str) -> tuple[Act | None, SecretVersion | None]:
        """The newest act, damaged or not, and the version that holds it if it can be read at all."""
        secret: Secret | None = None
        try:
            secret = self._vault.get(CONSENT + name)
            return (parse_consent(CONSENT + name, secret.value), secret.version) if secret else (None, None)
        except ConsentFromNewerVersion:
            raise
        except ConsentUnreadable:
            # A disabled secret does not tell its version, and of two within a second none is known to be the newer one;
            # but there is one version more each time, and none ever goes.
            count = sum(1 for _ in self._vault.list_versions(CONSENT + name))
            return Damaged(name=name, lineage=f"damaged-{count}"), secret.version if secret else None

    def _act(self, name: str, lineage: str, value: str, tags: Mapping[str, str]) -> Consent | Withdrawal:
        try:
            self._vault.put(CONSENT + name, value, tags=tags, once=True)
        except VaultUnavailable:
            # A lost answer is not a lost write: only reading tells.
            found = self.in_force(name)
            if found is None or found.lineage != lineage:
                raise
            return found
        try:
            found = self.in_force(name)
        except Unavailable:
            return parse_consent(CONSENT + name, value)  # the write was answered: nobody is told that it failed
        if found is None:
            raise VaultUnavailable(f"{name} was stored and is not there.")
        return found
