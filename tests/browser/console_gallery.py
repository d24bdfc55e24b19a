"""Every page of the console, each with a way to it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import expect

from console_http import refusals
from console_http.consent_states import STATES
from console_http.session import Session
from console_http.views import console_page, refusal_page
from local.world import READER
from shared.callers.assertion import CONSENT_READ, CUSTOMERS_READ
from shared.callers.errors import RoleMissing
from shared.errors import BrokerError
from shared.pages.page import Page
from tests.browser.consent_gallery import CONSENT_PAGES
from tests.browser.customers_gallery import CUSTOMERS_PAGES
from tests.browser.scene import Scene, Way, drawn
from tests.browser.steps import expect_code, expect_title, sign_in
from tests.console_http.policy_samples import ALLOWED, REFUSED, a_broken_policy, a_policy, no_policy

CORRELATION = "7c9c0ff5-6c3b-4a41-9b0b-8a5f0d3f7b52"
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ROLES = frozenset({CONSENT_READ, CUSTOMERS_READ})
GDAP = "The customer's Global Administrator approves a new GDAP relationship."
NOTHING: Mapping[str, Any] = {
    "consents": [],
    "damaged": [],
    "application": {"credential": "federated", "days_left": None, "expires_on": None, "remedy": None},
    "unavailable": None,
    "failing": [],
    "next": None,
    "ending": [],
    "runs": [],
    "check": {"silent": False, "ended_on": None, "remedy": None},
}


def _consent(name: str, status: str, days_left: int | None, **more: str | None) -> Mapping[str, Any]:
    usual = {"proven_on": "2026-05-04T03:17:00Z", "mfa": "yes", "username": "ada@fabrikam.example", "remedy": None}
    return {"name": name, "status": status, "days_left": days_left, **usual, **more}


def _customer(name: str, resource: str, since: str) -> Mapping[str, Any]:
    tenant = "bbbb0000-1111-4222-8333-444444440002"
    return {"name": name, "tenant": tenant, "consent": "partner", "resource": resource, "since": since}


def _run(began_on: str, ended_on: str, **numbers: int | None) -> Mapping[str, Any]:
    usual = {"due": 412, "left": 0, "works": 409, "failing": 3, "newly_failing_count": 0, "recovered": 0}
    return {"began_on": began_on, "ended_on": ended_on, **usual, **numbers}


A_BUSY_MORNING: Mapping[str, Any] = {
    "consents": [
        _consent("billing", "lost", 0, proven_on="2026-05-02T03:17:00Z", remedy="Make a link; a person consents anew."),
        _consent("archive", "failing", 26, remedy="Look at the last refusal."),
        _consent("partner", "ok", 89),
        _consent("reports", "unproven", 90, proven_on=None, username="grace@fabrikam.example"),
        _consent("old-scripts", "withdrawn", None),
    ],
    "damaged": ["copied-by-hand"],
    "application": {
        "credential": "certificate",
        "days_left": 12,
        "expires_on": "2026-05-16T12:00:00Z",
        "remedy": "Renew it, then remove the old one.",
    },
    "unavailable": None,
    "failing": [
        {
            "cause": "customer_consent_missing",
            "says": "The partner application has no consent in the customer's tenant.",
            "remedy": "An operator makes it: partner-broker customers consent.",
            "act": {"name": "customer.consent", "parameters": {}},
            "customers": [
                _customer("Tailspin Toys", "exchange", "2026-05-03T03:47:00Z"),
                _customer("Northwind Traders", "graph", "2026-05-04T03:47:00Z"),
            ],
        },
        {
            "cause": "delegated_rights_missing",
            "says": "The person who consented has no delegated rights there.",
            "remedy": GDAP,
            "customers": [_customer("", "graph", "2026-05-01T03:47:00Z")],
        },
    ],
    "ending": [
        {"name": "Wingtip", "tenant": "bbbb0000-1111-4222-8333-444444440004", "days_left": None},
        {"name": "Contoso", "tenant": "bbbb0000-1111-4222-8333-444444440001", "days_left": 7},
    ],
    "runs": [
        _run("2026-05-04T03:47:00Z", "2026-05-04T03:52:00Z", newly_failing_count=1),
        _run("2026-05-03T03:47:00Z", "2026-05-03T03:55:00Z", left=17, recovered=2),
    ],
    "next": None,
    "check": {"silent": False, "ended_on": "2026-05-04T03:52:00Z", "remedy": None},
}
RESULTS_AWAY = {**NOTHING, "unavailable": {"remedy": "Look at the storage account."}}


def overview(status: Mapping[str, Any]) -> Page:
    """The overview of somebody who may see everything."""
    session = Session.begun(object_id=READER.object_id, username=READER.username, roles=ROLES, now=NOW)
    values = {"status": status, "states": STATES, "sees_consents": True, "sees_customers": True}
    return console_page("overview.html", session, values)


def _signed_out(scene: Scene) -> None:
    """In by the button of whoever has no session, and out again."""
    scene.tab.goto(f"{scene.stack.host}/api/console")
    expect_code(scene.tab, "console_sign_in_needed")
    scene.tab.get_by_role("link", name="Sign in").click()
    sign_in(scene.tab, READER, back="**/api/console")
    expect_title(scene.tab, "Overview")
    expect(scene.tab.get_by_text(READER.username)).to_be_visible()
    scene.tab.get_by_role("button", name="Sign out").click()
    expect_title(scene.tab, "You are signed out")


def _refused(error: BrokerError) -> Way:
    return drawn(refusal_page(error, CORRELATION))


CONSOLE_PAGES: Mapping[str, Way] = {
    "console_overview": drawn(overview(A_BUSY_MORNING)),
    "console_with_nothing_yet": drawn(overview(NOTHING)),
    "console_without_results": drawn(overview(RESULTS_AWAY)),
    "console_policy": drawn(a_policy().show(**ALLOWED)),
    "console_policy_refused": drawn(a_policy().show(**REFUSED)),
    "console_policy_broken": drawn(a_broken_policy().show()),
    "console_without_policy": drawn(no_policy().show()),
    **CONSENT_PAGES,
    "console_signed_out": _signed_out,
    **CUSTOMERS_PAGES,
}
CONSOLE_REFUSALS: Mapping[type[BrokerError], Way] = {
    refusals.SignInNeeded: lambda scene: scene.tab.goto(f"{scene.stack.host}/api/console"),
    refusals.SignInAgain: _refused(refusals.SignInAgain()),
    refusals.SignInNotDone: lambda scene: scene.tab.goto(f"{scene.stack.host}/api/console/redirect"),
    refusals.FormFromElsewhere: _refused(refusals.FormFromElsewhere()),
    refusals.ConsoleBusy: _refused(refusals.ConsoleBusy("For this customer one goes on now.")),
    RoleMissing: _refused(RoleMissing(f"It is called {CONSENT_READ}.")),
}
