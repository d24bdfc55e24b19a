"""What the numbers of Entra ID mean: each known one its class, each unknown one what its OAuth error says."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.entra.aadsts_codes import CODES
from shared.entra import authority_errors
from shared.entra.authority_errors import in_customer_tenant, is_known_dead, is_of_registration, refusal
from shared.entra.errors import (
    ApplicationMisconfigured,
    ApplicationNotConsented,
    BlockedByTenantPolicy,
    DelegatedRightsMissing,
    NewConsentNeeded,
    ScopeRefused,
    ServiceMissing,
    TenantUnknown,
)
from shared.errors import AuthorityUnavailable, BrokerError

# From "Microsoft Entra authentication and authorization error codes" on Microsoft Learn, by what helps.
EXPIRED_OR_REVOKED = (
    *(70008, 700082, 700084, 70043, 50173, 50089, 50132, 50133, 70000, 65004, 50055, 50144, 700020),
    *(700007, 9002327),  # another client's, or a single-page application's
)
CONDITION_OF_THE_SIGN_IN = (
    *(50076, 50078, 50079, 50072, 50074, 50158, 50097, 53000, 53001, 53002, 53003, 53004, 53010, 53011),
    *(530003, 530032, 530035, 50131, 50057),
)
LOCKED_FOR_A_WHILE = (50053,)
NOT_CONSENTED = (90099, 700016, 65001, 90094, 90095)
NO_RIGHTS = (16003, 50020, 50034, 50105)
TENANT_POLICY = (500213, 500212, 530034)
NO_TENANT = (90002, 90038, 900382, 900432, 50049)
CUSTOMER_TENANT = (*NOT_CONSENTED, *NO_RIGHTS, *TENANT_POLICY, *NO_TENANT)
NO_SERVICE = (500011, 650052)
REGISTRATION = (
    *(7000215, 7000222, 70002, 700027, 700030, 50012, 500133, 50013, 700229, 7000218, 700025, 70001, 7000112),
    *(650057, 650056, 65005, 650054, 50194, 9001023, 135010),
    *(700211, 700212, 700213, 700024, 700023, 50027),  # the federated assertion
)
REQUEST = (900144, 90014, 9002313, 50011, 500112, 501481, 50147, 501491, 54005, 700005)
SCOPE = (70011, 28002, 28000, 28003, 700022, 50001)
TRANSIENT = (50033, 90006, 90012, 90024, 90033, 90055, 90090, 90091, 50087, 50088, 50166, 40010, 50196)
TABLE: dict[type[BrokerError], tuple[int, ...]] = {
    NewConsentNeeded: (*EXPIRED_OR_REVOKED, *CONDITION_OF_THE_SIGN_IN, *LOCKED_FOR_A_WHILE),
    ApplicationNotConsented: NOT_CONSENTED,
    DelegatedRightsMissing: NO_RIGHTS,
    BlockedByTenantPolicy: TENANT_POLICY,
    TenantUnknown: NO_TENANT,
    ServiceMissing: NO_SERVICE,
    ApplicationMisconfigured: (*REGISTRATION, *REQUEST),
    ScopeRefused: SCOPE,
    AuthorityUnavailable: TRANSIENT,
}
BY_ERROR = {
    "invalid_grant": NewConsentNeeded,
    "interaction_required": NewConsentNeeded,
    "login_required": NewConsentNeeded,
    "consent_required": ApplicationNotConsented,
    "invalid_client": ApplicationMisconfigured,
    "unauthorized_client": ApplicationMisconfigured,
    "invalid_request": ApplicationMisconfigured,
    "unsupported_grant_type": ApplicationMisconfigured,
    "invalid_resource": ScopeRefused,
    "invalid_scope": ScopeRefused,
    "temporarily_unavailable": AuthorityUnavailable,
    "server_error": AuthorityUnavailable,
}
UNKNOWN = 99999999


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in TABLE.items() for code in codes])
def test_a_known_number_means_the_same_whatever_its_oauth_error(kind: type[BrokerError], code: int) -> None:
    """50076 was seen both as invalid_grant and as interaction_required."""
    for error in ("invalid_grant", "invalid_request", "unheard_of"):
        told = refusal({"error": error, "error_codes": [code]})
        assert type(told) is kind
        assert told.authority_code == code


@pytest.mark.parametrize(("error", "kind"), BY_ERROR.items())
@pytest.mark.parametrize("codes", [[UNKNOWN], [], None, "50173", 50173, {"50173": 1}, ["50173"]])
def test_an_unknown_number_falls_back_on_the_oauth_error(error: str, kind: type[BrokerError], codes: object) -> None:
    told = refusal({"error": error, "error_codes": codes})
    assert type(told) is kind
    assert told.authority_code == (UNKNOWN if codes == [UNKNOWN] else None)


@pytest.mark.parametrize("answer", [{}, {"error": None}, {"error": "unheard_of"}, {"error": ["invalid_grant"]}])
def test_what_nobody_knows_is_worth_another_try_and_ends_no_consent(answer: dict[str, Any]) -> None:
    assert type(refusal(answer)) is AuthorityUnavailable


def test_the_texts_of_the_authority_are_never_read_and_never_passed_on() -> None:
    """They hold names and addresses, and change from one day to the next."""
    text = "AADSTS50173: The grant has expired. Trace ID: 1 Correlation ID: 2"
    told = refusal({"error": "invalid_scope", "error_description": text, "error_codes": [UNKNOWN], "suberror": text})
    assert type(told) is ScopeRefused
    assert text not in told.description
    assert f"(AADSTS{UNKNOWN})" in told.description


def test_a_passing_trouble_beside_a_lasting_one_ends_no_consent() -> None:
    assert type(refusal({"error": "invalid_grant", "error_codes": [50173, 90033]})) is AuthorityUnavailable
    assert type(refusal({"error": "invalid_grant", "error_codes": [50173, 7000222]})) is ApplicationMisconfigured


def test_how_long_to_wait_is_kept() -> None:
    assert refusal({"error": "temporarily_unavailable"}, retry_after=7).retry_after == 7


def test_no_number_stands_in_two_sets() -> None:
    names = ("DEAD", "CONDITION", "PASSING", "TENANT", "REGISTRATION", "REQUEST", "SCOPE", "NO_SERVICE", "TRANSIENT")
    sets: dict[str, frozenset[int]] = {name: getattr(authority_errors, name) for name in names}
    assert not [(one, other) for one, other in combinations(names, 2) if sets[one] & sets[other]]
    assert all(sets.values())


def test_every_number_the_product_knows_is_in_this_table() -> None:
    known = {code for codes, _ in authority_errors._BY_CODE for code in codes}
    extra = {700236}  # no more than 20 federated credentials
    assert known - extra == {code for codes in TABLE.values() for code in codes}


def test_only_certain_death_is_known_as_such() -> None:
    """A consent that is called lost brings somebody out of bed: an unknown number waits for more evidence."""
    for kind, codes in TABLE.items():
        for code in codes:
            certain = kind is NewConsentNeeded and code not in LOCKED_FOR_A_WHILE
            assert is_known_dead(refusal({"error": "invalid_grant", "error_codes": [code]})) is certain, code
    assert not is_known_dead(refusal({"error": "invalid_grant", "error_codes": [UNKNOWN]}))
    assert not is_known_dead(refusal({"error": "interaction_required"}))


def test_a_wrong_registration_is_told_apart_from_a_wrong_request() -> None:
    assert all(is_of_registration(refusal({"error": "x", "error_codes": [code]})) for code in REGISTRATION)
    others = (*REQUEST, *SCOPE, *TRANSIENT, *EXPIRED_OR_REVOKED, UNKNOWN)
    assert not any(is_of_registration(refusal({"error": "x", "error_codes": [code]})) for code in others)


def test_a_condition_in_a_customers_tenant_is_that_customers_and_ends_no_consent() -> None:
    for code in (*CONDITION_OF_THE_SIGN_IN, *LOCKED_FOR_A_WHILE):
        there = in_customer_tenant(refusal({"error": "invalid_grant", "error_codes": [code]}))
        assert type(there) is BlockedByTenantPolicy
        assert there.authority_code == code
    for code in (*EXPIRED_OR_REVOKED, *CUSTOMER_TENANT, *REGISTRATION, *SCOPE, *TRANSIENT, UNKNOWN):
        same = refusal({"error": "invalid_grant", "error_codes": [code]})
        assert in_customer_tenant(same) is same


def test_what_the_stand_in_can_say_is_what_the_product_knows() -> None:
    """But for what only a sign-in page, a device code or a client of another kind is ever told."""
    known = {code for codes, _ in authority_errors._BY_CODE for code in codes}
    told_to_others = {70003, 70005, 50058, 70016, 70018, 70019, 1002012, 50126, 900971, 50059, 50128}
    assert set(CODES) - known <= told_to_others


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["error", "error_codes", "suberror", "claims"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=4),
    )
)
def test_any_answer_is_some_error_of_the_tree(answer: dict[str, Any]) -> None:
    assert isinstance(refusal(answer), tuple(TABLE))


@pytest.mark.parametrize("body", [{"error": "invalid_request"}, {"error": "invalid_client", "error_codes": [7000222]}])
def test_whoever_is_throttled_comes_back_later_whatever_the_body_says(body: dict[str, Any]) -> None:
    error = refusal(body, retry_after=7, throttled=True)
    assert isinstance(error, AuthorityUnavailable)
    assert error.retry_after == 7
