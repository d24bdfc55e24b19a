"""Whose fault a refusal of Entra ID is: for each error, number and place whom it names, and what it never touches."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.entra.aadsts_codes import CODES
from shared.entra import aadsts
from shared.entra.aadsts import DEAD, MEANINGS, TABLE
from shared.entra.authority_errors import (
    ERRORS,
    ErrorAnswer,
    is_known_dead,
    is_of_application,
    is_of_credential,
    judge,
    may_be_of_credential,
)
from shared.entra.errors import (
    AccountRefused,
    ApplicationDisabled,
    ApplicationMisconfigured,
    ApplicationNotConsented,
    ApplicationRefused,
    BlockedByHomePolicy,
    BlockedByTenantPolicy,
    CredentialMissing,
    CustomerTenantRefused,
    DelegatedRightsMissing,
    NewConsentNeeded,
    ScopeRefused,
    ServiceMissing,
    TenantUnknown,
)
from shared.entra.home_errors import HomeConsentMissing, HomeTenantRefused, HomeTenantUnknown, PersonNotAssigned
from shared.entra.place import Place
from shared.entra.sign_in_refusals import (
    AccountNotAdmitted,
    AdminApprovalNeeded,
    ConditionalAccessBlocked,
    SignInDeclined,
    SignInRefused,
    SignInSpent,
)
from shared.errors import AuthorityUnavailable, BrokerError

SIGN_IN, HOME, CUSTOMER = Place.SIGN_IN, Place.HOME, Place.CUSTOMER
TENANT = "bbbb0000-1111-4222-8333-444444440001"
UNLISTED = 99999999
ANY_ERROR = (*ERRORS, "temporarily_unavailable", "server_error", "unheard_of", "")


def judged(error: str, *codes: int, place: Place, **how: Any) -> BrokerError:  # noqa: ANN401 - fields of an answer
    return judge(ErrorAnswer(tenant_id=TENANT, error=error, codes=codes, **how), place)


# What the field reports: an error, its number, where it was said, and the error that names who is to act.
REPORTED: list[tuple[str, int | None, Place, type[BrokerError]]] = [
    # The refresh token is dead wherever that is said.
    *(("invalid_grant", code, CUSTOMER, NewConsentNeeded) for code in (700082, 70008, 700084, 50173, 700007)),
    *(("invalid_grant", code, HOME, NewConsentNeeded) for code in (700082, 70008, 700084, 50173, 700007)),
    ("invalid_request", 9002327, CUSTOMER, NewConsentNeeded),
    ("invalid_request", 9002327, HOME, NewConsentNeeded),
    # What ends a consent at home is that customer's own condition elsewhere.
    ("invalid_grant", 70043, HOME, NewConsentNeeded),
    ("invalid_grant", 70043, CUSTOMER, BlockedByTenantPolicy),
    ("interaction_required", 50076, HOME, NewConsentNeeded),
    ("interaction_required", 50076, CUSTOMER, BlockedByTenantPolicy),
    ("access_denied", 53003, HOME, BlockedByHomePolicy),
    ("invalid_grant", 53003, CUSTOMER, BlockedByTenantPolicy),
    *(("invalid_grant", code, HOME, NewConsentNeeded) for code in (50132, 50133, 50089, 70000, 700020)),
    *(("invalid_grant", code, CUSTOMER, CustomerTenantRefused) for code in (50132, 50133, 50089, 70000, 700020)),
    ("invalid_grant", 700003, HOME, NewConsentNeeded),
    ("invalid_grant", 700003, CUSTOMER, BlockedByTenantPolicy),
    # The person is not in that tenant, or passes through it.
    ("invalid_grant", 50177, CUSTOMER, DelegatedRightsMissing),
    ("interaction_required", 50178, CUSTOMER, DelegatedRightsMissing),
    ("invalid_grant", 90072, CUSTOMER, DelegatedRightsMissing),
    ("invalid_grant", 50034, CUSTOMER, DelegatedRightsMissing),
    ("invalid_grant", 50020, CUSTOMER, DelegatedRightsMissing),
    ("invalid_grant", 50105, CUSTOMER, DelegatedRightsMissing),
    ("invalid_grant", 50126, CUSTOMER, CustomerTenantRefused),
    ("invalid_grant", None, CUSTOMER, CustomerTenantRefused),
    ("interaction_required", UNLISTED, CUSTOMER, CustomerTenantRefused),
    ("invalid_grant", None, HOME, NewConsentNeeded),
    # The person's own account, wherever that is said.
    *(("invalid_grant", code, CUSTOMER, AccountRefused) for code in (53011, 530034, 50144, 50055, 50053)),
    *(("invalid_grant", code, HOME, AccountRefused) for code in (53011, 530034, 50144, 50055, 50053)),
    ("invalid_grant", 50034, HOME, AccountRefused),
    ("invalid_grant", 50057, HOME, AccountRefused),
    # The application's consent.
    ("invalid_grant", 65001, CUSTOMER, ApplicationNotConsented),
    ("consent_required", UNLISTED, CUSTOMER, ApplicationNotConsented),
    ("invalid_grant", 65001, HOME, HomeConsentMissing),
    ("consent_required", None, HOME, HomeConsentMissing),
    ("invalid_grant", 50105, HOME, PersonNotAssigned),
    ("access_denied", UNLISTED, HOME, HomeTenantRefused),
    ("access_denied", UNLISTED, CUSTOMER, CustomerTenantRefused),
    # The application in the tenant: switched off, not installed.
    ("unauthorized_client", 7000112, CUSTOMER, ApplicationDisabled),
    ("unauthorized_client", 7000112, HOME, ApplicationMisconfigured),
    ("invalid_client", 7000229, CUSTOMER, ApplicationNotConsented),
    ("unauthorized_client", 7000229, HOME, ApplicationMisconfigured),
    ("invalid_client", 700016, CUSTOMER, ApplicationNotConsented),
    ("unauthorized_client", 700016, HOME, ApplicationMisconfigured),
    ("invalid_client", 650051, CUSTOMER, CustomerTenantRefused),
    # The service in the tenant.
    ("invalid_resource", 500014, CUSTOMER, ServiceMissing),
    ("invalid_resource", 500011, CUSTOMER, ServiceMissing),
    ("invalid_client", 650052, CUSTOMER, ServiceMissing),
    ("invalid_resource", 500011, HOME, ScopeRefused),
    ("invalid_resource", UNLISTED, CUSTOMER, CustomerTenantRefused),
    # The request.
    ("invalid_client", 650053, CUSTOMER, ScopeRefused),
    ("invalid_client", 70011, CUSTOMER, ScopeRefused),
    ("invalid_scope", 70011, CUSTOMER, ScopeRefused),
    ("invalid_scope", UNLISTED, HOME, ScopeRefused),
    # The tenant's id.
    ("invalid_request", 90002, CUSTOMER, TenantUnknown),
    ("invalid_request", 90002, HOME, HomeTenantUnknown),
    # The application's credential and registration.
    *(("invalid_client", code, HOME, ApplicationMisconfigured) for code in (700222, 7000216, 7002138, 7000222)),
    *(("invalid_client", code, CUSTOMER, ApplicationMisconfigured) for code in (700222, 7000215, UNLISTED)),
    ("invalid_client", None, HOME, ApplicationMisconfigured),
    *((error, UNLISTED, HOME, ApplicationRefused) for error in ("invalid_request", "unauthorized_client")),
    *((error, UNLISTED, CUSTOMER, ApplicationRefused) for error in ("invalid_request", "unauthorized_client")),
    # Later.
    ("temporarily_unavailable", 90033, CUSTOMER, AuthorityUnavailable),
    ("invalid_grant", 50196, CUSTOMER, AuthorityUnavailable),
    ("server_error", 50173, HOME, AuthorityUnavailable),
    # At a sign-in.
    ("invalid_grant", 54005, SIGN_IN, SignInSpent),
    ("access_denied", 65004, SIGN_IN, SignInDeclined),
    ("access_denied", None, SIGN_IN, SignInDeclined),
    ("access_denied", 53003, SIGN_IN, ConditionalAccessBlocked),
    ("access_denied", 90094, SIGN_IN, AdminApprovalNeeded),
    ("invalid_grant", 50020, SIGN_IN, AccountNotAdmitted),
    ("invalid_request", 50011, SIGN_IN, ApplicationMisconfigured),
    ("invalid_client", 650053, SIGN_IN, ApplicationMisconfigured),
    ("invalid_scope", 70011, SIGN_IN, ApplicationMisconfigured),
]


@pytest.mark.parametrize(("error", "code", "place", "kind"), REPORTED, ids=str)
def test_what_is_reported_from_the_field_names_who_is_to_act(
    error: str, code: int | None, place: Place, kind: type[BrokerError]
) -> None:
    told = judged(error, *(() if code is None else (code,)), place=place)
    assert (type(told), told.authority_code) == (kind, code)


@pytest.mark.parametrize("code", sorted(MEANINGS))
@pytest.mark.parametrize("place", Place)
def test_a_listed_number_means_the_same_under_every_error_of_a_grant(place: Place, code: int) -> None:
    """50076 was seen both as invalid_grant and as interaction_required."""
    kind = MEANINGS[code].at(place)
    for error in ("invalid_grant", "interaction_required", "access_denied", "unheard_of"):
        told = judged(error, code, place=place)
        assert told.authority_code == code
        assert kind is None or type(told) is kind


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("error", ANY_ERROR)
def test_a_number_that_is_not_listed_for_the_place_leaves_the_decision_to_the_error(error: str, place: Place) -> None:
    nowhere = [code for code, meaning in MEANINGS.items() if meaning.at(place) is None]
    expected = type(judged(error, UNLISTED, place=place))
    assert all(type(judged(error, code, place=place)) is expected for code in nowhere)


# Several numbers.


def test_of_several_numbers_the_first_that_is_listed_for_that_place_decides() -> None:
    for codes, kind, number in (
        ((UNLISTED, 65001, 50173), ApplicationNotConsented, 65001),
        ((50173, 65001), NewConsentNeeded, 50173),
        ((50173, 90033), NewConsentNeeded, 50173),
        ((54005, 50076), BlockedByTenantPolicy, 50076),  # 54005 is listed for a sign-in alone
        ((UNLISTED, UNLISTED + 1), CustomerTenantRefused, UNLISTED),
    ):
        told = judged("invalid_grant", *codes, place=CUSTOMER)
        assert (type(told), told.authority_code) == (kind, number)
    assert type(judged("invalid_client", 50173, 650052, place=CUSTOMER)) is ServiceMissing


@pytest.mark.parametrize(
    "given_codes", [[], None, "50173", 50173, {"50173": 1}, ["50173"], [True], [None, [50173]], [-1, 0], [10**4000]]
)
def test_what_is_no_number_is_passed_over(given_codes: object) -> None:
    answer = ErrorAnswer.of({"error": "invalid_grant", "error_codes": given_codes}, tenant_id=TENANT)
    told = judge(answer, CUSTOMER)
    assert (type(told), told.authority_code) == (CustomerTenantRefused, None)


@pytest.mark.parametrize("answer", [{}, {"error": None}, {"error": "unheard_of"}, {"error": ["invalid_grant"]}])
@pytest.mark.parametrize("place", [HOME, CUSTOMER])
def test_what_nobody_knows_is_worth_another_try_and_ends_no_consent(answer: dict[str, Any], place: Place) -> None:
    assert type(judge(ErrorAnswer.of(answer, tenant_id=TENANT), place)) is AuthorityUnavailable


def test_the_texts_of_the_authority_are_never_read_and_never_passed_on() -> None:
    """They hold names and addresses, and change from one day to the next."""
    text = "AADSTS50173: The grant has expired. Trace ID: 1 Correlation ID: 2"
    answer = {"error": "invalid_scope", "error_description": text, "error_codes": [UNLISTED], "suberror": text}
    told = judge(ErrorAnswer.of(answer, tenant_id=TENANT), HOME)
    assert type(told) is ScopeRefused
    assert text not in told.description
    assert f"(AADSTS{UNLISTED})" in told.description


# The error decides first.


@pytest.mark.parametrize("place", Place)
def test_of_the_client_no_number_speaks_but_those_of_application_tenant_and_request(place: Place) -> None:
    listed = {650053, 70011, 650051, 650052, 7000229, 700016, 7000112}
    for code in set(MEANINGS) - listed - {UNLISTED}:
        assert type(judged("invalid_client", code, place=place)) is ApplicationMisconfigured, code
    elsewhere = {code for code in listed if type(judged("invalid_client", code, place=CUSTOMER)) is not ScopeRefused}
    blamed = {type(judged("invalid_client", code, place=CUSTOMER)) for code in elsewhere}
    assert blamed == {ApplicationNotConsented, ApplicationDisabled, CustomerTenantRefused, ServiceMissing}


@pytest.mark.parametrize("error", ["unauthorized_client", "invalid_request", "invalid_scope", "invalid_resource"])
def test_a_number_about_the_sign_in_ends_no_consent_beside_an_error_about_the_request(error: str) -> None:
    blaming = [code for code in MEANINGS if isinstance(judged(error, code, place=HOME), NewConsentNeeded)]
    assert set(blaming) == set(DEAD)


@pytest.mark.parametrize("error", ANY_ERROR)
@pytest.mark.parametrize("place", Place)
def test_whoever_is_throttled_comes_back_later_whatever_else_is_said(error: str, place: Place) -> None:
    for codes in ((), (50173,), (7000222,), (UNLISTED,)):
        told = judged(error, *codes, place=place, later=True, retry_after=7)
        assert (type(told), told.retry_after) == (AuthorityUnavailable, 7)


# A customer's tenant.


@pytest.mark.parametrize("error", ANY_ERROR)
def test_every_refusal_in_a_customers_tenant_names_that_tenant_and_what_to_do(error: str) -> None:
    for code in (*MEANINGS, UNLISTED):
        told = judged(error, code, place=CUSTOMER)
        assert TENANT in told.description
        assert told.remedy in told.description


@pytest.mark.parametrize(
    ("code", "place", "told"),
    [
        (50177, CUSTOMER, "guest"),
        (90072, CUSTOMER, "GDAP needs no guest"),
        (50020, CUSTOMER, "guest account of the same name"),
        (70043, CUSTOMER, "sign-in frequency"),
        (500014, CUSTOMER, "disabled"),
        (500014, CUSTOMER, "licence"),
        (50105, CUSTOMER, "assignment"),
        (500212, CUSTOMER, "outbound"),
        (500213, CUSTOMER, "inbound"),
        (700003, HOME, "device"),
        (70043, HOME, "sign-in frequency"),
        (65001, HOME, "admin consent"),
        (50034, HOME, "account"),
        (50105, HOME, "assigns"),
        (53003, HOME, "policy"),
        (90002, HOME, "AZURE_CLOUD"),
    ],
)
def test_what_to_look_at_is_said_for_the_number_where_the_place_makes_a_difference(
    code: int, place: Place, told: str
) -> None:
    assert told in judged("invalid_grant", code, place=place).description


def test_at_home_nobody_is_told_of_a_customer_and_in_a_customers_tenant_nobody_of_home() -> None:
    for code in (*MEANINGS, UNLISTED):
        for error in ERRORS:
            assert "customer" not in judged(error, code, place=HOME).description.lower(), (error, code)
            there = judged(error, code, place=CUSTOMER)
            assert not isinstance(there, HomeTenantRefused | BlockedByHomePolicy), (error, code)


# What the timer makes of home's word.


def test_only_what_lasts_by_its_number_is_known_to_be_dead() -> None:
    """A consent that is called lost brings somebody out of bed: the rest waits for more evidence."""
    certain = {code for code in MEANINGS if is_known_dead(judged("invalid_grant", code, place=HOME))}
    doubtful = {
        code
        for code in (*MEANINGS, UNLISTED)
        if isinstance(judged("invalid_grant", code, place=HOME), NewConsentNeeded | AccountRefused)
    } - certain
    assert certain >= {700082, 50173, 70043, 50076, 53003, 53011, 50055, 50144, 50057}
    # A lock and a risk may be cleared, devices came back in waves, and what is listed elsewhere says nothing here.
    assert doubtful == {50053, 530034, 50034, 50020, 16003, 700003, UNLISTED, *passed_over_at_home()}
    assert not is_known_dead(judged("interaction_required", place=HOME))


def passed_over_at_home() -> set[int]:
    return {code for code, meaning in MEANINGS.items() if meaning.home is None}


def test_what_every_consent_of_a_tenant_meets_is_told_apart_from_what_may_be_ones_own() -> None:
    alike = {code for code in MEANINGS if is_of_application(judged("invalid_client", code, place=HOME))}
    assert alike >= {7000215, 7000222, 650057, 700016, 7000112, 700222}
    assert is_of_application(judged("invalid_request", 90002, place=HOME))
    for error, code in (
        ("invalid_client", UNLISTED),
        ("invalid_request", UNLISTED),
        ("invalid_grant", 65001),
        ("invalid_grant", 50105),
        ("invalid_scope", 70011),
    ):
        assert not is_of_application(judged(error, code, place=HOME)), (error, code)


def test_a_credential_is_refused_by_its_number_and_perhaps_by_one_that_nobody_knows() -> None:
    for place in Place:
        by_number, unlisted = (judged("invalid_client", code, place=place) for code in (7000222, UNLISTED))
        assert (is_of_credential(by_number), may_be_of_credential(by_number)) == (True, True)
        assert (is_of_credential(unlisted), may_be_of_credential(unlisted)) == (False, True)
        assert may_be_of_credential(judged("invalid_client", 50173, place=place)), "listed for a grant alone"
        for error, code in (("invalid_client", 700222), ("invalid_request", UNLISTED), ("invalid_grant", 50173)):
            assert not may_be_of_credential(judged(error, code, place=place)), (error, code)
    assert is_of_credential(CredentialMissing())


# The table.


def rows() -> Iterator[tuple[frozenset[int], aadsts.Meaning]]:
    yield from TABLE.items()


def test_no_number_stands_in_two_rows() -> None:
    assert not [(one, other) for (one, _), (other, _) in combinations(rows(), 2) if one & other]
    assert all(numbers for numbers, _ in rows())


def test_from_a_customers_tenant_the_first_list_alone_asks_for_a_new_consent() -> None:
    asking = [numbers for numbers, meaning in rows() if issubclass(meaning.customer or BrokerError, NewConsentNeeded)]
    assert asking == [DEAD]
    assert not [error for error, meaning in ERRORS.items() if issubclass(meaning.customer or object, NewConsentNeeded)]


def test_what_the_stand_in_can_say_is_what_the_product_knows() -> None:
    """But for what only a sign-in page, a device code or a client of another kind is ever told."""
    told_to_others = {70003, 70005, 50058, 70016, 70018, 70019, 1002012, 50126, 900971, 50059, 50128}
    assert set(CODES) - set(MEANINGS) <= told_to_others


# Properties: whatever is said.

NUMBERS = st.one_of(st.sampled_from(sorted(MEANINGS)), st.integers(1, 10**9))
ANSWERS = st.builds(
    ErrorAnswer,
    tenant_id=st.just(TENANT),
    error=st.one_of(st.sampled_from(ANY_ERROR), st.text(max_size=12)),
    codes=st.lists(NUMBERS, max_size=4).map(tuple),
    later=st.booleans(),
    retry_after=st.none() | st.integers(0, 300),
)


@given(ANSWERS)
def test_whatever_a_customers_tenant_says_it_names_that_tenant_and_ends_nothing_but_the_dead(
    answer: ErrorAnswer,
) -> None:
    told = judge(answer, CUSTOMER)
    assert TENANT in told.description
    assert not isinstance(told, HomeTenantRefused | SignInRefused)
    if isinstance(told, NewConsentNeeded):
        assert told.authority_code in DEAD


@given(ANSWERS)
def test_whatever_home_says_an_unlisted_number_never_ends_a_consent_at_once(answer: ErrorAnswer) -> None:
    told = judge(answer, HOME)
    assert not isinstance(told, CustomerTenantRefused | SignInRefused)
    if not set(answer.codes) & set(MEANINGS):
        assert not is_known_dead(told)
        assert not is_of_application(told)
        assert not is_of_credential(told)


@given(ANSWERS, st.sampled_from(Place))
def test_whatever_is_said_the_first_listed_number_or_the_first_is_told_and_the_wait_is_kept(
    answer: ErrorAnswer, place: Place
) -> None:
    told = judge(answer, place)
    assert told.authority_code in {*answer.codes, None}
    assert (told.authority_code is None) == (not answer.codes)
    assert told.retry_after == answer.retry_after
    assert not answer.later or isinstance(told, AuthorityUnavailable)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["error", "error_codes", "suberror", "claims"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=4),
    ),
    st.sampled_from(Place),
)
def test_any_answer_is_some_error_of_the_tree(answer: dict[str, Any], place: Place) -> None:
    assert isinstance(judge(ErrorAnswer.of(answer, tenant_id=TENANT), place), BrokerError)
