"""What a refusal means where the application asks in its own name: it is never a person's, and ends no consent."""

from shared.entra.errors import (
    BlockedByHomePolicy,
    BlockedByTenantPolicy,
    CustomerTenantRefused,
    DelegatedRightsMissing,
)
from shared.entra.home_errors import HomeTenantRefused, PersonNotAssigned
from shared.entra.place import Place
from shared.errors import BrokerError, ConsentUnusable

# All that the same words say of a person or of a person's consent.
OF_A_PERSON = (ConsentUnusable, DelegatedRightsMissing, PersonNotAssigned, BlockedByHomePolicy, BlockedByTenantPolicy)


def of_application(error: BrokerError, place: Place) -> BrokerError:
    """The same refusal, said of the application: the tenant where it was said refuses it."""
    if not isinstance(error, OF_A_PERSON):
        return error
    kind = CustomerTenantRefused if place is Place.CUSTOMER else HomeTenantRefused
    said = kind(error.detail, retry_after=error.retry_after, authority_code=error.authority_code)
    return said.knowing(**error.facts)
