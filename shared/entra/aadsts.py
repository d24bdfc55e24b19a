"""The AADSTS numbers that the broker tells apart: which error each one stands for, in each place.

Microsoft asks clients not to depend on the numbers (learn: reference-error-codes): they only refine what OAuth's
`error` says. Each error names who is to act on it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared.entra.errors import (
    AccountRefused,
    ApplicationDisabled,
    ApplicationMisconfigured,
    ApplicationNotConsented,
    BlockedByHomePolicy,
    BlockedByTenantPolicy,
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
    SignInFailed,
    SignInSpent,
)
from shared.errors import AuthorityUnavailable, BrokerError

type Kind = type[BrokerError]


class Meaning(NamedTuple):
    """The error in each place; None where the number tells nothing, so that OAuth's `error` alone decides."""

    sign_in: Kind | None
    home: Kind | None
    customer: Kind | None

    def at(self, place: Place) -> Kind | None:
        """The error in this place."""
        return {Place.SIGN_IN: self.sign_in, Place.HOME: self.home, Place.CUSTOMER: self.customer}[place]


# The refresh token is dead wherever that is said: expired, revoked, of another client or kind of client.
DEAD = frozenset({700082, 70008, 700084, 50173, 700007, 9002327})
# What ends a refresh token at home alone. A customer's tenant says it of a session or a policy of its own.
ENDED = frozenset({50089, 50132, 50133, 70000, 700020})
DECLINED = frozenset({65004})
SIGN_IN_FREQUENCY = frozenset({70043})
# A condition on the sign-in that a refresh cannot meet: a new sign-in does ...
STRONGER = frozenset({50072, 50074, 50076, 50078, 50079, 50158, 53004, 53010})
# ... or does once a policy admits it.
POLICY = frozenset({50097, 50131, 53000, 53001, 53002, 53003, 530003, 530032, 530035})
# It has come in waves with nothing changed, so that three runs have to meet it.
DEVICE = frozenset({700003})
# The person's own account: at risk, locked, with an expired password, disabled, gone.
AT_RISK = frozenset({53011, 530034})
LOCKED = frozenset({50053})
PASSWORD = frozenset({50055, 50144})
DISABLED = frozenset({50057})
NO_ACCOUNT = frozenset({16003, 50020, 50034})
# An account that only passes through a customer's tenant, and meets there what a member alone can meet.
PASSING_THROUGH = frozenset({50177, 50178, 90072})
UNASSIGNED = frozenset({50105})
CROSS_TENANT = frozenset({500212, 500213})
NOT_CONSENTED = frozenset({65001, 90094, 90095, 90099})
# The application is not installed in the tenant, or switched off there.
NOT_INSTALLED = frozenset({700016, 7000229})
SWITCHED_OFF = frozenset({7000112})
UNMANAGED = frozenset({650051})
# No such tenant here: mistyped, or of another cloud.
NO_TENANT = frozenset({90002, 90038, 900382, 900432, 50049})
# The resource has no service principal in the tenant, or a disabled one; or nobody has subscribed to it there.
NO_SERVICE = frozenset({500011, 500014})
NOT_SUBSCRIBED = frozenset({650052})
SCOPE = frozenset({28000, 28002, 28003, 50001, 70011, 650053, 700022})
# A wrong or expired secret, certificate or assertion: another one may be right.
CREDENTIAL = frozenset({7000215, 7000222, 700027, 700030, 50012, 500133, 50013})
# The application's registration, or the kind of credential it uses.
REGISTRATION = frozenset(
    {70001, 70002, 700229, 7000216, 7000218, 700025, 650057, 650056, 65005, 650054, 50194, 9001023, 135010, 50027}
    | {700211, 700212, 700213, 700222, 700226, 700236, 700023, 700024, 7002138}
)
REDIRECT = frozenset({50011, 500112})
# A code that is spent, or not this sign-in's; a request that cannot be read.
SPENT = frozenset({54005})
CODE = frozenset({501481, 50147, 501491, 700005, 900144, 90014, 9002313})
TRANSIENT = frozenset({50033, 90006, 90012, 90024, 90033, 90055, 90090, 90091, 50087, 50088, 50166, 40010, 50196})

