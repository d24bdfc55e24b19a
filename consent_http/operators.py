"""What operators do without the authority: make and revoke links, list, show, withdraw. A list reads no token."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from consent_http.completion import Confirmation
from consent_http.link import PERSON_FIELDS, Links, requested
from consent_http.link_standing import Standings
from consent_http.refusals import ConsentChanged
from shared.audit import record
from shared.callers.assertion import Principal
from shared.clock import Clock, to_text
from shared.consents.consent import Withdrawal, checked_name
from shared.consents.errors import ConsentNotFound
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Entry, Listing
from shared.consents.telling import application_told, consent_told
from shared.entra.application_credential import ApplicationCredential
from shared.errors import ConsentUnreadable, InvalidRequest
from shared.settings import Settings

LINK_FIELDS: Mapping[str, type] = {**PERSON_FIELDS, "expires_in_minutes": int}
DEFAULT_LIFETIME, LONGEST_LIFETIME = timedelta(minutes=30), timedelta(hours=24)
# Names of people, and who asked, which the record has as `operator`.
UNRECORDED = frozenset({"login_hint", "asker_name", "asker_id", "asker_is_application"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """The operators' side; every method may block, and every change is audited with who did it."""

    settings: Settings
    store: ConsentStore
    standings: Standings
    links: Links
    credential: ApplicationCredential
    clock: Clock

    def make_link(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """A one-time link and its end; raises InvalidRequest for a tenant that may not consent."""
        standing = self.standings.now(checked_name(unverified_name))
        link = requested(unverified_name, fields, standing=standing, settings=self.settings, operator=operator)
        url, expires_on = self.links.address(link, lifetime=_lifetime(fields.get("expires_in_minutes")))
        record(
            "link.made",
            {
                **{key: value for key, value in asdict(link).items() if key not in UNRECORDED},
                "operator": operator.object_id,
                "correlation_id": correlation,
            },
        )
        return {"url": url, "expires_on": to_text(expires_on), "tenant": link.tenant_id, "consent": link.name}

    def revoke_links(self, unverified_name: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Make void every link under this name that was not used, and what was begun with one; a consent stays."""
        name, now = checked_name(unverified_name), self.clock().replace(microsecond=0)
        self.standings.revoke_links(name, by=operator.object_id, on=now)
        record("link.revoked", {"consent": name, "operator": operator.object_id, "correlation_id": correlation})
        return {"consent": name, "status": "links_revoked", "revoked_on": to_text(now)}

    def list_all(self) -> dict[str, Any]:
        """Every consent, the most urgent first, and the application's credential.

        `damaged` names those that are disabled, or whose tags cannot be read.
        """
        listing = self.store.all()
        entries = sorted(listing.entries, key=lambda entry: (entry.withdrawn, entry.dies_on))
        return {
            "consents": [self._shown(entry) for entry in entries],
            "damaged": list(listing.damaged),
            "application": {
                "client_id": self.settings.partner_client_id,
                **application_told(listing.application, self.credential, self.clock()),
            },
        }

    def show(self, unverified_name: str) -> dict[str, Any]:
        """One consent; raises ConsentNotFound."""
        name = checked_name(unverified_name)
        return self._shown(_named(self.store.all(), name))

    def withdraw(self, unverified_name: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Withdraw a consent; once withdrawn it stays so, and links made since are void. Raises ConsentChanged."""
        name = checked_name(unverified_name)
        try:
            found = self.store.withdraw(name, by=operator.object_id, on=self.clock().replace(microsecond=0))
        finally:
            self.standings.forget(name)
        if not isinstance(found, Withdrawal):
            raise ConsentChanged
        record(
            "consent.withdrawn",
            {
                "consent": name,
                "lineage": found.withdraws,
                "operator": operator.object_id,
                "correlation_id": correlation,
            },
        )
        return {"consent": name, "status": "withdrawn", "withdrawn_on": to_text(found.withdrawn_on)}

    def _shown(self, entry: Entry) -> dict[str, Any]:
        health = entry.health
        return {
            **consent_told(entry, self.clock()),
            "tenant": entry.person.tenant_id,
            "person": entry.person.object_id,
            "scope": entry.scope,
            "consented_on": to_text(entry.consented_on),
            "renewed_on": to_text(health.renewed_on) if health else None,
            "dies_on": None if entry.withdrawn else to_text(entry.dies_on),
            "failures": health.failures if health else 0,
            "failing_since": to_text(health.failing_since) if health and health.failing_since else None,
        }


def rendered(confirmation: Confirmation) -> dict[str, Any]:
    """What an operator is told of an act that was confirmation; raises ConsentChanged when another one is in force."""
    consent = confirmation.consent
    if confirmation.in_force.lineage != consent.lineage:
        raise ConsentChanged
    return {
        "consent": consent.name,
        "status": "stored" if confirmation.was_stored else "in_force",
        "tenant": consent.person.tenant_id,
        "person": consent.person.object_id,
        "username": consent.person.username,
        "scope": consent.scope,
        "mfa": consent.mfa,
        "consented_on": to_text(consent.consented_on),
    }


def _named(listing: Listing, name: str) -> Entry:
    entry = next((entry for entry in listing.entries if entry.name == name), None)
    if entry is None:
        damaged = name in listing.damaged
        raise (
            ConsentUnreadable(f"The tags of consent-{name}.").knowing(secret=f"consent-{name}")
            if damaged
            else ConsentNotFound(f"Its name is {name}.")
        )
    return entry


def _lifetime(minutes: int | None) -> timedelta:
    if minutes is None:
        return DEFAULT_LIFETIME
    # Compared as numbers: a timedelta overflows.
    if not 1 <= minutes <= LONGEST_LIFETIME // timedelta(minutes=1):
        raise InvalidRequest("expires_in_minutes: from 1 to 1440.")
    return timedelta(minutes=minutes)
