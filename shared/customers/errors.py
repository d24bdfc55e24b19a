"""What Partner Center refuses, or does not answer; and a grant set that cannot be used."""

from collections.abc import Sequence

from shared import acts
from shared.entra.errors import CustomerTenantRefused
from shared.errors import BrokerError, InvalidRequest, Unavailable


class CustomerUnknown(InvalidRequest):
    """Partner Center knows no such customer of this partner."""

    code, status = "customer_unknown", 404
    says, remedy = "Partner Center knows no customer with this tenant id.", "GET /api/customers lists those there are."
    act = acts.CUSTOMERS


class PartnerCenterRefused(BrokerError):
    """Partner Center does not let the person who consented do this."""

    code, error, status = "partner_center_refused", "access_denied", 403
    says = "Partner Center refused what was asked in the name of the person who consented."
    remedy = (
        "That person needs to have consented with MFA, to be an admin agent of the partner, and in the customer's "
        "tenant to hold Cloud Application Administrator or a role above it by GDAP."
    )
    act = acts.PERSON_RIGHTS


class PartnerCenterUnavailable(Unavailable):
    """Partner Center does not answer, or throttles."""

    code, says = "partner_center_unavailable", "Partner Center does not answer or asks to wait."


class ApplicationGrantsInvalid(BrokerError):
    """The grant set that customers' tenants get is missing or malformed; `detail` says where."""

    code, says = "application_grants_invalid", "The grant set for customers' tenants cannot be used."
    remedy = (
        "The broker's administrator corrects the secret application-grants in the policy vault (docs/customers.md)."
    )
    act, known = acts.CORRECT_GRANTS, {"secret": "application-grants"}


class ScopesMissing(CustomerTenantRefused):
    """A token came, and lacks scopes that the grant set asks for; `detail` names them."""

    code, says = "scopes_missing", "The partner application's consent in the customer's tenant lacks scopes."
    remedy = "PUT /api/customers/{tenant}/consent makes the consent there what the grant set says."
    act = acts.CUSTOMER_CONSENT

    @property
    def missing(self) -> Sequence[str]:
        """The scopes."""
        return tuple(self.detail.split())


class DelegatedRoleMissing(CustomerTenantRefused):
    """A token came, and the person may not even read there with it."""

    code, says = "delegated_role_missing", "The person who consented gets a token there, and has no role."
    remedy = (
        "Give the person's security group a role of the GDAP relationship with the customer, such as Directory Readers "
        "or Global Reader; it may take an hour to be known."
    )
    act = acts.CUSTOMER_RELATIONSHIP
