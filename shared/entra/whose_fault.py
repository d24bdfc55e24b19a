"""Whose fault an error is, in one word: who has to act on it (docs/decisions/whose-fault.md)."""

from shared.entra.errors import (
    AccountRefused,
    AnswerMismatched,
    ApplicationMisconfigured,
    ApplicationRefused,
    CustomerTenantRefused,
    ScopeRefused,
    ServiceMissing,
)
from shared.entra.home_errors import HomeTenantRefused
from shared.errors import BrokerError, ConsentUnusable, InvalidRequest

NOBODY, CUSTOMER, CONSENT, PERSON, APPLICATION = "", "customer", "consent", "person", "application"
CALLER, LATER, MISMATCH, BROKER = "caller", "later", "mismatch", "broker"

# The first that fits: each of the former is a kind of the latter.
_WHOSE: tuple[tuple[type[BrokerError], str], ...] = (
    (AccountRefused, PERSON),
    (ConsentUnusable, CONSENT),
    (CustomerTenantRefused, CUSTOMER),
    (ServiceMissing, CUSTOMER),
    (ScopeRefused, CALLER),
    (InvalidRequest, CALLER),
    (HomeTenantRefused, APPLICATION),
    (ApplicationMisconfigured, APPLICATION),
    (ApplicationRefused, APPLICATION),
    (AnswerMismatched, MISMATCH),
)


def whose_fault(error: BrokerError) -> str:
    """The word; `later` for what passes by itself, `broker` for all that is nobody's beyond the broker."""
    known = next((word for kind, word in _WHOSE if isinstance(error, kind)), None)
    return known or (LATER if error.transient else BROKER)
