"""The customers' pages of the console: the list, one customer, and what each of its buttons comes to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from console_http.deeds import Deed
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.result import Result
from shared.customers.worries import Ending
from shared.pages.page import Page
from tests.browser.scene import Scene, Way, drawn
from tests.console_http.customers_desk import MANAGER, CustomersDesk
from tests.customers_http.test_status import DAY, NOON, tenant

ARM, EXCHANGE = "https://management.azure.com", "https://outlook.office365.com"
CONTOSO, NORTHWIND, TAILSPIN, WINGTIP = (tenant(number) for number in range(1, 5))
NAMES = {CONTOSO: "Contoso", NORTHWIND: "Northwind Traders", TAILSPIN: "Tailspin Toys", WINGTIP: "Wingtip"}
GRAPH_SCOPES = ["Application.ReadWrite.All", "AuditLog.Read.All", "Directory.ReadWrite.All", "Mail.Read"]
GRAPH_SCOPES += ["Policy.Read.All", "Reports.Read.All", "User.ReadWrite.All"]
CORRELATION = "7c9c0ff5-6c3b-4a41-9b0b-8a5f0d3f7b52"


def desk() -> CustomersDesk:
    """A morning: one customer fails, one is not known yet, one is kept out, one works."""
    made = CustomersDesk(session=MANAGER)
    _keep(made, made.desk.keep(1), ARM, EXCHANGE)
    _keep(made, made.desk.keep(2), ARM)
    _keep(made, made.desk.keep(3, "application_not_consented", said=65001), ARM)
    _keep(made, made.desk.keep(4, "delegated_rights_missing", said=50020))
    ending = Ending(
        tenant_id=CONTOSO, customer="Contoso", status="active", ends=NOON + 7 * DAY, told=7, told_on=NOON, is_news=True
    )
    made.desk.worries.put_ending(ending)
    day = (NOON + timedelta(days=60)).date()
    out = Exclusion(tenant_id=NORTHWIND, reason="moves to another partner", until=day, by="ada", made_on=NOON)
    Exclusions(made.desk.rows).put(out)
    return made


def _keep(made: CustomersDesk, result: Result, *resources: str) -> None:
    """The result under the customer's name, and the same of other resources."""
    for resource in (result.resource, *resources):
        kept = replace(result, customer=NAMES[result.tenant_id], resource=resource, domain="example.com")
        made.desk.results.put(kept, now=NOON)


def _lists_of_page(name: str) -> Way:
    return _way(lambda: desk().show(name=name))


def _way(page: Callable[[], Page]) -> Way:
    """Drawn when somebody goes there."""

    def go(scene: Scene) -> object:
        return drawn(page())(scene)

    return go


def _deed(kind: str, of: str, **more: Any) -> Way:  # noqa: ANN401 - fields of a deed
    usual = {"begun_on": NOON, "ended_on": NOON, "consent": "partner"}
    return _way(lambda: desk().show_deed(Deed(id="0" * 32, kind=kind, tenant=of, **{**usual, **more})))


def _grant(resource: str, outcome: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    usual = {"resource": resource, "outcome": outcome, "there": [], "added": [], "lost": [], "missing": []}
    return {**usual, "application_id": "", "scopes": [], **more}


def _plan(*grants: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    usual = {
        "tenant": TAILSPIN,
        "outcome": "created",
        "consent": "partner",
        "dry_run": True,
        "complete": True,
        "set": "application-grants",
    }
    return {**usual, "shown": "0" * 32, "replace": False, "outdated": False, "grants": grants, **more}


CREATING = _plan(
    _grant("graph", "created", added=GRAPH_SCOPES, missing=GRAPH_SCOPES),
    _grant("arm", "unchanged", there=["user_impersonation"]),
    _grant(
        "exchange",
        "service_missing",
        missing=["Exchange.Manage"],
        error="service_missing",
        says="The tenant does not have this service.",
        remedy="Nothing, if the customer has no licence for it.",
    ),
)
OF_ROLES = _plan(
    _grant("graph", "unchanged", there=GRAPH_SCOPES),
    outcome="extended",
    roles=[
        _grant("graph", "extended", roles=["Mail.Read"], added=["Mail.Read"], missing=["Mail.Read"]),
        _grant("directory", "unchanged", roles=["Exchange Administrator"], there=["Exchange Administrator"]),
    ],
)
LACKING = _plan(
    _grant("graph", "needs_replace", there=["Directory.Read.All"], missing=["User.ReadWrite.All"]),
    complete=False,
    seen={
        "by": "",
        "error": "management_absent",
        "says": "The broker has no management application.",
        "remedy": "Set it up, and it adds what is lacking.",
    },
)
REPLACING = _plan(
    _grant(
        "graph",
        "replaced",
        there=["Directory.Read.All"],
        added=["User.ReadWrite.All"],
        missing=["User.ReadWrite.All"],
        lost=["Mail.Read (for one person)"],
    ),
    replace=True,
)
MADE = _plan(
    _grant("graph", "created", added=GRAPH_SCOPES, missing=GRAPH_SCOPES),
    _grant("arm", "unchanged", there=["user_impersonation"]),
    dry_run=False,
)
REFUSED = {
    "code": "partner_center_unavailable",
    "authority_code": None,
    "says": "Partner Center does not answer, or asks to wait.",
    "detail": "There was no time left for it.",
    "remedy": "Try again after the time in Retry-After.",
    "means": "try again, after the time in Retry-After",
    "is_transient": True,
    "correlation": CORRELATION,
}
CUSTOMERS_PAGES: Mapping[str, Way] = {
    "console_customers": _way(lambda: desk().show()),
    "console_customers_none": _lists_of_page("nobody"),
    "console_customer": _way(lambda: desk().show_one(TAILSPIN)),
    "console_customer_kept_out": _way(lambda: desk().show_one(NORTHWIND)),
    "console_customer_absent": _way(lambda: desk().show_one(tenant(9))),
    "console_checked": _deed("check", TAILSPIN, told={"tried": 2, "works": 1, "left": 1}),
    "console_plan": _deed("plan", TAILSPIN, told=CREATING),
    "console_plan_of_roles": _deed("plan", TAILSPIN, told=OF_ROLES),
    "console_plan_lacking": _deed("plan", TAILSPIN, told=LACKING),
    "console_plan_replacing": _deed("plan", TAILSPIN, told=REPLACING),
    "console_plan_outdated": _deed("consent", TAILSPIN, told={**CREATING, "outdated": True}),
    "console_consent_made": _deed("consent", TAILSPIN, told=MADE),
    "console_excluded": _deed(
        "exclude", WINGTIP, told={"until": "2026-05-01", "reason": "leaves us", "known": False, "outcome": "excluded"}
    ),
    "console_included": _deed("include", WINGTIP, told={"outcome": "included"}),
    "console_act_refused": _deed("consent", TAILSPIN, error=REFUSED),
    "console_act_going": _deed("consent", TAILSPIN, ended_on=None),
    "console_act_lost": _deed("consent", TAILSPIN, begun_on=NOON - timedelta(hours=1), ended_on=None),
}
