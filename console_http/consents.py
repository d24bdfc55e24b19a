"""A consent's page: how it is doing, what became of it, who may use it, and the buttons for whoever may press them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console_http.consent_states import STATES, TO_DO
from console_http.dependencies import Consents, Dependencies
from console_http.door import Door
from console_http.history_picture import picture_of
from console_http.menu import CONSENTS
from console_http.telling import PARAMETER
from console_http.views import TEMPLATES, console_page
from console_http.visit import Visit
from shared.acts import ACTS
from shared.callers.assertion import CONSENT_MANAGE
from shared.consents.consent import MANAGEMENT_NAME
from shared.errors import BrokerError
from shared.pages.page import Page
from shared.pages.templates import Templates
from shared.pool import Pool
from shared.settings import Settings

HOME = "/api/console/consents"
ABSENT = 404
MOST_EVENTS = 100
# Events, as their texts' ids.
KINDS = {
    "consented": "a person consented",
    "restored": "the withdrawal was taken back",
    "withdrawn": "withdrawn",
    "stored": "a newer token was stored, and proven from then on",
    "failed": "refused",
    "lost": "refused for good",
    "blamed": "refused in customers' tenants",
    "unreadable": "something that cannot be read was put there",
}


def declare(door: Door, dependencies: Dependencies) -> None:
    """Its one route."""

    @door.page("console/consents/{name}", *CONSENTS)
    async def console_consent(visit: Visit) -> Page:
        name = visit.request.route_params["name"]
        parts = await parts_of(dependencies.consents, name, pool=dependencies.pools.looking)
        return consent_page(visit, parts, settings=dependencies.settings, now=dependencies.clock())


async def parts_of(consents: Consents, unverified_name: str, *, pool: Pool) -> Mapping[str, Any]:
    """What the desk tells of a consent, with `rows` and `blame`; raises what the desk does, and for these two nothing.

    What cannot be read of these says so in its place.
    """
    found = await pool.run(lambda: consents.desk.look(unverified_name))
    name = found["name"]
    return {**found, "rows": await _rows(consents, name), "blame": await pool.run(lambda: _blame(consents, name))}


def consent_page(
    visit: Visit, parts: Mapping[str, Any], *, settings: Settings, now: datetime, templates: Templates = TEMPLATES
) -> Page:
    """The page of these parts."""
    events = _events(parts)
    values = {
        "one": parts,
        "states": STATES,
        "to_do": TO_DO[parts["status"]],
        "kinds": KINDS,
        "means": _means(parts["consent"]),
        "picture": picture_of(events, now=now),
        "events": events[:MOST_EVENTS],
        "has_more": len(events) > MOST_EVENTS,
        "may_manage": CONSENT_MANAGE in visit.session.roles,
        "is_management": parts["name"] == MANAGEMENT_NAME,
        "tenants": sorted(settings.consent_tenants),
        "partner_name": settings.pages.partner_name,
        "told": visit.told,
        "was_told": PARAMETER in visit.request.params and not visit.told,
    }
    status = ABSENT if parts["status"] == "absent" else 200
    return console_page("consent.html", visit.session, values, status=status, templates=templates)


async def _rows(consents: Consents, name: str) -> Mapping[str, Any]:
    try:
        return {**await consents.rows(name), "refused": None}
    except BrokerError as error:
        return {"rows": [], "found": 0, "refused": _refused(error)}


def _blame(consents: Consents, name: str) -> Mapping[str, Any]:
    try:
        return {**consents.blame(name), "refused": None}
    except BrokerError as error:
        return {"days": [], "has_all": True, "refused": _refused(error)}


def _means(consent: Mapping[str, Any] | None) -> str:
    """What mends its last refusal, in general words: the remedy speaks to who speaks HTTP."""
    act = consent["act"] if consent else None
    return ACTS[act["name"]].means if act else ""


def _refused(error: BrokerError) -> Mapping[str, Any]:
    return {"says": error.happened, "transient": error.transient, **error.what_to_do}


def _events(parts: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The vault's events and the days of blame, the newest first."""
    days = [
        {**day, "kind": "blamed", "on": f"{day['day']}T00:00:00+00:00", "until": None, "username": ""}
        for day in parts["blame"]["days"]
    ]
    events = [{**event, "count": None} for event in parts["history"]["events"]]
    return sorted([*events, *days], key=lambda event: str(event["until"] or event["on"]), reverse=True)
