"""Each alert over rows made by hand: what it is for is found, and what is nearly so is not."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.audit import Field
from tests.infra.kql import Row, run
from tests.infra.test_queries import QUERIES

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTS = ("newly_lost", "still_lost", "crossed", "endangered", "damaged", "unreadable")
type Rows = Sequence[Row]


def said(event: str, fields: Mapping[str, Field], *, hours_ago: int = 0) -> Row:
    return trace(json.dumps({"event": event, **fields}, sort_keys=True), hours_ago=hours_ago)


def proof(outcome: str, *, hours_ago: int = 0) -> Row:
    return said("refresh.consent", {"consent": "partner", "outcome": outcome}, hours_ago=hours_ago)


def trace(message: str, *, hours_ago: int = 0) -> Row:
    return {"TimeGenerated": NOON - timedelta(hours=hours_ago), "Message": message, "SeverityLevel": 1}


def a_run(fields: Mapping[str, Field] | None = None, *, hours_ago: int = 0) -> Row:
    calm: dict[str, Field] = {name: [] for name in LISTS}
    found = {"application": "ok", "credential": "certificate", "credential_days_left": None, **calm, **(fields or {})}
    return said("refresh.run", found, hours_ago=hours_ago)


def refused(count: int, outcome: str, *, rows: int = 1, event: str = "token.refused") -> list[Row]:
    """So many refusals on so many records, the last of which counts what the others do not."""
    by = {"caller": "somebody"} if event == "token.refused" else {"operator": "somebody"}
    counts = [1] * (rows - 1) + [count - rows + 1]
    return [said(event, {"outcome": outcome, "count": one, **by}) for one in counts]


def answered(count: int, status: str, name: str = "token") -> list[Row]:
    return [{"TimeGenerated": NOON, "Name": name, "ResultCode": status, "Success": True, "DurationMs": 1.0}] * count


def found(alert: str, rows: Rows) -> list[Row]:
    table = "AppRequests" if alert == "server-errors" else "AppTraces"
    tables: dict[str, Rows] = {"AppTraces": [], "AppRequests": [], "AppExceptions": [], table: rows}
    return run((QUERIES / f"{alert}.kql").read_text(encoding="utf-8"), tables, now=NOON)


NOTHING: dict[str, Field] = {"ending": [], "roleless": [], "mfa": []}
ALARMING = [
    *[("consent-at-risk", [a_run({name: ["partner"]})]) for name in LISTS],
    ("customers-failing", [said("customers.run", {"newly_failing": ["Contoso (tenant)"]})]),
    *[("customers-ending", [said("customers.run", {**NOTHING, name: ["Contoso"]})]) for name in NOTHING],
    ("check-silent", []),
    ("check-silent", [said("customers.run", {}, hours_ago=27)]),
    ("credential-near-end", [a_run(hours_ago=1), a_run({"credential_days_left": 30})]),
    ("denied-burst", refused(20, "not_permitted")),
    ("denied-burst", refused(20, "not_permitted", rows=20)),
    ("denied-burst", refused(5_000, "assertion_invalid", rows=3)),
    ("denied-burst", refused(20, "role_missing", rows=2, event="operator.refused")),
    ("misconfigured", refused(1, "vault_refused", event="operator.refused")),
    ("misconfigured", refused(1, "vault_refused")),
    ("misconfigured", [proof("broken")]),
    ("misconfigured", [a_run({"application": "misconfigured"})]),
    ("misconfigured", [said("customers.run", {"reasons": ["results_refused"]})]),
    ("misconfigured", [said("policy.document_invalid", {"document": "policy-1", "problem": "no JSON"})]),
    ("misconfigured", [trace("SettingsError: PUBLIC_URL is missing: it should be an address.")]),
    ("misconfigured", [trace("No job functions found. Try making your job classes and methods public.")]),
    ("proof-missing", [proof("lost")] * 2),
    ("server-errors", answered(5, "503")),
    ("timer-silent", []),
]
CALM = [
    ("consent-at-risk", [a_run(), proof("failing")]),
    ("credential-near-end", [a_run(), a_run({"credential_days_left": 31})]),
    ("credential-near-end", [a_run({"credential_days_left": 3}, hours_ago=1), a_run({"credential_days_left": 700})]),
    ("customers-failing", [said("customers.run", {"newly_failing": [], "failing": 7})]),
    ("customers-ending", [said("customers.run", NOTHING)]),
    ("check-silent", [said("customers.run", {}, hours_ago=25)]),
    ("denied-burst", refused(19, "not_permitted")),
    ("denied-burst", refused(19, "role_missing", rows=10, event="operator.refused")),
    ("denied-burst", refused(20, "consent_not_found", event="operator.refused")),
    ("denied-burst", refused(20, "new_consent_needed")),
    ("misconfigured", refused(1, "not_permitted")),
    ("misconfigured", [a_run(), proof("transient")]),
    ("misconfigured", [trace("a caller wrote SettingsError: and No job functions found")]),
    (
        "proof-missing",
        [
            proof("failing"),
            proof("proven", hours_ago=40),
        ],
    ),
    ("server-errors", answered(4, "503")),
    ("server-errors", answered(9, "404")),
    ("server-errors", answered(9, "503", "health")),
    ("timer-silent", [a_run()]),
]


@pytest.mark.parametrize(("alert", "rows"), ALARMING)
def test_what_an_alert_is_for_is_found(alert: str, rows: Rows) -> None:
    assert len(found(alert, rows)) == 1


@pytest.mark.parametrize(("alert", "rows"), CALM)
def test_what_is_nearly_so_is_not(alert: str, rows: Rows) -> None:
    assert found(alert, rows) == []


def test_each_alert_has_both() -> None:
    alerts = {path.stem for path in QUERIES.glob("*.kql")}
    assert {alert for alert, _ in ALARMING} == {alert for alert, _ in CALM} == alerts
