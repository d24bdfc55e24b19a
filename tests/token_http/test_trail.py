"""The audit record of a token decision: every field, whatever the outcome, and never a token."""

import json
import logging
from typing import Any

import pytest

from shared.audit import fingerprint
from shared.entra.errors import CustomerTenantRefused
from shared.entra.tokens import AccessToken
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, NOON, caller, request
from token_http.message import Issued
from token_http.policy import Decision
from token_http.refusals import NotPermitted
from token_http.trail import LONGEST_TENANT, Trail

SECRET = "access-token-that-nobody-may-read"
CLAIMS = '{"access_token": {"acrs": {"value": "claims-that-nobody-needs"}}}'
DECISION = Decision(permission="policy-1[0] reports", tenant_id=CONTOSO_ID)
ASKED_FIELDS = {
    "dialect",
    "event",
    "outcome",
    "caller",
    "caller_application",
    "permission",
    "as",
    "consent",
    "tenant",
    "tenant_asked",
    "resource",
    "duration_ms",
    "correlation_id",
}
REFUSED_FIELDS = {*ASKED_FIELDS, "authority_code", "address", "count"}


def trail(tenant: str = "contoso", decision: Decision | None = DECISION) -> Trail:
    asked = request(tenant, claims=CLAIMS)
    return Trail(dialect="plain", caller=caller(), request=asked, correlation="correlation-1", decision=decision)


def issued(*, from_cache: bool = False) -> Issued:
    token = AccessToken(
        token=SECRET, expires_on=NOON, scope="https://graph.microsoft.com/User.Read", tenant_id=CONTOSO_ID
    )
    return Issued(
        token=token,
        account="ada@fabrikam.example",
        is_home=False,
        resource="https://graph.microsoft.com",
        lineage="l1",
        permission="policy-1[0]",
        from_cache=from_cache,
    )


@pytest.fixture
def audit(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "broker.audit")
    return caplog


def only(audit: pytest.LogCaptureFixture) -> dict[str, Any]:
    (line,) = audit.messages
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("from_cache", [True, False])
def test_an_issued_token_leaves_a_complete_record(audit: pytest.LogCaptureFixture, *, from_cache: bool) -> None:
    trail().issued(issued(from_cache=from_cache))
    found = only(audit)
    assert set(found) == ASKED_FIELDS | {"lineage", "scope", "roles", "compared", "from_cache", "token_sha256"}
    assert found.pop("duration_ms") >= 0
    assert found == {
        "event": "token.issued",
        "outcome": "issued",
        "dialect": "plain",
        "caller": CALLER_ID,
        "caller_application": "ffff0000-0000-4000-8000-000000000001",
        "permission": "policy-1[0] reports",
        "as": "user",
        "consent": "partner",
        "tenant": CONTOSO_ID,
        "tenant_asked": "contoso",
        "resource": "https://graph.microsoft.com",
        "correlation_id": "correlation-1",
        "lineage": "l1",
        "scope": "https://graph.microsoft.com/User.Read",
        "roles": None,
        "compared": "",
        "from_cache": from_cache,
        "token_sha256": fingerprint(SECRET),
    }


def test_a_request_that_the_policy_refused_leaves_what_was_asked_and_nothing_that_was_resolved(
    audit: pytest.LogCaptureFixture,
) -> None:
    trail(decision=None).refused(NotPermitted())
    found = only(audit)
    assert set(found) == REFUSED_FIELDS
    assert (found["event"], found["outcome"]) == ("token.refused", "not_permitted")
    assert (found["tenant"], found["permission"], found["tenant_asked"]) == (None, None, "contoso")


def test_a_request_that_the_authority_refused_leaves_its_number_and_the_permission(
    audit: pytest.LogCaptureFixture,
) -> None:
    trail().refused(CustomerTenantRefused(authority_code=65001))
    found = only(audit)
    assert (found["outcome"], found["authority_code"]) == ("customer_tenant_refused", 65001)
    assert (found["tenant"], found["permission"]) == (CONTOSO_ID, "policy-1[0] reports")


def test_no_record_holds_a_token_or_claims(audit: pytest.LogCaptureFixture) -> None:
    trail().issued(issued())
    trail().refused(NotPermitted())
    assert len(audit.messages) == 2
    assert SECRET not in audit.text
    assert "claims-that-nobody-needs" not in audit.text


def test_whatever_a_caller_writes_stays_one_short_line(audit: pytest.LogCaptureFixture) -> None:
    """A caller must not write records of its own into the trail, nor fill it."""
    trail("contoso\n" + '{"event": "token.issued"}' + "\ud800" * 5000, decision=None).refused(NotPermitted())
    (line,) = audit.messages
    assert "\n" not in line
    assert line.isascii()
    assert len(json.loads(line)["tenant_asked"]) == LONGEST_TENANT