TABLE: Mapping[frozenset[int], Meaning] = {
    # What it stands for at a sign-in, at home, in a customer's tenant.
    DEAD: Meaning(SignInFailed, NewConsentNeeded, NewConsentNeeded),
    ENDED: Meaning(SignInFailed, NewConsentNeeded, CustomerTenantRefused),
    DECLINED: Meaning(SignInDeclined, NewConsentNeeded, CustomerTenantRefused),
    SIGN_IN_FREQUENCY: Meaning(SignInFailed, NewConsentNeeded, BlockedByTenantPolicy),
    STRONGER: Meaning(ConditionalAccessBlocked, NewConsentNeeded, BlockedByTenantPolicy),
    POLICY: Meaning(ConditionalAccessBlocked, BlockedByHomePolicy, BlockedByTenantPolicy),
    DEVICE: Meaning(ConditionalAccessBlocked, NewConsentNeeded, BlockedByTenantPolicy),
    AT_RISK: Meaning(ConditionalAccessBlocked, AccountRefused, AccountRefused),
    LOCKED | PASSWORD: Meaning(SignInFailed, AccountRefused, AccountRefused),
    DISABLED: Meaning(AccountNotAdmitted, AccountRefused, BlockedByTenantPolicy),
    NO_ACCOUNT: Meaning(AccountNotAdmitted, AccountRefused, DelegatedRightsMissing),
    PASSING_THROUGH: Meaning(AccountNotAdmitted, None, DelegatedRightsMissing),
    UNASSIGNED: Meaning(AccountNotAdmitted, PersonNotAssigned, DelegatedRightsMissing),
    CROSS_TENANT: Meaning(ConditionalAccessBlocked, None, BlockedByTenantPolicy),
    NOT_CONSENTED: Meaning(AdminApprovalNeeded, HomeConsentMissing, ApplicationNotConsented),
    NOT_INSTALLED: Meaning(AdminApprovalNeeded, ApplicationMisconfigured, ApplicationNotConsented),
    SWITCHED_OFF: Meaning(ApplicationMisconfigured, ApplicationMisconfigured, ApplicationDisabled),
    UNMANAGED: Meaning(ApplicationMisconfigured, HomeTenantRefused, CustomerTenantRefused),
    NO_TENANT: Meaning(ApplicationMisconfigured, HomeTenantUnknown, TenantUnknown),
    NO_SERVICE: Meaning(SignInFailed, ScopeRefused, ServiceMissing),
    NOT_SUBSCRIBED: Meaning(ApplicationMisconfigured, ScopeRefused, ServiceMissing),
    SCOPE: Meaning(ApplicationMisconfigured, ScopeRefused, ScopeRefused),
    CREDENTIAL | REGISTRATION: Meaning(ApplicationMisconfigured, ApplicationMisconfigured, ApplicationMisconfigured),
    REDIRECT: Meaning(ApplicationMisconfigured, None, None),
    SPENT: Meaning(SignInSpent, None, None),
    CODE: Meaning(SignInFailed, None, None),
    TRANSIENT: Meaning(AuthorityUnavailable, AuthorityUnavailable, AuthorityUnavailable),
}
MEANINGS: Mapping[int, Meaning] = {number: meaning for numbers, meaning in TABLE.items() for number in numbers}

# About the person's sign-in: these refine no error that is about the client or the request.
OF_THE_SIGN_IN = (
    ENDED | DECLINED | SIGN_IN_FREQUENCY | STRONGER | POLICY | DEVICE | AT_RISK | LOCKED | PASSWORD | DISABLED
)
# All that refines `invalid_client`: the application's own, the tenant's, the request's.
OF_THE_CLIENT = (
    *(CREDENTIAL | REGISTRATION | NOT_INSTALLED | SWITCHED_OFF | UNMANAGED | NOT_SUBSCRIBED),
    *(650053, 70011),
)
# These blame the application for something else than its credential.
NOT_OF_THE_CREDENTIAL = frozenset(
    number for number, meaning in MEANINGS.items() if ApplicationMisconfigured in meaning and number not in CREDENTIAL
)
# Said at home, these last until somebody acts; whatever else ends a consent there may yet pass.
LASTING = DEAD | ENDED | DECLINED | SIGN_IN_FREQUENCY | STRONGER | POLICY | PASSWORD | DISABLED | {53011}
# Said at home, these are the same for every consent of one tenant and scope.
OF_THE_APPLICATION = CREDENTIAL | REGISTRATION | NOT_INSTALLED | SWITCHED_OFF | NO_TENANT
