"""What the person's own tenant refuses to the partner application; no consent is lost by it.

HomeTenantRefused
├── HomeConsentMissing, PersonNotAssigned
└── HomeTenantUnknown
"""

from shared import acts
from shared.errors import BrokerError


class HomeTenantRefused(BrokerError):
    """The person's own tenant has to be prepared first."""

    code, error, status = "home_tenant_refused", "consent_required", 400
    says = "The person's own tenant does not accept the partner application for this."
    remedy = (
        "An administrator of that tenant checks the partner application's consent for this resource, and its entries "
        "in the sign-in log. Nobody has to consent anew."
    )
    act = acts.HOME_SIGN_IN_LOG


class HomeConsentMissing(HomeTenantRefused):
    """The partner application has no consent at home, or not for this resource."""

    code, says = "home_consent_missing", "The partner application has no consent for this in the person's own tenant."
    remedy = (
        "An administrator of that tenant grants admin consent (Entra ID, enterprise applications, the partner "
        "application, permissions). Nobody has to consent anew."
    )
    act = acts.HOME_CONSENT


class PersonNotAssigned(HomeTenantRefused):
    """The enterprise application asks for assignment, and the person has none."""

    code = "person_not_assigned"
    says = "The person who consented is not assigned to the partner application in the person's own tenant."
    remedy = (
        "An administrator of that tenant assigns the person to the enterprise application, or takes its requirement of "
        "assignment off. Nobody has to consent anew."
    )
    act = acts.ASSIGN_PERSON


class HomeTenantUnknown(HomeTenantRefused):
    """The authority knows no such tenant in this cloud, and the broker's settings name it."""

    code, error, status = "home_tenant_unknown", "server_error", 500
    says = "The authority does not know the person's own tenant in this cloud."
    remedy = (
        "The broker's administrator checks PARTNER_TENANT_ID, CONSENT_TENANTS and AZURE_CLOUD. If the tenant is gone, "
        "an operator withdraws its consents."
    )
    act, known = acts.CORRECT_SETTING, {"setting": "PARTNER_TENANT_ID"}
