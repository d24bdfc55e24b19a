"""Whose fault an error is: every error of the tree that the authority can cause has one word, and the right one."""

import pytest

from shared.customers.errors import DelegatedRoleMissing, ScopesMissing
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.errors import AnswerMismatched
from shared.entra.place import Place
from shared.entra.whose_fault import (
    APPLICATION,
    BROKER,
    CALLER,
    CONSENT,
    CUSTOMER,
    LATER,
    MISMATCH,
    PERSON,
    whose_fault,
)
from shared.errors import BrokerError, IdentityUnavailable
from shared.vault_errors import VaultRefused


@pytest.mark.parametrize(
    ("error", "code", "place", "whose"),
    [
        ("invalid_grant", 700082, Place.CUSTOMER, CONSENT),
        ("invalid_grant", 53011, Place.CUSTOMER, PERSON),
        ("invalid_grant", 50076, Place.CUSTOMER, CUSTOMER),
        ("invalid_grant", 50076, Place.HOME, CONSENT),
        ("invalid_grant", 999_999, Place.CUSTOMER, CUSTOMER),
        ("consent_required", 65001, Place.CUSTOMER, CUSTOMER),
        ("consent_required", 65001, Place.HOME, APPLICATION),
        ("invalid_resource", 500011, Place.CUSTOMER, CUSTOMER),
        ("invalid_scope", 70011, Place.CUSTOMER, CALLER),
        ("invalid_client", 7000215, Place.CUSTOMER, APPLICATION),
        ("invalid_client", 650052, Place.CUSTOMER, CUSTOMER),
        ("unauthorized_client", 999_999, Place.CUSTOMER, APPLICATION),
        ("temporarily_unavailable", 90055, Place.CUSTOMER, LATER),
    ],
)
def test_what_the_authority_says_is_somebodys(error: str, code: int, place: Place, whose: str) -> None:
    assert whose_fault(judge(ErrorAnswer(tenant_id="tenant", error=error, codes=(code,)), place)) == whose


@pytest.mark.parametrize(
    ("error", "whose"),
    [
        (ScopesMissing("User.Read"), CUSTOMER),
        (DelegatedRoleMissing(), CUSTOMER),
        (AnswerMismatched(), MISMATCH),
        (IdentityUnavailable(), LATER),
        (VaultRefused(), BROKER),
        (BrokerError(), BROKER),
    ],
)
def test_so_is_what_the_broker_finds(error: BrokerError, whose: str) -> None:
    assert whose_fault(error) == whose
