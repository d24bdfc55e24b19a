"""The overview: the application's credential, the consents and the customers, the worst first."""

from console_http.dependencies import Dependencies
from console_http.door import Door, Visit
from console_http.menu import ANYBODY, CONSENTS, CUSTOMERS
from console_http.views import console_page
from shared.pages.page import Page

# A consent's state, as its text's id.
STATES = {
    "ok": "works",
    "unproven": "not proven yet",
    "failing": "refused lately",
    "lost": "a person must consent anew",
    "withdrawn": "withdrawn",
}


def declare(door: Door, dependencies: Dependencies) -> None:
    """Its one route."""

    @door.page("console", *ANYBODY)
    async def console_overview(visit: Visit) -> Page:
        status = await dependencies.pools.looking.run(dependencies.status)
        values = {
            "status": status,
            "states": STATES,
            "sees_consents": not visit.session.roles.isdisjoint(CONSENTS),
            "sees_customers": not visit.session.roles.isdisjoint(CUSTOMERS),
        }
        return console_page("overview.html", visit.session, values)
