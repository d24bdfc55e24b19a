"""Whom a failure concerns: every error that a customer's route can answer is one's, everybody's, or for later."""

import pytest

from scripts.tables import every_error
from shared.customers.concerns import CUSTOMER, EVERYBODY, LATER, concerns
from shared.errors import BrokerError

ONE = {
    *("customer_tenant_refused", "application_not_consented", "application_disabled", "delegated_rights_missing"),
    *("blocked_by_tenant_policy", "tenant_unknown", "scope_refused", "service_missing", "application_refused"),
    *("partner_center_refused", "partner_center_rejected", "customer_unknown", "graph_refused"),
    *(
        "grants_unseen",
        "plan_outdated",
        "customer_without_grants",
        "customer_excluded",
        "customer_offboarded",
        "scopes_missing",
        "delegated_role_missing",
        "app_roles_missing",
        "app_role_unknown",
        "role_assignment_refused",
        "roles_unmanaged",
    ),
}
ERRORS = {kind.code: kind for kind in every_error()}


@pytest.mark.parametrize("code", sorted(ONE))
def test_one_customers_own_trouble_stops_no_other(code: str) -> None:
    assert concerns(ERRORS[code]()) == CUSTOMER


@pytest.mark.parametrize(
    "code",
    [
        "partner_center_mfa_missing",
        "partner_center_token_refused",
        "application_grants_invalid",
        "application_misconfigured",
        "new_consent_needed",
        "consent_withdrawn",
        "account_refused",
        "home_consent_missing",
        "role_missing",
        "invalid_request",
        "relationships_unseen",
    ],
)
def test_what_the_next_customer_would_meet_too_is_everybodys(code: str) -> None:
    assert concerns(ERRORS[code]()) == EVERYBODY


def test_a_number_that_nobody_knows_may_be_of_one_tenant_and_stops_no_other() -> None:
    blamed = ERRORS["application_misconfigured"]
    assert concerns(blamed(authority_code=99999999)) == CUSTOMER
    assert concerns(blamed(authority_code=7000222)) == EVERYBODY


@pytest.mark.parametrize("code", ["partner_center_unavailable", "graph_unavailable", "authority_unavailable"])
def test_what_may_pass_is_for_later(code: str) -> None:
    assert concerns(ERRORS[code]()) == LATER


def test_no_other_error_is_said_to_be_one_customers() -> None:
    """What nobody has thought of stops the work: a thousand requests in vain are worse than one repeat."""
    found = {code for code, kind in ERRORS.items() if concerns(kind()) == CUSTOMER}
    assert found == ONE
    assert concerns(BrokerError()) == EVERYBODY
