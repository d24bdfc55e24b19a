"""The overview: the application's credential, the consents and the customers, the worst first."""

from collections.abc import Mapping
from typing import Any

from console_http.consent_states import STATES
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.menu import ANYBODY, CONSENTS, CUSTOMERS
from console_http.session import Session
from console_http.views import TEMPLATES, console_page
from console_http.visit import Visit
from shared.pages.page import Page
from shared.pages.templates import Templates


def declare(door: Door, dependencies: Dependencies) -> None:
    """Its one route."""

    @door.page("console", *ANYBODY)
    async def console_overview(visit: Visit) -> Page:
        return overview_page(visit.session, await dependencies.pools.looking.run(dependencies.status))


def overview_page(session: Session, status: Mapping[str, Any], *, templates: Templates = TEMPLATES) -> Page:
    """What `status` (`GET /api/status`) says, as far as this session's roles may see it."""
    values = {
        "status": status,
        "states": STATES,
        "sees_consents": not session.roles.isdisjoint(CONSENTS),
        "sees_customers": not session.roles.isdisjoint(CUSTOMERS),
    }
    return console_page("overview.html", session, values, templates=templates)
