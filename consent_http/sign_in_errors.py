"""What the authority's word on a sign-in means to the person who signs in, and what that person can do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from shared.entra.authority_errors import (
    CONDITION,
    NO_RIGHTS,
    NOT_CONSENTED,
    REGISTRATION,
    TENANT_POLICY,
    TRANSIENT,
    is_of_registration,
)
from shared.entra.errors import ApplicationMisconfigured
from shared.entra.sign_in_refusals import (
    AccountNotAdmitted,
    AdminApprovalNeeded,
    ConditionalAccessBlocked,
    SignInDeclined,
    SignInFailed,
)
from shared.errors import AuthorityUnavailable, BrokerError, Unavailable

DECLINED = frozenset({65004})
# In a refresh a condition on the consent; to whoever signs in, the account itself.
DISABLED = frozenset({50057})
# The code is spent: by another tab, or by a request whose answer was lost.
REDEEMED = 54005
LONGEST_CODE = 9
_BY_CODE: tuple[tuple[frozenset[int], type[BrokerError]], ...] = (
    (NOT_CONSENTED, AdminApprovalNeeded),
    (NO_RIGHTS | DISABLED, AccountNotAdmitted),
    (CONDITION | TENANT_POLICY, ConditionalAccessBlocked),
    (DECLINED, SignInDeclined),
    # Nothing that the person could mend.
    (TRANSIENT, AuthorityUnavailable),
    (REGISTRATION, ApplicationMisconfigured),
)
# RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
_BY_ERROR: Mapping[str, type[BrokerError]] = {
    "consent_required": AdminApprovalNeeded,
    "interaction_required": ConditionalAccessBlocked,
    "temporarily_unavailable": AuthorityUnavailable,
}
# What Entra ID calls a cancel, and with a number much else.
DENIED = "access_denied"


def sign_in_refusal(error: str, code: int | None) -> BrokerError:
    """What an OAuth error means to the person, refined by the AADSTS number if there is one."""
    known = next((kind for codes, kind in _BY_CODE if code in codes), None)
    otherwise = SignInDeclined if error == DENIED and code is None else SignInFailed
    kind = known or _BY_ERROR.get(error, otherwise)
    return kind(authority_code=code)


def code_of(unverified_response: Mapping[str, str]) -> int | None:
    """The AADSTS number of a refused authorization, out of its `error_uri`; its texts are never read."""
    try:
        given = parse_qs(urlsplit(unverified_response.get("error_uri", "")).query).get("code", [""])[0]
    except ValueError:
        return None
    return int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_CODE else None


@contextmanager
def refusals_of_the_authority() -> Iterator[None]:
    """Tell the person what the authority said of this sign-in, not what it would mean for a stored consent."""
    try:
        yield
    except Unavailable:
        raise
    except BrokerError as error:
        if is_of_registration(error):
            raise  # nothing that the person could mend
        raise sign_in_refusal("", error.authority_code) from error
