"""What Partner Center's refusals mean: by status first, then by its own code; of its texts, one alone is known."""

import re

import requests

from shared.customers.errors import (
    CustomerUnknown,
    PartnerCenterMfaMissing,
    PartnerCenterRefused,
    PartnerCenterRejected,
    PartnerCenterTokenRefused,
)
from shared.errors import BrokerError

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
# The person has to sign in with MFA (learn: partner-center/developer/error-codes).
MFA_MISSING = "900421"
# The service has no code for it: clients of all kinds know it by this sentence.
ALREADY_EXISTS = "permission entry already exists"
CODE = re.compile(r"[0-9A-Za-z]{1,40}")


def refusal(answer: requests.Response) -> BrokerError:
    """The error of the tree for an answer that is neither a success nor passing."""
    code = _told(answer, "code")
    known = code if CODE.fullmatch(code) else ""
    return _kind(answer, known)(f"(HTTP {answer.status_code}{f', code {known}' if known else ''})")


def already_exists(answer: requests.Response) -> bool:
    """Whether it says that the application has a consent to this API."""
    return ALREADY_EXISTS in _told(answer, "description").lower() or ALREADY_EXISTS in _told(answer, "message").lower()


def _kind(answer: requests.Response, code: str) -> type[BrokerError]:
    if answer.status_code == UNAUTHORIZED:
        return PartnerCenterMfaMissing if code == MFA_MISSING else PartnerCenterTokenRefused
    # Only a change names one customer: a list that is refused or not found is another matter.
    if answer.request.method == "GET" or answer.status_code == FORBIDDEN:
        return PartnerCenterRefused
    return CustomerUnknown if answer.status_code == NOT_FOUND else PartnerCenterRejected


def _told(answer: requests.Response, field: str) -> str:
    """A field of the refusal; "" where the body is empty, HTML, or of another form."""
    try:
        return str(answer.json()[field])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
