"""Why a customer's tenant is not prepared: the refusals of this package."""

from shared.errors import BrokerError


class ApplicationGrantsInvalid(BrokerError):
    """The grant set that customers' tenants get is missing or malformed; `detail` says where."""

    code, says = "application_grants_invalid", "The grant set for customers' tenants cannot be used."
    remedy = (
        "The broker's administrator corrects the secret application-grants in the policy vault (docs/customers.md)."
    )
