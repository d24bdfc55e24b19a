"""What Partner Center refuses, or does not answer; and a grant set that cannot be used."""

from shared import acts
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
