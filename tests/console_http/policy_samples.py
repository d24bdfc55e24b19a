"""Policies as pages of them are looked at: a usual one, a broken one, none, and hundreds of rows with long names."""

import json
from typing import Any

from tests.console_http.policy_desk import PolicyDesk
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, NORTHWIND_ID, document, row

BACKUP_ID = "eeee0000-0000-4000-8000-000000000007"
WINGTIP_ID = "bbbb0000-0000-4000-8000-000000000003"
LONG_NAME = "a row whose name somebody wrote as a whole sentence, " + "and-then-a-word-that-no-line-breaks-" * 3
USUAL = document(
    row(name="nightly reports", tenants=["contoso", "northwind"], resources=["graph", "arm"]),
    row(name="billing", caller=None, role="Billing.Run", tenants=["home"], resources=["partnercenter"]),
    row(name="documents", tenants=["contoso"], resources=["https://*.sharepoint.com"], consents=["partner", "archive"]),
    row(name="service desk", caller=None, role="Desk", tenants=["*"], resources=["exchange", "teams"]),
    row(name="reports again", resources=["arm"]),
)
APPLICATION = json.dumps(
    {
        "schema": 2,
        "tenants": {"wingtip": WINGTIP_ID},
        "permissions": [
            {
                "name": "mail backup",
                "caller": BACKUP_ID,
                "as": "application",
                "tenants": ["wingtip", "contoso"],
                "resources": ["graph"],
            }
        ],
    }
)
BROKEN = json.dumps({"permissions": [{**row(tenants=["contoso.example"], name="by a domain")}]})
ALLOWED = {"caller": CALLER_ID, "as": "user", "consent": "partner", "tenant": "contoso", "resource": "graph"}
REFUSED = {**ALLOWED, "tenant": "wingtip", "resource": "exchange"}


def a_policy() -> PolicyDesk:
    return PolicyDesk([("policy-1", USUAL), ("policy-2", APPLICATION)])


def a_broken_policy() -> PolicyDesk:
    """The second document broke, the third has never been whole, and the fourth was disabled."""
    more = [("policy-2", BROKEN), ("policy-3", "{"), ("policy-4", APPLICATION), ("policy-4", None)]
    return PolicyDesk([("policy-1", USUAL), ("policy-2", APPLICATION), *more])


def no_policy() -> PolicyDesk:
    return PolicyDesk()


def hundreds_of_rows() -> PolicyDesk:
    names = {
        f"customer-{number:03}-with-a-rather-long-name": f"bbbb0000-0000-4000-8000-{number:012}" for number in range(60)
    }
    rows: list[Any] = [
        row(
            name=LONG_NAME if number == 1 else f"automation {number}",
            caller=f"eeee0000-0000-4000-8000-{number:012}",
            tenants=[*names] if number == 0 else [CONTOSO_ID, NORTHWIND_ID],
            resources=["graph", "https://a-resource-with-a-rather-long-name.of-a-vendor.example/user_impersonation"],
        )
        for number in range(350)
    ]
    return PolicyDesk([("policy-1", document(*rows, tenants=names))])
