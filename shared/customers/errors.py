"""What goes wrong in customers' tenants: refusals of Partner Center and Graph, and grant sets that cannot be used.

PartnerCenterRefused            customer, or everybody where a list is refused
├── PartnerCenterMfaMissing     the person: for every customer alike
├── PartnerCenterTokenRefused   the application: for every customer alike
└── PartnerCenterRejected       customer
GraphRefused                    customer
└── role_errors.RoleAssignmentRefused, AppRoleUnknown    customer
GrantsUnseen, PlanOutdated, CustomerWithoutGrants, CustomerUnknown, CustomerExcluded    customer
RelationshipsUnseen             the applications: for every customer alike
ApplicationGrantsInvalid        the grant sets: for every customer alike
TooManyFlushes                  nobody: later
"""

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
        "That person needs to be an admin agent of the partner, and in the customer's tenant to hold Application or "
        "Cloud Application Administrator by GDAP."
    )
    act = acts.PERSON_RIGHTS


class PartnerCenterMfaMissing(PartnerCenterRefused):
    """Partner Center wants MFA, and the sign-in behind the consent had none."""

    code = "partner_center_mfa_missing"
    says = "Partner Center wants a sign-in with MFA, and the consent's was without."
    remedy = "An operator makes a link, and the person consents anew with MFA; until then no customer can be changed."
    act = acts.LINK


class PartnerCenterTokenRefused(PartnerCenterRefused):
    """Partner Center does not take the token at all."""

    code = "partner_center_token_refused"
    says = "Partner Center did not take the broker's token."
    remedy = (
        "The broker's administrator checks that the partner application has Partner Center's user_impersonation in "
        "the partner's own tenant, and AZURE_CLOUD."
    )
    act = acts.APPLICATION_REGISTRATION


class PartnerCenterRejected(PartnerCenterRefused):
    """Partner Center cannot do this for this customer: an API that is not there, a scope that does not exist."""

    code = "partner_center_rejected"
    says = "Partner Center cannot do what was asked for this customer."
    remedy = (
        "Look whether the customer has the service, and whether the grant set spells the scopes as the API does "
        "(docs/customers.md)."
    )
    act, known = acts.CHECK_GRANTS, {"secret": "application-grants"}


class PartnerCenterUnavailable(Unavailable):
    """Partner Center does not answer, or throttles."""

    code, says = "partner_center_unavailable", "Partner Center does not answer or asks to wait."


class GraphRefused(BrokerError):
    """Microsoft Graph does not let the application, or the person who consented, do this."""

    code, error, status = "graph_refused", "access_denied", 403
    says = "Microsoft Graph refused what was asked in the name of the person who consented."
    remedy = (
        "Check the scopes of the application that asks, and that the person holds Application or Cloud Application "
        "Administrator in the customer's tenant by GDAP (docs/customers.md)."
    )
    act = acts.CUSTOMER_RELATIONSHIP
    # What Graph answered: it decides what is tried again.
    answered: int | None = None


class GraphUnavailable(Unavailable):
    """Microsoft Graph does not answer, or throttles."""

    code, says = "graph_unavailable", "Microsoft Graph does not answer or asks to wait."


class GrantsUnseen(BrokerError):
    """What the application has in that tenant cannot be read, so nothing of it may be put at risk."""

    code, error, status = "grants_unseen", "invalid_request", 409
    says = "What the application has in the customer's tenant cannot be seen, so nothing there is replaced."
    remedy = (
        "Set up the management application (docs/customers.md), or add Directory.Read.All of Microsoft Graph to the "
        "grant set and repeat this once it is there."
    )
    act = acts.SET_UP_MANAGEMENT


class RelationshipsUnseen(BrokerError):
    """Nobody may read the partner's relationships: an application lacks a scope at home."""

    code, error, status = "relationships_unseen", "access_denied", 403
    says = "No application of the broker may read the partner's delegated admin relationships."
    remedy = (
        "Set up the management application, or consent to DelegatedAdminRelationship.Read.All of Microsoft Graph for "
        "the partner application in the partner's own tenant (docs/customers.md)."
    )
    act = acts.SET_UP_MANAGEMENT


class PlanOutdated(BrokerError):
    """A replacement was asked for that no dry run has shown in this form."""

    code, error, status = "plan_outdated", "invalid_request", 409
    says = "No dry run has shown this replacement: what stands in the tenant or in the grant set is not what it was."
    remedy = "Make a dry run with replace=true, look at what would be lost, and send the plan that it answers."
    act = acts.CUSTOMER_PLAN


class CustomerWithoutGrants(BrokerError):
    """No grant set names this customer, and there is none for everybody."""

    code, error, status = "customer_without_grants", "invalid_request", 409
    says = "No grant set is for this customer."
    remedy = (
        "The broker's administrator lists the tenant in a secret application-grants-{name} of the policy vault, or "
        "writes application-grants, which is for everybody else (docs/customers.md)."
    )
    act = acts.ASSIGN_GRANTS


class CustomerExcluded(BrokerError):
    """An operator keeps this customer out; `detail` says until when, and why."""

    code, error, status = "customer_excluded", "invalid_request", 409
    says = "This customer is kept out of checks, consents and alarms."
    remedy = "Nothing, if that is meant; otherwise DELETE /api/customers/{tenant}/exclusion lets it in again."
    act = acts.CUSTOMER_INCLUDE


class TooManyFlushes(Unavailable):
    """More customers are to be forgotten than in any minute; `retry_after` says when there is a turn again."""

    code, status = "too_many_flushes", 429
    says = "Too many customers are being forgotten: each mark is read by every instance."
    remedy = "Wait as Retry-After says. Tokens and refusals end by themselves; forget only customers that you changed."


class ApplicationGrantsInvalid(BrokerError):
    """A grant set that customers' tenants get is malformed; `detail` says which and where."""

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
