"""Whom a failure concerns: one customer, everybody alike, or nobody for long; so that one never stops the others."""

from shared.customers.errors import (
    CustomerExcluded,
    CustomerUnknown,
    CustomerWithoutGrants,
    GrantsUnseen,
    GraphRefused,
    PartnerCenterMfaMissing,
    PartnerCenterRefused,
    PartnerCenterTokenRefused,
    PlanOutdated,
)
from shared.customers.offboarded import CustomerOffboarded
from shared.customers.role_errors import RolesUnmanaged
from shared.entra.aadsts import MEANINGS
from shared.entra.errors import ApplicationMisconfigured, ApplicationRefused, CustomerTenantRefused, ScopeRefused
from shared.errors import BrokerError

# One customer: whoever works through many goes on with the next one.
CUSTOMER = "customer"
# The asker, the consent, an application, the grant sets: the next customer would meet it too.
EVERYBODY = "everybody"
# It may pass: asked again later, of this customer or of all.
LATER = "later"

_FOR_ALL = (PartnerCenterMfaMissing, PartnerCenterTokenRefused)
# An error that nobody knows may be of one customer's tenant: it stops nobody.
_FOR_ONE = (
    *(CustomerTenantRefused, ScopeRefused, ApplicationRefused),
    *(
        PartnerCenterRefused,
        GraphRefused,
        CustomerUnknown,
        CustomerExcluded,
        CustomerOffboarded,
        CustomerWithoutGrants,
        GrantsUnseen,
        PlanOutdated,
        RolesUnmanaged,
    ),
)


def concerns(error: BrokerError) -> str:
    """Whom an error concerns that was met for one customer."""
    if error.transient:
        return LATER
    is_for_one = _is_unheard_of(error) or (isinstance(error, _FOR_ONE) and not isinstance(error, _FOR_ALL))
    return CUSTOMER if is_for_one else EVERYBODY


def _is_unheard_of(error: BrokerError) -> bool:
    """Whether the application is blamed by a number that nobody knows, which one tenant may have by itself."""
    return isinstance(error, ApplicationMisconfigured) and error.authority_code not in {None, *MEANINGS}
