"""What operators do with consents: make a link, list, show, withdraw. Metadata only; no token is read for a list."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from consent_http.link import DEFAULT_LIFETIME, LONGEST_LIFETIME, Link, Links, new_link_id
from shared.assertion import Principal
from shared.audit import record
from shared.clock import Clock, to_text
from shared.consent import Withdrawal, checked_name
from shared.consent_store import ConsentStore
from shared.errors import ConsentChanged, ConsentNotFound, ConsentUnreadable, InvalidRequest, remedy_of
from shared.setting_values import GUID
from shared.settings import Settings
from shared.stored_consent import Entry, Listing

LINK_FIELDS: Mapping[str, type] = {
    "tenant": str,
    "person": str,
    "login_hint": str,
    "new_person": bool,
    "expires_in_minutes": int,
}
LONGEST_HINT = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """The operators' side; every method may block, and every change is audited with who did it."""

    settings: Settings
    store: ConsentStore
    links: Links
    clock: Clock

    def make_link(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """A one-time link and its end; raises InvalidRequest for a tenant that may not consent."""
        name = checked_name(unverified_name)
        stored = self.store.act(name)
        link = Link(
            id=new_link_id(),
            name=name,
            tenant_id=self._tenant(fields.get("tenant", self.settings.home_tenant)),
            replaces=stored.lineage if stored else "",
            person=_person(fields.get("person", "")),
            login_hint=_login_hint(fields.get("login_hint", "")),
            new_person=fields.get("new_person", False),
        )
        url, expires_on = self.links.address(link, lifetime=_lifetime(fields.get("expires_in_minutes")))
        record(
            "link.made",
            {
                **{key: value for key, value in asdict(link).items() if key != "login_hint"},
                "operator": operator.object_id,
                "correlation_id": correlation,
            },
        )
        return {"url": url, "expires_on": to_text(expires_on), "tenant": link.tenant_id, "consent": name}

    def list_all(self) -> dict[str, Any]:
        """Every consent, the most urgent first; `damaged` names those whose tags cannot be read."""
        listing = self.store.all()
        entries = sorted(listing.entries, key=lambda entry: (entry.withdrawn, entry.dies_on))
        return {"consents": [self._shown(entry) for entry in entries], "damaged": list(listing.damaged)}

    def show(self, unverified_name: str) -> dict[str, Any]:
        """One consent; raises ConsentNotFound."""
        name = checked_name(unverified_name)
        return self._shown(_named(self.store.all(), name))

    def withdraw(self, unverified_name: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Withdraw a consent; once withdrawn it stays so. Raises ConsentChanged when a newer one came in between."""
        name = checked_name(unverified_name)
        before = self.store.act(name)
        found = self.store.withdraw(name, by=operator.object_id, on=self.clock().replace(microsecond=0))
        if not isinstance(found, Withdrawal):
            raise ConsentChanged
        if not isinstance(before, Withdrawal):
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

    def _tenant(self, tenant: str) -> str:
        tenant_id = self.settings.home_tenant if tenant == "home" else tenant.lower()
        if not GUID.fullmatch(tenant_id) or not self.settings.may_consent_in(tenant_id):
            raise InvalidRequest("tenant: the home tenant, or one that the setting CONSENT_TENANTS lists.")
        return tenant_id

    def _shown(self, entry: Entry) -> dict[str, Any]:
        health = entry.health
        left = entry.dies_on - self.clock()
        return {
            "name": entry.name,
            "status": "withdrawn" if entry.withdrawn else health.status if health else "unproven",
            "tenant": entry.person.tenant_id,
            "person": entry.person.object_id,
            "username": entry.person.username,
            "scope": entry.scope,
            "mfa": health.mfa if health else entry.mfa,
            "consented_on": to_text(entry.consented_on),
            "renewed_on": to_text(health.renewed_on) if health else None,
            "proven_on": to_text(health.proven_on) if health and health.proven_on else None,
            "dies_on": None if entry.withdrawn else to_text(entry.dies_on),
            "days_left": None if entry.withdrawn else max(0, left // timedelta(days=1)),
            "failures": health.failures if health else 0,
            "error": (health.error or None) if health else None,
            "remedy": remedy_of(health.error) if health else None,
        }


def _named(listing: Listing, name: str) -> Entry:
    entry = next((entry for entry in listing.entries if entry.name == name), None)
    if entry is None:
        damaged = name in listing.damaged
        raise ConsentUnreadable(f"The tags of consent-{name}.") if damaged else ConsentNotFound(f"Its name is {name}.")
    return entry


def _person(person: str) -> str:
    if person and not GUID.fullmatch(person.lower()):
        # A username can be changed and given to somebody else; it helps the sign-in page and guards nothing.
        raise InvalidRequest("person: the object id of the person; a username goes into login_hint.")
    return person.lower()


def _login_hint(hint: str) -> str:
    # ASCII as user principal names are; sealed as JSON, other characters would make a link too long to open.
    if len(hint) > LONGEST_HINT or not hint.isascii() or not hint.isprintable() or " " in hint:
        raise InvalidRequest("login_hint: a username such as admin@partner.example.")
    return hint


def _lifetime(minutes: int | None) -> timedelta:
    if minutes is None:
        return DEFAULT_LIFETIME
    # Compared as numbers: a timedelta overflows.
    if not 1 <= minutes <= LONGEST_LIFETIME // timedelta(minutes=1):
        raise InvalidRequest("expires_in_minutes: from 1 to 1440.")
    return timedelta(minutes=minutes)
