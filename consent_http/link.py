"""One-time links: by an operator for one consent and tenant, good until used, overtaken, revoked or too old."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from consent_http.in_force import InForce
from consent_http.link_standing import Standing
from consent_http.refusals import LinkExpired, LinkInvalid, LinkRevoked, LinkSuperseded, LinkUsed, LinkWithdrawn
from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.consents.consent import MANAGEMENT_NAME, Consent, Withdrawal, checked_name
from shared.consents.errors import ManagementAbsent
from shared.errors import InvalidRequest
from shared.seal import SealExpired, Seals
from shared.setting_values import GUID
from shared.settings import Settings

PURPOSE = "link"
# Whom an act is meant for, in the body of every route that begins one.
PERSON_FIELDS: Mapping[str, type] = {"tenant": str, "person": str, "login_hint": str, "new_person": bool}
LONGEST_HINT, LONGEST_NAME = 254, 113


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What an operator asked for: one act of consent, by whom, in whose place; sealed, it is a one-time link.

    `replaces` is the lineage in force when it was made ("" for none), `revocation` the id of the last revocation of
    links then ("" for none), `person` the object id it is meant for ("" for anybody of the tenant), `login_hint` a
    username for the sign-in page, which proves nothing. `asker_name` and `asker_id` say who made it: a person's
    username ("" where it is unknown) and object id, or an application's id alone; a link made by an older version of
    the broker has neither.
    """

    id: str
    name: str
    tenant_id: str
    replaces: str
    person: str = ""
    login_hint: str = ""
    new_person: bool = False
    revocation: str = ""
    asker_name: str = ""
    asker_id: str = ""
    asker_is_application: bool = False

    def require_in_force(self, standing: Standing, *, names_person: bool = False) -> None:
        """Raise what to tell the person if a newer act of somebody has made this link void.

        Whoever has a link may be anybody: who consented is told after a verified sign-in alone (`names_person`).
        """
        stored = standing.act
        in_force = InForce.of(stored, names_person=names_person) if isinstance(stored, Consent) else None
        if isinstance(stored, Consent) and stored.link_id == self.id:
            raise LinkUsed.by(in_force)
        if standing.revocation != self.revocation:
            raise LinkRevoked
        if standing.lineage == self.replaces:
            return
        if isinstance(stored, Withdrawal):
            raise LinkWithdrawn
        raise LinkSuperseded.by(in_force)


def requested(
    unverified_name: str, fields: Mapping[str, Any], *, standing: Standing, settings: Settings, operator: Principal
) -> Link:
    """What an operator's body asks for; raises InvalidRequest naming what is wrong."""
    name, tenant_id = checked_name(unverified_name), _tenant(fields.get("tenant", settings.home_tenant), settings)
    if name == MANAGEMENT_NAME:
        _require_management(tenant_id, settings)
    return Link(
        id=secrets.token_hex(16),
        name=name,
        tenant_id=tenant_id,
        replaces=standing.lineage,
        revocation=standing.revocation,
        person=_person(fields.get("person", "")),
        login_hint=_login_hint(fields.get("login_hint", "")),
        new_person=fields.get("new_person", False),
        asker_name="" if operator.is_application else _shown_name(operator.username),
        asker_id=operator.application_id if operator.is_application else operator.object_id,
        asker_is_application=operator.is_application,
    )


class Links:
    """Seals links into addresses and opens them."""

    def __init__(self, seals: Seals, *, public_url: str, clock: Clock) -> None:
        self._seals = seals
        self._public_url = public_url
        self._clock = clock

    def address(self, link: Link, *, lifetime: timedelta) -> tuple[str, datetime]:
        """The address to give to the person, and when it expires."""
        expires_on = self._clock().replace(microsecond=0) + lifetime
        sealed = self._seals.seal(PURPOSE, asdict(link), expires_on=expires_on)
        return f"{self._public_url}/api/consent?{urlencode({'link': sealed})}", expires_on

    def open(self, unverified_link: str) -> Link:
        """The link, if it is one of ours and in its time; raises LinkInvalid or LinkExpired."""
        try:
            content = self._seals.open(PURPOSE, unverified_link)
        except SealExpired:
            raise LinkExpired from None
        try:
            return Link(**(content or {}))
        except TypeError:  # not ours, or sealed by another version of the broker
            raise LinkInvalid from None


def _require_management(tenant_id: str, settings: Settings) -> None:
    if settings.management.client_id is None:
        raise ManagementAbsent
    if tenant_id != settings.home_tenant:
        raise InvalidRequest("tenant: the management application is for a person of the partner's own tenant.")


def _tenant(tenant: str, settings: Settings) -> str:
    tenant_id = settings.home_tenant if tenant == "home" else tenant.lower()
    if not GUID.fullmatch(tenant_id) or not settings.may_consent_in(tenant_id):
        raise InvalidRequest("tenant: the home tenant, or one that the setting CONSENT_TENANTS lists.")
    return tenant_id


def _person(person: str) -> str:
    if person and not GUID.fullmatch(person.lower()):
        # A username can be changed and given to somebody else; it helps the sign-in page and guards nothing.
        raise InvalidRequest("person: the object id of the person; a username goes into login_hint.")
    return person.lower()


def _shown_name(username: str) -> str:
    # As long as user principal names become; what else a token may hold would make a link too long to open.
    return username if len(username) <= LONGEST_NAME and username.isascii() and username.isprintable() else ""


def _login_hint(hint: str) -> str:
    # ASCII as user principal names are; sealed as JSON, other characters would make a link too long to open.
    if len(hint) > LONGEST_HINT or not hint.isascii() or not hint.isprintable() or " " in hint:
        raise InvalidRequest("login_hint: a username such as admin@partner.example.")
    return hint
