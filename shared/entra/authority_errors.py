"""Whose fault a refusal of Entra ID is: OAuth's `error` and the place decide, the AADSTS numbers refine.

Texts are never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.entra.aadsts import (
    CREDENTIAL,
    LASTING,
    MEANINGS,
    NOT_OF_THE_CREDENTIAL,
    OF_THE_APPLICATION,
    OF_THE_CLIENT,
    OF_THE_SIGN_IN,
    Kind,
    Meaning,
)
from shared.entra.errors import (
    AccountRefused,
    ApplicationMisconfigured,
    ApplicationNotConsented,
    ApplicationRefused,
    CredentialMissing,
    CustomerTenantRefused,
    NewConsentNeeded,
    ScopeRefused,
)
from shared.entra.home_errors import HomeConsentMissing, HomeTenantRefused, HomeTenantUnknown
from shared.entra.place import Place
from shared.entra.sign_in_refusals import AdminApprovalNeeded, ConditionalAccessBlocked, SignInDeclined, SignInFailed
from shared.entra.what_to_look_at import what_to_look_at
from shared.errors import AuthorityUnavailable, BrokerError

BEYOND_NUMBERS = 10**9
LATER = frozenset({"temporarily_unavailable", "server_error"})
CLIENT, DENIED = "invalid_client", "access_denied"
# About the request, or about the client that makes it.
OF_THE_REQUEST = frozenset(
    {"unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_resource"}
)
_CONSENT = Meaning(SignInFailed, NewConsentNeeded, CustomerTenantRefused)
_UNLISTED = Meaning(ApplicationRefused, ApplicationRefused, ApplicationRefused)
ERRORS: Mapping[str, Meaning] = {
    # Unlisted: at a sign-in, at home, in a customer's tenant.
    "invalid_grant": _CONSENT,
    "login_required": _CONSENT,
    "interaction_required": Meaning(ConditionalAccessBlocked, NewConsentNeeded, CustomerTenantRefused),
    "consent_required": Meaning(AdminApprovalNeeded, HomeConsentMissing, ApplicationNotConsented),
    "invalid_resource": Meaning(SignInFailed, ScopeRefused, CustomerTenantRefused),
    DENIED: Meaning(SignInFailed, HomeTenantRefused, CustomerTenantRefused),
    "invalid_scope": Meaning(ApplicationMisconfigured, ScopeRefused, ScopeRefused),
    CLIENT: Meaning(ApplicationMisconfigured, ApplicationMisconfigured, ApplicationMisconfigured),
    "unauthorized_client": _UNLISTED,
    "invalid_request": _UNLISTED,
    "unsupported_grant_type": _UNLISTED,
}
# What nobody has heard of is worth another try, and ends no consent.
OTHERWISE = Meaning(SignInFailed, AuthorityUnavailable, AuthorityUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """What an OAuth error answer (RFC 6749 section 5.2) says; `codes` are its AADSTS numbers in their order.

    `later`: it came with HTTP 429 or a server's failure; `retry_after` in seconds.
    """

    tenant_id: str
    error: str
    codes: tuple[int, ...] = ()
    later: bool = False
    retry_after: int | None = None

    @classmethod
    def of(
        cls, answer: Mapping[str, Any], *, tenant_id: str, later: bool = False, retry_after: int | None = None
    ) -> Self:
        """From the answer's JSON; what is no number in `error_codes` is passed over."""
        given = answer.get("error_codes")
        numbers = [code for code in given if type(code) is int] if isinstance(given, list) else []
        codes = tuple(code for code in numbers if 0 < code < BEYOND_NUMBERS)
        error = str(answer.get("error"))
        return cls(tenant_id=tenant_id, error=error, codes=codes, later=later, retry_after=retry_after)


def judge(answer: ErrorAnswer, place: Place) -> BrokerError:
    """The error that an answer stands for in this place; it has the number that decided, or else the first."""
    kind, number = _meant(answer, place)
    error = kind(_detail(answer.tenant_id, number, place), authority_code=number, retry_after=answer.retry_after)
    return error.knowing(tenant=answer.tenant_id)


def _meant(answer: ErrorAnswer, place: Place) -> tuple[Kind, int | None]:
    first = answer.codes[0] if answer.codes else None
    if answer.later or answer.error in LATER:
        return AuthorityUnavailable, first
    for code in _refining(answer, place):
        kind = MEANINGS[code].at(place)
        if kind is not None:
            return kind, code
    return _of_error(answer, place), first


def _of_error(answer: ErrorAnswer, place: Place) -> Kind:
    if place is Place.SIGN_IN and answer.error == DENIED and not answer.codes:
        return SignInDeclined  # what Entra ID calls a cancel, and with a number much else
    return ERRORS.get(answer.error, OTHERWISE).at(place) or AuthorityUnavailable


def _refining(answer: ErrorAnswer, place: Place) -> list[int]:
    """The numbers that count beside this error."""
    known = [code for code in answer.codes if code in MEANINGS]
    if answer.error == CLIENT:
        return [code for code in known if code in OF_THE_CLIENT]
    if answer.error in OF_THE_REQUEST and place is not Place.SIGN_IN:
        return [code for code in known if code not in OF_THE_SIGN_IN]
    return known


def _detail(tenant_id: str, number: int | None, place: Place) -> str:
    named = f"It was said in tenant {tenant_id}." if place is Place.CUSTOMER else ""
    return f"{named} {what_to_look_at(number, place)}".strip()


def is_known_dead(error: BrokerError) -> bool:
    """Of what home said: whether it lasts until a person acts; without such a number it may yet pass."""
    return isinstance(error, NewConsentNeeded | AccountRefused) and error.authority_code in LASTING


def is_of_application(error: BrokerError) -> bool:
    """Of what home said: whether every consent of the same tenant and scope meets the same, by its number."""
    return (
        isinstance(error, ApplicationMisconfigured | HomeTenantUnknown) and error.authority_code in OF_THE_APPLICATION
    )


def is_of_credential(error: BrokerError) -> bool:
    """Whether the application's secret, certificate or assertion is missing, or refused by its number."""
    refused = isinstance(error, ApplicationMisconfigured) and error.authority_code in CREDENTIAL
    return refused or isinstance(error, CredentialMissing)


def may_be_of_credential(error: BrokerError) -> bool:
    """Whether another proof may be right: the number says so, or nobody knows it."""
    return isinstance(error, ApplicationMisconfigured) and error.authority_code not in NOT_OF_THE_CREDENTIAL
