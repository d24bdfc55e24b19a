"""What is said where an operator has ended the work for a customer."""

from shared import acts
from shared.errors import BrokerError


class CustomerOffboarded(BrokerError):
    """An operator has ended the work for that customer: neither the application nor any person gets a token there."""

    code, error, status = "customer_offboarded", "access_denied", 403
    says = "An operator has ended the work for that customer: no token is issued for its tenant."
    remedy = (
        "Nothing, if that is meant. If the customer comes back, an operator takes it back with "
        "DELETE /api/customers/{tenant}/offboarding and makes the application consent anew."
    )
    act = acts.CUSTOMER_RETURN
