"""A consent's page in the console, in each of its states, and after each act."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from shared.pages.page import Page
from tests.browser.scene import Way, drawn
from tests.console_http.consents_desk import READER, ConsentsDesk, a_long_life

CALLER, OTHER = "eeee0000-1111-4222-8333-444444440002", "eeee0000-1111-4222-8333-444444440003"
CONTOSO, NORTHWIND = "bbbb0000-1111-4222-8333-444444440001", "bbbb0000-1111-4222-8333-444444440002"
POLICY = json.dumps(
    {
        "tenants": {"contoso": CONTOSO, "northwind": NORTHWIND},
        "permissions": [
            {
                "name": "monthly reports",
                "role": "Reports.Run",
                "consents": ["partner"],
                "tenants": ["contoso", "northwind"],
                "resources": ["graph", "exchange"],
            },
            {
                "name": "billing",
                "caller": CALLER,
                "consents": ["partner", "billing"],
                "tenants": ["home"],
                "resources": ["partnercenter"],
            },
            {"name": "watch", "caller": OTHER, "consents": ["partner"], "tenants": ["*"], "resources": ["arm"]},
        ],
    }
)
LINK = "https://broker.fabrikam.example/api/consent?link=" + "0f9c1d7e2b3a4c5d" * 40
WORKS = {"act": "check", "outcome": "works", "tenant": CONTOSO, "resource": "https://graph.microsoft.com"}


def _long_life() -> ConsentsDesk:
    desk = a_long_life()
    desk.write_policy(POLICY)
    return desk


def _in_use(**told: object) -> Page:
    return _long_life().show(told=told)


def _failing() -> Page:
    desk = ConsentsDesk()
    desk.give()
    desk.live(30)
    desk.fail("failing", error="home_policy_blocked", authority_code=53003)
    return desk.show()


def _lost_to_a_reader() -> Page:
    desk = ConsentsDesk()
    desk.give("archive-of-the-partner-with-a-name-as-long-as-names-may-be")
    desk.live(30, "archive-of-the-partner-with-a-name-as-long-as-names-may-be")
    name = "archive-of-the-partner-with-a-name-as-long-as-names-may-be"
    desk.fail("lost", name, error="new_consent_needed", authority_code=700082)
    return desk.show(name, READER)


def _withdrawn() -> Page:
    desk = ConsentsDesk()
    desk.give()
    desk.live(10)
    desk.withdraw()
    desk.pass_time(timedelta(hours=2))
    return desk.show(told={"act": "withdraw", "done": True})


def _damaged() -> Page:
    desk = ConsentsDesk()
    desk.vault.put("consent-partner", "copied by hand", tags={})
    return desk.show()


def _away() -> Page:
    desk = ConsentsDesk()
    desk.give()
    desk.rows.away = True
    desk.policies.before = desk.fails
    desk.vault.before = lambda operation, name: desk.fails(operation, name) if operation == "list_versions" else None
    return desk.show()


def _link() -> Page:
    return _in_use(act="link", url=LINK, expires_on="2026-04-10T10:00:00+00:00", tenant="home")


def _refused_check() -> Page:
    return _in_use(
        act="check",
        tenant=CONTOSO,
        resource="https://graph.microsoft.com",
        outcome="customer_consent_missing",
        says="The partner application has no consent in the customer's tenant.",
        remedy="An operator makes it: partner-broker customers consent.",
        authority_code=65001,
        granted=[],
        more=0,
    )


PAGES: Mapping[str, Callable[[], Page]] = {
    "console_consent": _in_use,
    "console_consent_link": _link,
    "console_consent_checked": lambda: _in_use(**WORKS, granted=["Directory.Read.All", "User.Read"], more=3),
    "console_consent_check_refused": _refused_check,
    "console_consent_failing": _failing,
    "console_consent_lost": _lost_to_a_reader,
    "console_consent_withdrawn": _withdrawn,
    "console_consent_wrong_name": lambda: _in_use(act="withdraw", done=False),
    "console_consent_damaged": _damaged,
    "console_consent_absent": lambda: ConsentsDesk().show("not-there-yet"),
    "console_consent_away": _away,
}
CONSENT_PAGES: Mapping[str, Way] = {
    name: lambda scene, made=made: drawn(made())(scene)  # type: ignore[misc]  # bound at once
    for name, made in PAGES.items()
}
