"""The tree of everything that can go wrong, each with its stable code, its answer and its remedy.

BrokerError
├── InvalidRequest             the request itself is wrong
│   ├── BodyTooLarge
│   ├── ConsentNotFound
│   ├── ConsentChanged
│   ├── NothingToRestore
│   └── CustomerUnknown
├── NotAuthenticated           the assertion proves nothing
│   ├── AssertionMissing
│   ├── AssertionInvalid
│   ├── AssertionExpired
│   ├── AssertionForAnotherAudience
│   ├── AssertionFromAnotherTenant
│   └── AssertionOfAnotherKind
├── NotAuthorized              known, and not allowed
│   ├── RoleMissing
│   └── NotPermitted
├── ConsentUnusable            no token can come from this consent
│   ├── ConsentAbsent
│   ├── ConsentWithdrawn
│   ├── ConsentUnreadable
│   │   └── ConsentFromNewerVersion
│   ├── ConsentNameBlocked
│   └── NewConsentNeeded
├── CustomerTenantRefused      this customer's tenant has to be prepared first
│   ├── ApplicationNotConsented
│   ├── DelegatedRightsMissing
│   ├── BlockedByTenantPolicy
│   └── TenantUnknown
├── ScopeRefused               the authority knows no such resource or scope
│   └── ServiceMissing
├── ApplicationMisconfigured   the partner application's registration or credential
│   └── CredentialMissing
├── ApplicationGrantsInvalid   the grant set for customers' tenants
├── PartnerCenterRefused       Partner Center does not let the person who consented do this
├── VaultRefused               the roles of the broker's own identity
├── AnswerMismatched           the authority's answer belongs to another request
├── Unavailable                worth trying again
│   ├── AuthorityUnavailable
│   ├── VaultUnavailable
│   ├── IdentityUnavailable
│   └── PartnerCenterUnavailable
└── consent_http.refusals.ConsentRefused   what a person sees instead of "done"

`error` is the OAuth error code (RFC 6749 section 5.2, RFC 6750 section 3.1), `status` the HTTP status.
"""

from typing import ClassVar, Self

# What a caller is asked to wait when nobody else said how long, and so how long such a failure is remembered.
SHORT_RETRY_SECONDS = 5


