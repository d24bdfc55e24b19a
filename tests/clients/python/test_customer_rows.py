"""Which failures end a run through customers, and which are one row of it."""

import pytest

from partner_token.customer_rows import row_of, stops
from partner_token.exit_codes import DONE, NOT_ALLOWED, PERSON
from partner_token.failures import Failure


@pytest.mark.parametrize(("code", "concerns"), [("consent_withdrawn", "everybody"), ("", "")])
def test_a_run_ends_at_what_the_next_customer_would_meet_too(code: str, concerns: str) -> None:
    """No code: nobody answered."""
    assert stops(Failure(exit_code=PERSON, says="", code=code, concerns=concerns))


@pytest.mark.parametrize(
    ("code", "concerns"),
    [
        ("delegated_rights_missing", "customer"),
        ("partner_center_unavailable", "later"),
        ("invalid_request", "everybody"),
    ],
)
def test_one_customers_own_trouble_ends_no_run(code: str, concerns: str) -> None:
    """An id that was mistyped is its own row's."""
    assert not stops(Failure(exit_code=PERSON, says="", code=code, concerns=concerns))


def test_a_broker_that_does_not_say_whom_it_concerns_still_ends_it_for_whoever_is_not_allowed() -> None:
    assert stops(Failure(exit_code=NOT_ALLOWED, says="", code="role_missing"))
    assert not stops(Failure(exit_code=PERSON, says="", code="delegated_rights_missing"))


def test_a_service_that_is_not_there_is_no_failure() -> None:
    missing = {
        "resource": "exchange",
        "missing": ["Exchange.Manage"],
        "remedy": "Get it.",
        "outcome": "service_missing",
    }
    row = row_of("t", {"outcome": "unchanged", "complete": True, "grants": [missing]})
    assert (row.exit_code, row.detail) == (DONE, "lacks exchange: Exchange.Manage; Get it.")


def test_one_api_that_was_refused_makes_the_row_fail() -> None:
    refused = {"resource": "arm", "missing": ["user_impersonation"], "remedy": "Ask.", "outcome": "refused"}
    row = row_of("t", {"outcome": "refused", "complete": False, "grants": [refused]})
    assert row.exit_code == PERSON


def test_which_gdap_role_is_lacking_to_assign_roles_is_told_in_the_brokers_own_words() -> None:
    refused = {
        "resource": "graph",
        "missing": ["Mail.Read"],
        "there": [],
        "added": [],
        "outcome": "refused",
        "error": "role_assignment_refused",
        "remedy": "Give the person's security group, by GDAP, Privileged Role Administrator.",
        "act": {"name": "customer.relationship", "parameters": {"tenant": "t"}},
    }
    row = row_of("t", {"outcome": "refused", "complete": False, "grants": [], "roles": [refused]})
    assert row.detail == f"lacks graph roles: Mail.Read; {refused['remedy']}"
