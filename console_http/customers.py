"""The customers: which works with which resource, the worst first, and one customer with what mends it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from console_http.buttons import buttons, may_act, new_id
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.menu import CUSTOMERS
from console_http.views import console_page
from console_http.visit import Visit
from shared.pages.page import Page

HOME = "/api/console/customers"
# States, as their texts' ids; the stylesheet gives each a sign beside its colour.
STATES = {
    "failing": "does not work",
    "waiting": "not known yet",
    "works": "works",
    "excluded": "kept out",
}
# What a code of no error means.
OUTCOMES = {"works": "works", "host_unknown": "not tried: the tenant's own host is not known"}
FILTERS = ("state", "cause", "name")
ABSENT = 404


def declare(door: Door, dependencies: Dependencies) -> None:
    """The list, which a form filters, and the page of each customer."""
    looking, customers = dependencies.pools.looking, dependencies.customers

    @door.page("console/customers", *CUSTOMERS)
    async def console_customers(visit: Visit) -> Page:
        given = visit.request.params
        asked = {name: given.get(name, "") for name in FILTERS}
        found = await looking.run(lambda: customers.page(page=given.get("page") or "1", **asked))
        number, pages = found["page"], found["pages"]
        values = {
            "found": found,
            "states": STATES,
            "asked": asked,
            "earlier": _address(asked, number - 1) if number > 1 else "",
            "later": _address(asked, number + 1) if number < pages else "",
            "ids": {one["tenant"]: new_id() for one in found["excluded"]},
            "may_act": may_act(visit),
        }
        return console_page("customers.html", visit.session, values)

    @door.page("console/customers/{tenant}", *CUSTOMERS)
    async def console_customer(visit: Visit) -> Page:
        tenant, consent = visit.request.route_params["tenant"], visit.request.params.get("consent", "partner")
        found = await looking.run(lambda: customers.customer(tenant, consent))
        if found is None:
            return console_page("customer_absent.html", visit.session, {}, status=ABSENT)
        values = {"one": found, "states": STATES, "outcomes": OUTCOMES, **buttons(visit, dependencies)}
        return console_page("customer.html", visit.session, values)


def _address(asked: Mapping[str, str], page: int) -> str:
    given = {**asked, "page": str(page)}
    return f"{HOME}?{urlencode({key: text for key, text in given.items() if text})}"
