"""What Entra ID's refusals mean: the OAuth `error` decides first, the AADSTS numbers refine it.

Microsoft asks clients not to depend on the numbers (learn: reference-error-codes), so each unknown one falls back to
the meaning of its `error`; texts are never read.
"""

from collections.abc import Mapping
from typing import Any

from shared.entra.errors import (
    ApplicationMisconfigured,
    ApplicationNotConsented,
    BlockedByTenantPolicy,
    CredentialMissing,
    DelegatedRightsMissing,
    NewConsentNeeded,
    ScopeRefused,
    ServiceMissing,
    TenantUnknown,
)
from shared.errors import AuthorityUnavailable, BrokerError

# A person has to sign in again: the refresh token is expired, revoked, or of another client or kind of client.
DEAD = frozenset(
    {70008, 700082, 700084, 70043, 50173, 50089, 50132, 50133, 70000, 65004, 50055, 50144, 700020, 700007, 9002327}
)
# A condition on the sign-in that a refresh cannot meet. In the person's own tenant a new sign-in helps, perhaps once an
# administrator has changed a policy or the state of the user; in a customer's it is that customer's own policy.
CONDITION = frozenset(
    {50076, 50078, 50079, 50072, 50074, 50158, 50097, 53000, 53001, 53002, 53003, 53004, 53010, 53011}
    | {530003, 530032, 530035, 50131, 50057}
)
# Locked for a while after bad passwords.
PASSING = frozenset({50053})
# The application has no consent in this tenant (65001 is said of the person's own tenant too).
NOT_CONSENTED = frozenset({90099, 700016, 65001, 90094, 90095})
# The person has no account or delegated rights there, or was not assigned to the application.
NO_RIGHTS = frozenset({16003, 50020, 50034, 50105})
# Cross-tenant access settings, or Entra ID's own guard over delegated administrators.
TENANT_POLICY = frozenset({500212, 500213, 530034})
# No such tenant here: mistyped, or of another cloud.
NO_TENANT = frozenset({90002, 90038, 900382, 900432, 50049})
TENANT = NOT_CONSENTED | NO_RIGHTS | TENANT_POLICY | NO_TENANT
# The partner application's registration or credential: the broker's administrator alone can help.
REGISTRATION = frozenset(
    {7000215, 7000222, 70002, 700027, 700030, 50012, 500133, 50013, 700229, 7000218, 700025, 70001, 7000112}
    | {650057, 650056, 65005, 650054, 50194, 9001023, 135010, 700211, 700212, 700213, 700236, 700024, 700023, 50027}
)
# A request that was formed wrongly: in a sign-in a code that is not, or no longer, this one's.
REQUEST = frozenset({900144, 90014, 9002313, 50011, 500112, 501481, 50147, 501491, 54005, 700005})
APPLICATION = REGISTRATION | REQUEST
# What a wrong or expired secret, certificate or assertion is answered with: another one may be right.
CREDENTIAL = frozenset({7000215, 7000222, 700027, 700030, 50012, 500133, 50013})
SCOPE = frozenset({70011, 28002, 28000, 28003, 700022, 50001})
# The resource has no service principal in the tenant, or nobody has subscribed to it there.
NO_SERVICE = frozenset({500011, 650052})
TRANSIENT = frozenset({50033, 90006, 90012, 90024, 90033, 90055, 90090, 90091, 50087, 50088, 50166, 40010, 50196})

_BY_CODE: tuple[tuple[frozenset[int], type[BrokerError]], ...] = (
    (TRANSIENT, AuthorityUnavailable),
    (APPLICATION, ApplicationMisconfigured),
    (NO_SERVICE, ServiceMissing),
    (SCOPE, ScopeRefused),
    (NOT_CONSENTED, ApplicationNotConsented),
    (NO_RIGHTS, DelegatedRightsMissing),
    (TENANT_POLICY, BlockedByTenantPolicy),
    (NO_TENANT, TenantUnknown),
    (DEAD | CONDITION | PASSING, NewConsentNeeded),
)
_BY_ERROR: Mapping[str, type[BrokerError]] = {
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


def refusal(answer: Mapping[str, Any], *, retry_after: int | None = None, throttled: bool = False) -> BrokerError:
    """The error that an OAuth error answer of Entra ID stands for; keeps the number, drops the text."""
    given = answer.get("error_codes")
    codes = [code for code in given if isinstance(code, int)] if isinstance(given, list) else []
    known = next((kind for known, kind in _BY_CODE if known.intersection(codes)), None)
    if throttled:  # HTTP 429 means "later", whatever the body calls it
        known = AuthorityUnavailable
    kind = known or _BY_ERROR.get(str(answer.get("error")), AuthorityUnavailable)
    return kind(authority_code=codes[0] if codes else None, retry_after=retry_after)


def is_known_dead(error: BrokerError) -> bool:
    """Whether the number says for certain that only a person can help; without one it may yet pass."""
    return isinstance(error, NewConsentNeeded) and error.authority_code in DEAD | CONDITION


def is_of_registration(error: BrokerError) -> bool:
    """Whether it is the partner application's own registration or credential that was refused."""
    return isinstance(error, ApplicationMisconfigured) and error.authority_code in REGISTRATION


def is_of_credential(error: BrokerError) -> bool:
    """Whether the application's secret, certificate or assertion is missing or was refused: another may be right."""
    refused = isinstance(error, ApplicationMisconfigured) and error.authority_code in CREDENTIAL
    return refused or isinstance(error, CredentialMissing)


def in_customer_tenant(error: BrokerError) -> BrokerError:
    """What an error means in another tenant than the person's: a condition there is that customer's, not the consent's.

    The refresh token is good elsewhere, and a new consent would meet the same condition.
    """
    if isinstance(error, NewConsentNeeded) and error.authority_code in CONDITION | PASSING:
        return BlockedByTenantPolicy(authority_code=error.authority_code)
    return error
