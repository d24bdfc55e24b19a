"""The buttons of a customer's page: each is done once, and leads to a page that says what it came to."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from console_http.buttons import CHECK, CONSENT, EXCLUDE, INCLUDE, KINDS, PLAN, buttons, id_after
from console_http.customers import OUTCOMES, STATES
from console_http.deeds import Deed, Visited, Work, checked_id
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.menu import CUSTOMERS
from console_http.views import console_page
from console_http.visit import Onward, Visit
from shared.callers.assertion import CUSTOMERS_MANAGE
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.customers.result import OF_APPLICATION
from shared.errors import InvalidRequest
from shared.pages.page import Page
from shared.setting_values import GUID

PAGES = "/api/console/customers"
# What was pressed, as a text's id.
NAMES: Mapping[str, str] = {
    CHECK: "check now",
    PLAN: "look at the consent",
    CONSENT: "make the consent",
    EXCLUDE: "keep it out",
    INCLUDE: "let it in again",
}
# What waits for services beside the tables.
SLOW = frozenset({CHECK, PLAN, CONSENT})
# The outcomes of a dry run after which there is something to do; what is refused or missing beside it stays so.
DOABLE = frozenset({"created", "extended", "replaced"})
# What an outcome of one API means, as its text's id: of a dry run, and of what was done.
WOULD_BE: Mapping[str, str] = {
    "unchanged": "has everything, nothing to do",
    "created": "would be granted",
    "extended": "would be added to",
    "replaced": "would be taken back and granted anew",
    "needs_replace": "lacks something that only a replacement adds",
    "service_missing": "the customer does not have this service",
    "refused": "would be refused",
    "unknown": "nobody can tell what is there",
}
WAS: Mapping[str, str] = {
    **WOULD_BE,
    "unchanged": "had everything",
    "created": "granted",
    "extended": "added to",
    "replaced": "taken back and granted anew",
    "already": "was granted already",
    "incomplete": "still lacks something",
    "refused": "refused",
}
ABSENT = 404


def declare(door: Door, dependencies: Dependencies) -> None:
    """The one address of all buttons, and the page of each act."""
    deeds, customers, looking = dependencies.deeds, dependencies.customers, dependencies.pools.looking

    @door.act("console/customers/{tenant}/acts", CUSTOMERS_MANAGE)
    async def console_customer_act(visit: Visit) -> Onward:
        deed = _asked(visit, dependencies)
        work = _work(deed, visit, dependencies)
        visited = Visited(who=visit.session.object_id, route="console_customer_act", correlation=visit.correlation)
        await deeds.once(deed, work, visit=visited, is_slow=deed.kind in SLOW)
        customers.forget()
        return Onward(path=f"{PAGES}/{deed.tenant}/acts/{deed.id}")

    @door.page("console/customers/{tenant}/acts/{act}", *CUSTOMERS)
    async def console_customer_deed(visit: Visit) -> Page:
        tenant, who = checked_tenant(visit.request.route_params["tenant"]), visit.session.object_id
        deed = await looking.run(lambda: deeds.find(who, visit.request.route_params["act"]))
        if deed is None or deed.tenant != tenant:
            return console_page("deed_absent.html", visit.session, {"tenant": tenant}, status=ABSENT)
        one = await looking.run(lambda: customers.customer(deed.tenant, deed.consent))
        return deed_page(visit, deed, one, dependencies)


def deed_page(visit: Visit, deed: Deed, one: Mapping[str, Any] | None, dependencies: Dependencies) -> Page:
    """What an act came to; `one` is the customer as it stands now."""
    told, forms = deed.told or {}, buttons(visit, dependencies)
    values = {
        "deed": deed,
        "state": deed.state(dependencies.clock()),
        "told": told,
        "one": one,
        "kinds": NAMES,
        "states": STATES,
        "outcomes": OUTCOMES,
        **_plan_told(told),
        **forms,
        # A plan is followed once, also where the browser goes back to it.
        "ids": {**forms["ids"], CONSENT: id_after(deed.id)},
    }
    return console_page("deed.html", visit.session, values)


def _plan_told(told: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer on the application's consent says beside its rows, and what can be done next."""
    rows = [*told.get("grants", ()), *told.get("roles", ())]
    is_complete = told.get("complete", True)
    parts = [*rows, *(() if is_complete else (told.get("management") or {}, told.get("seen") or {}))]
    outcomes = {grant["outcome"] for grant in rows}
    is_dry, is_replacement = bool(told.get("dry_run")), bool(told.get("replace"))
    return {
        "rows": rows,
        "is_dry": is_dry,
        "is_outdated": bool(told.get("outdated")),
        "is_complete": is_complete,
        "is_replacement": is_replacement,
        "is_doable": not DOABLE.isdisjoint(outcomes),
        "lacks_replacing": "needs_replace" in outcomes and not is_replacement,
        "troubles": [{"resource": "", **part} for part in parts if "error" in part],
        "words": WOULD_BE if is_dry else WAS,
    }


def checked_tenant(unverified_tenant: str) -> str:
    """A tenant's id, in lower case; raises InvalidRequest."""
    tenant_id = unverified_tenant.lower()
    if not GUID.fullmatch(tenant_id):
        raise InvalidRequest("tenant: the id of a customer's tenant.")
    return tenant_id


def _asked(visit: Visit, dependencies: Dependencies) -> Deed:
    """What a form asks for; raises InvalidRequest."""
    form = visit.form
    kind = form.get("act", "")
    if kind not in KINDS:
        raise InvalidRequest("act: what one of the page's buttons says.")
    return Deed(
        id=checked_id(form.get("id", "")),
        kind=kind,
        tenant=checked_tenant(visit.request.route_params["tenant"]),
        consent=_named(form.get("consent", DEFAULT_NAME)),
        begun_on=dependencies.clock(),
    )


def _named(unverified: str) -> str:
    return OF_APPLICATION if unverified == OF_APPLICATION else checked_name(unverified)


def _work(deed: Deed, visit: Visit, dependencies: Dependencies) -> Work:
    form, acts, tenant = visit.form, dependencies.acts, deed.tenant
    # The application's own tokens are tried as such; what changes a tenant is done in the name of a person's consent.
    consent = DEFAULT_NAME if deed.consent == OF_APPLICATION else deed.consent
    operator, correlation = visit.operator, visit.correlation
    replace, shown = form.get("replace") == "true", form.get("shown", "")
    fields = {name: form.get(name, "") for name in ("reason", "until")}
    again = partial(dependencies.recheck, tenant, deed.consent, operator=operator, correlation=correlation)
    works: Mapping[str, Work] = {
        CHECK: partial(dependencies.pools.checking.run, again),
        PLAN: partial(acts.plan, tenant, consent, replace=replace, operator=operator, correlation=correlation),
        CONSENT: partial(
            acts.consent, tenant, consent, replace=replace, shown=shown, operator=operator, correlation=correlation
        ),
        EXCLUDE: partial(acts.exclude, tenant, fields, operator=operator, correlation=correlation),
        INCLUDE: partial(acts.include, tenant, operator=operator, correlation=correlation),
    }
    return works[deed.kind]
