"""What the authority refuses, by whose problem it is.

NewConsentNeeded                consent: a person consents anew
└── BlockedByHomePolicy
AccountRefused                  person: that person's own account, in the person's own tenant
CustomerTenantRefused           customer: that customer's tenant has to be prepared first, nobody else is touched
├── ApplicationNotConsented, ApplicationDisabled, DelegatedRightsMissing, BlockedByTenantPolicy
└── TenantUnknown
home_errors.HomeTenantRefused   application: the person's own tenant has to be prepared first, no consent is lost
ScopeRefused                    caller: the authority knows no such resource or scope
└── ServiceMissing              customer
ApplicationMisconfigured        application: its registration or credential
└── CredentialMissing
ApplicationRefused              application: for a reason that the broker does not know
AnswerMismatched                the answer contradicts what was asked
SignInMismatched                the answer belongs to another sign-in
"""

from shared import acts
from shared.errors import BrokerError, ConsentUnusable


class NewConsentNeeded(ConsentUnusable):
    """The refresh token is dead for good, or will be until a person signs in again."""

    code, says = "new_consent_needed", "The authority does not accept the stored refresh token any more."


class BlockedByHomePolicy(NewConsentNeeded):
    """A policy of the person's own tenant stands in the way: a new consent alone would meet it again."""

    code = "blocked_by_home_policy"
    says = "A Conditional Access policy of the person's own tenant blocks the stored refresh token."
    remedy = (
        "An administrator of that tenant finds the policy in the sign-in log and lets it admit the partner "
        "application from where the broker runs; then an operator makes a link, and a person consents anew."
    )
    act = acts.HOME_POLICY


class AccountRefused(ConsentUnusable):
    """The person's own account: at risk, locked, disabled, gone, or with an expired password."""

    code = "account_refused"
    says = (
        "Entra ID refuses the account of the person who consented: it is blocked for risk, locked, disabled or gone, "
        "or its password has expired."
    )
    remedy = (
        "An administrator of the person's own tenant looks at that account and its sign-in log and puts it right. If "
        "the consent does not work then, an operator makes a link, and a person consents anew."
    )
    act = acts.MEND_ACCOUNT


class CustomerTenantRefused(BrokerError):
    """This customer's tenant has to be prepared first; other tenants are not affected."""

    code, error, status = "customer_tenant_refused", "consent_required", 400
    says = "The customer's tenant does not accept the partner application or the person who consented."
    remedy = (
        "Look at the partner application's entries in that tenant's sign-in log. Then check its consent there, the "
        "delegated admin relationship (GDAP) and its roles, and the tenant's Conditional Access."
    )
    act = acts.CUSTOMER_SIGN_IN_LOG


class ApplicationNotConsented(CustomerTenantRefused):
    """The partner application is not known in that tenant, or not for this resource."""

    code, says = (
        "application_not_consented",
        "The partner application has no consent for this in the customer's tenant.",
    )
    remedy = (
        "PUT /api/customers/{tenant}/consent makes it through Partner Center, or an administrator of that tenant "
        "consents to the partner application."
    )
    act = acts.CUSTOMER_CONSENT


class ApplicationDisabled(CustomerTenantRefused):
    """Somebody has switched the partner application off in that tenant."""

    code, says = "application_disabled", "The partner application is disabled in the customer's tenant."
    remedy = (
        "An administrator of that tenant enables it: Entra ID, enterprise applications, the partner application, "
        "properties, enabled for users to sign in."
    )
    act = acts.CUSTOMER_ENABLE


class DelegatedRightsMissing(CustomerTenantRefused):
    """The person who consented has no delegated administration there."""

    code = "delegated_rights_missing"
    says = "The person who consented has no delegated admin rights in the customer's tenant."
    remedy = (
        "Check that a GDAP relationship with the customer is active, and that the person is in a security group that "
        "holds roles of it."
    )
    act = acts.CUSTOMER_RELATIONSHIP


class BlockedByTenantPolicy(CustomerTenantRefused):
    """A policy of that tenant stands in the way; other tenants are not affected."""

    code, says = "blocked_by_tenant_policy", "A policy of the customer's tenant blocks the person who consented."
    remedy = (
        "The customer's administrator excludes service provider users from that Conditional Access policy, or its "
        "cross-tenant access settings trust the partner's MFA."
    )
    act = acts.CUSTOMER_POLICY


class TenantUnknown(CustomerTenantRefused):
    """The authority knows no such tenant in this cloud."""

    code, says = "tenant_unknown", "The authority knows no tenant with this id in this cloud."
    remedy = "Check the tenant id, and AZURE_CLOUD if the customer is in a national cloud."
    act = acts.CHECK_TENANT


class ScopeRefused(BrokerError):
    """The authority knows no such resource or scope in that tenant."""

    code, error, status = "scope_refused", "invalid_scope", 400
    says = "The authority does not know this resource or scope in that tenant."
    remedy = "Check its spelling, and that the tenant has the service (its licence)."
    act = acts.CHECK_RESOURCE


class ServiceMissing(ScopeRefused):
    """The API is not there in that tenant."""

    code, says = "service_missing", "This service is not there in the customer's tenant."
    remedy = "The tenant needs a subscription or licence of the service, and somebody who has used it once."
    act = acts.CUSTOMER_LICENCE


class ApplicationMisconfigured(BrokerError):
    """The partner application's registration or credential is wrong; no consent is to blame."""

    code = "application_misconfigured"
    says = "The partner application's own registration or credential was refused by the authority."
    remedy = "The broker's administrator checks the application's credential and registration; no consent is lost."
    act = acts.APPLICATION_REGISTRATION


class CredentialMissing(ApplicationMisconfigured):
    """The vault has no certificate or secret of the name that a setting gives; `detail` tells it."""

    code, says = "credential_missing", "The partner application's certificate or secret is not in the token vault."
    remedy = "The broker's administrator puts it there, or enables it (docs/consent.md); no consent is lost."
    act = acts.APPLICATION_CREDENTIAL


class ApplicationRefused(BrokerError):
    """The authority refused the request or the client for a reason that the broker does not know."""

    code, says = (
        "application_refused",
        "The authority refused the broker's request with an error that it does not know.",
    )
    remedy = (
        "The broker's administrator looks the number up (https://login.microsoftonline.com/error), and the entry in "
        "the sign-in log; no consent is lost."
    )
    act = acts.LOOK_NUMBER_UP


class AnswerMismatched(BrokerError):
    """A token that plainly is not the one that was asked for; `detail` names the claim. It is not used."""

    code, error, status, transient = "answer_mismatched", "server_error", 503, True
    says = "The authority's answer contradicts what was asked, and was not used."
    remedy = (
        "Try again. If it lasts, the broker's administrator looks for what stands between the broker and Entra ID: a "
        "proxy, AZURE_AUTHORITY_HOST."
    )
    act = acts.LOOK_BETWEEN


class SignInMismatched(BrokerError):
    """The authority's answer belongs to another sign-in: another nonce."""

    code, error, status = "sign_in_mismatched", "access_denied", 400
    says = "The authority's answer does not belong to this sign-in."
    remedy = "Begin again in one browser window."
    act = acts.OPEN_LINK