class BrokerError(Exception):
    """Anything the broker refuses or fails at; `detail` adds what is safe to tell the one who asked."""

    code: ClassVar[str] = "internal_error"
    error: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500
    transient: ClassVar[bool] = False
    says: ClassVar[str] = "Something failed inside the broker."
    remedy: ClassVar[str] = "Give the correlation id to the broker's administrator."

    def __init__(self, detail: str = "", *, retry_after: int | None = None, authority_code: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.authority_code = authority_code

    def afresh(self) -> Self:
        """The same error without the frames it passed through: what is remembered must hold nothing else alive."""
        return type(self)(self.detail, retry_after=self.retry_after, authority_code=self.authority_code)

    @property
    def description(self) -> str:
        """One paragraph for the one who asked: what happened, the detail, the remedy."""
        parts = [self.says, self.detail, f"(AADSTS{self.authority_code})" if self.authority_code else "", self.remedy]
        return " ".join(part for part in parts if part)


class InvalidRequest(BrokerError):
    """The request itself is wrong; `detail` says which part."""

    code, error, status = "invalid_request", "invalid_request", 400
    says, remedy = "The request cannot be understood.", "Correct it as said; docs/token-endpoint.md shows one."


class BodyTooLarge(InvalidRequest):
    """The body is larger than anything this route takes."""

    code, status = "body_too_large", 413
    says, remedy = "The request body is too large.", "Send only the fields of this route."


class ConsentNotFound(InvalidRequest):
    """An operator named a consent that was never given."""

    code, status = "consent_not_found", 404
    says, remedy = "There is no consent of that name.", "GET /api/consents lists those there are."


class ConsentChanged(InvalidRequest):
    """Somebody consented while an operator withdrew."""

    code, status = "consent_changed", 409
    says, remedy = "A newer consent was stored at the same moment and is in force.", "Look at it, then decide anew."


class NothingToRestore(InvalidRequest):
    """There is no withdrawal to take back, or what it ended is not there any more."""

    code, status = "nothing_to_restore", 409
    says, remedy = "There is no withdrawn consent that could be restored.", "Make a link, and a person consents anew."


class CustomerUnknown(InvalidRequest):
    """Partner Center knows no such customer of this partner."""

    code, status = "customer_unknown", 404
    says, remedy = "Partner Center knows no customer with this tenant id.", "GET /api/customers lists those there are."


class NotAuthenticated(BrokerError):
    """The assertion proves nothing."""

    code, error, status = "not_authenticated", "invalid_token", 401
    says = "The caller's token was not accepted."
    remedy = "Get a token for this broker with your managed identity and send it as Authorization: Bearer."


class AssertionMissing(NotAuthenticated):
    """No bearer token came."""

    code, says = "assertion_missing", "No bearer token was sent."


class AssertionInvalid(NotAuthenticated):
    """The token's form, signature or issuer is wrong."""

    code, says = "assertion_invalid", "The caller's token is not one that this broker's tenant has signed."


class AssertionExpired(NotAuthenticated):
    """The token is past its end, or not valid yet."""

    code, says = "assertion_expired", "The caller's token is expired or not yet valid."
    remedy = "Get a new one; if it is new, check the clock of the machine it comes from."


class AssertionForAnotherAudience(NotAuthenticated):
    """The token is for another API."""

    code, says = "assertion_for_another_audience", "The caller's token is for another audience."
    remedy = (
        "Ask your identity for the audience named here. "
        "(Logic Apps send one for https://management.azure.com/ unless the action sets `audience`.)"
    )


class AssertionFromAnotherTenant(NotAuthenticated):
    """The token was issued by another tenant than the partner's own."""

    code, says = "assertion_from_another_tenant", "The caller's token comes from another tenant than the broker's."
    remedy = "Call with an identity of the partner's own tenant."


class AssertionOfAnotherKind(NotAuthenticated):
    """A person's token where a workload's is wanted, or one from a client that operators do not use."""

    code, says = "assertion_of_another_kind", "This kind of token is not accepted on this route."
    remedy = "Tokens are issued to workloads (managed identity or app-only); people use the operator routes."


class NotAuthorized(BrokerError):
    """Known, and not allowed."""

    code, error, status = "not_authorized", "access_denied", 403
    says, remedy = "This is not allowed to you.", "Ask the broker's administrator."


class RoleMissing(NotAuthorized):
    """The app role that this route asks for is not assigned; `detail` names it."""

    code, error, says = "role_missing", "insufficient_scope", "The app role that this route needs is not assigned."
    remedy = "Assign it on the broker's enterprise application; a managed identity's token may lag by up to 24 hours."


class NotPermitted(NotAuthorized):
    """No permission of the access policy covers the request."""

    code, says = "not_permitted", "No permission of the access policy covers this caller, consent, tenant and resource."
    remedy = "Add a permission to a policy document (docs/policy.md); it takes effect within the cache time."


class ConsentUnusable(BrokerError):
    """No token can come from this consent."""

    code, error, status = "consent_unusable", "invalid_grant", 400
    says = "This consent cannot be used."
    remedy = "An operator makes a link with POST /api/consents/{name}/link, and a person consents anew."


class ConsentAbsent(ConsentUnusable):
    """Nobody ever gave this consent."""

    code, says = "consent_absent", "This consent has not been given yet."


class ConsentWithdrawn(ConsentUnusable):
    """An operator withdrew it: no token is issued any more."""

    code, says = "consent_withdrawn", "This consent has been withdrawn."


class ConsentUnreadable(ConsentUnusable):
    """What is stored is disabled, broken, or written by a newer version; nothing was changed."""

    code, status, error = "consent_unreadable", 500, "server_error"
    says = "What is stored for this consent cannot be read; nothing was changed."
    remedy = "Enable or restore the secret named here in Key Vault, or make a link and consent anew."


class ConsentFromNewerVersion(ConsentUnreadable):
    """A newer version of the broker wrote it: this one neither reads nor replaces it."""

    code = "consent_from_newer_version"
    says = "What is stored for this consent was written by a newer version of the broker; nothing was changed."
    remedy = "Upgrade the broker to the version that was rolled back."


class ConsentNameBlocked(ConsentUnusable):
    """The secret was deleted outside the broker: Key Vault blocks its name until recovered."""

    code, status, error = "consent_name_blocked", 409, "server_error"
    says = "A secret of this name was deleted in Key Vault, which blocks the name."
    remedy = "Recover it: az keyvault secret recover --vault-name <vault> --name <secret>."


class NewConsentNeeded(ConsentUnusable):
    """The refresh token is dead for good, or will be until a person signs in again."""

    code, says = "new_consent_needed", "The authority does not accept the stored refresh token any more."


class CustomerTenantRefused(BrokerError):
    """This customer's tenant has to be prepared first; other tenants are not affected."""

    code, error, status = "customer_tenant_refused", "consent_required", 400
    says = "The customer's tenant does not accept the partner application or the person who consented."
    remedy = (
        "Consent to the partner application in that tenant (Partner Center applicationconsents or admin consent) "
        "and check the delegated admin relationship (GDAP) and its roles."
    )


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


class DelegatedRightsMissing(CustomerTenantRefused):
    """The person who consented has no delegated administration there."""

    code = "delegated_rights_missing"
    says = "The person who consented has no delegated admin rights in the customer's tenant."
    remedy = (
        "Check that a GDAP relationship with the customer is active, and that the person is in a security group that "
        "holds roles of it."
    )


class BlockedByTenantPolicy(CustomerTenantRefused):
    """A policy of that tenant stands in the way; other tenants are not affected."""

    code, says = "blocked_by_tenant_policy", "A policy of the customer's tenant blocks the person who consented."
    remedy = (
        "The customer's administrator excludes service provider users from that Conditional Access policy, or its "
        "cross-tenant access settings trust the partner's MFA."
    )


class TenantUnknown(CustomerTenantRefused):
    """The authority knows no such tenant in this cloud."""

    code, says = "tenant_unknown", "The authority knows no tenant with this id in this cloud."
    remedy = "Check the tenant id, and AZURE_CLOUD if the customer is in a national cloud."


class ScopeRefused(BrokerError):
    """The authority knows no such resource or scope in that tenant."""

    code, error, status = "scope_refused", "invalid_scope", 400
    says = "The authority does not know this resource or scope in that tenant."
    remedy = "Check its spelling, and that the tenant has the service (its licence)."


class ServiceMissing(ScopeRefused):
    """The API is not there in that tenant."""

    code, says = "service_missing", "This service is not there in the customer's tenant."
    remedy = "The tenant needs a subscription or licence of the service, and somebody who has used it once."


class ApplicationMisconfigured(BrokerError):
    """The partner application's registration or credential is wrong; no consent is to blame."""

    code = "application_misconfigured"
    says = "The partner application's own registration or credential was refused by the authority."
    remedy = "The broker's administrator checks the application's credential and registration; no consent is lost."


class AnswerMismatched(BrokerError):
    """The authority's answer does not belong to what was asked: another nonce."""

    code, error, status = "answer_mismatched", "access_denied", 400
    says = "The authority's answer does not belong to this sign-in."
    remedy = "Begin again in one browser window."


class CredentialMissing(ApplicationMisconfigured):
    """The vault has no certificate or secret of the name that a setting gives; `detail` tells it."""

    code, says = "credential_missing", "The partner application's certificate or secret is not in the token vault."
    remedy = "The broker's administrator puts it there, or enables it (docs/consent.md); no consent is lost."


class ApplicationGrantsInvalid(BrokerError):
    """The grant set that customers' tenants get is missing or malformed; `detail` says where."""

    code, says = "application_grants_invalid", "The grant set for customers' tenants cannot be used."
    remedy = (
        "The broker's administrator corrects the secret application-grants in the policy vault (docs/customers.md)."
    )


class PartnerCenterRefused(BrokerError):
    """Partner Center does not let the person who consented do this."""

    code, error, status = "partner_center_refused", "access_denied", 403
    says = "Partner Center refused what was asked in the name of the person who consented."
    remedy = (
        "That person needs to have consented with MFA, to be an admin agent of the partner, and in the customer's "
        "tenant to hold Cloud Application Administrator or a role above it by GDAP."
    )


class VaultRefused(BrokerError):
    """The broker's identity may not do this in the vault."""

    code = "vault_refused"
    says = "Key Vault refused the broker's own identity."
    remedy = "The broker's administrator checks the role assignments on the vault (docs/settings.md); wait if new."


class Unavailable(BrokerError):
    """Worth trying again."""

    code, error, status, transient = "unavailable", "temporarily_unavailable", 503, True
    says, remedy = "A service behind the broker does not answer.", "Try again after the time in Retry-After."


class AuthorityUnavailable(Unavailable):
    """Entra ID does not answer, or throttles."""

    code, says = "authority_unavailable", "The authority (Entra ID) does not answer or asks to wait."


class VaultUnavailable(Unavailable):
    """Key Vault does not answer, or throttles."""

    code, says = "vault_unavailable", "Key Vault does not answer or asks to wait."


class IdentityUnavailable(Unavailable):
    """The platform does not give the broker its own managed identity's token."""

    code, says = "identity_unavailable", "The broker's managed identity gives no token."


class PartnerCenterUnavailable(Unavailable):
    """Partner Center does not answer, or throttles."""

    code, says = "partner_center_unavailable", "Partner Center does not answer or asks to wait."


def remedy_of(code: str) -> str | None:
    """The remedy of the error with this stable code; None for a code nobody has."""
    classes = [BrokerError]
    while classes:
        kind = classes.pop()
        if kind.code == code:
            return kind.remedy
        classes.extend(kind.__subclasses__())
    return None
