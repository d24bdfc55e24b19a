"""Why a sign-in did not lead to a consent: what a person reads after coming back from the authority.

SignInRefused
├── SignInLost, SignInDeclined, SignInFailed, IdTokenInvalid, RefreshTokenMissing
├── AdminApprovalNeeded, ConditionalAccessBlocked, AccountNotAdmitted
├── WrongTenant, WrongPerson, AnotherPerson
└── MfaMissing, MfaUnknown
"""

from consent_http.refusals import ConsentRefused


class SignInRefused(ConsentRefused):
    """The sign-in did not lead to a consent."""

    code, says = "sign_in_refused", "The sign-in did not lead to a consent; nothing was stored."


class SignInLost(SignInRefused):
    """The browser brought no trace of a sign-in begun here: cookie gone, too old, or of another browser."""

    code, says = "sign_in_lost", "This sign-in was not begun in this browser, or more than a quarter of an hour ago."
    remedy = "Allow cookies for this site, open the link again and sign in once more."


class SignInDeclined(SignInRefused):
    """The person pressed cancel."""

    code, says = "sign_in_declined", "The sign-in was cancelled; nothing was stored."
    remedy = "Open the link again when you want to consent."


class SignInFailed(SignInRefused):
    """The authority ended the sign-in with an error of its own."""

    code, says = "sign_in_failed", "The authority (Entra ID) did not let the sign-in pass; nothing was stored."
    remedy = (
        "Sign in as an administrator who may consent to the partner application, and see that Conditional Access "
        "does not block it; then open the link again."
    )


class IdTokenInvalid(SignInRefused):
    """The id_token does not verify: signature, issuer, audience, time or nonce."""

    code, says = "id_token_invalid", "The authority's answer could not be verified; nothing was stored."


class RefreshTokenMissing(SignInRefused):
    """The authority gave no refresh token."""

    code, says = "refresh_token_missing", "The authority gave no refresh token; nothing was stored."
    remedy = "The administrator of the broker checks that the application may have offline_access."


class AdminApprovalNeeded(SignInRefused):
    """The application is not consented in the tenant, and this person may not consent to it."""

    code, status, says = "admin_approval_needed", 403, "The application needs an administrator's approval first."
    remedy = (
        "An administrator of your tenant grants admin consent to the partner application (Entra ID, enterprise "
        "applications, permissions); then open the link again."
    )


class ConditionalAccessBlocked(SignInRefused):
    """A policy of the tenant stands in the way of this sign-in."""

    code, status = "conditional_access_blocked", 403
    says = "A policy of your tenant (Conditional Access) does not let this sign-in pass; nothing was stored."
    remedy = (
        "Sign in from a device and network that the policy admits, or give an administrator the code below to look up "
        "in Entra ID's sign-in log; then open the link again."
    )


class AccountNotAdmitted(SignInRefused):
    """The account does not belong to the tenant, or was not assigned to the application."""

    code, status, says = "account_not_admitted", 403, "This account may not sign in to the partner application here."
    remedy = (
        "Sign out of other accounts, open the link again and sign in with your account of the tenant it names. If it "
        "was that one, an administrator assigns it to the partner application."
    )


class WrongTenant(SignInRefused):
    """The person belongs to another tenant than the link names."""

    code, status, says = "wrong_tenant", 403, "You signed in to another tenant than this link is for."
    remedy = "Open the link again and sign in with an account of the tenant it names."


class WrongPerson(SignInRefused):
    """The link names somebody else."""

    code, status, says = "wrong_person", 403, "This link is for another person."
    remedy = "Open the link again and sign in as the person it names, or ask for a link of your own."


class AnotherPerson(SignInRefused):
    """The consent in force was given by somebody else, and the link does not ask for a new person."""

    code, status, says = "another_person", 403, "The consent in force was given by somebody else."
    remedy = "If you should take over, ask for a link that lets a new person consent (new_person)."


class MfaMissing(SignInRefused):
    """The sign-in was made without multi-factor authentication, which partners must use."""

    code, status, says = "mfa_missing", 403, "You signed in without multi-factor authentication; nothing was stored."
    remedy = "Set up MFA for this account (Entra ID's own, or one that reports it), then open the link again."


class MfaUnknown(SignInRefused):
    """The tokens of this scope do not tell whether MFA was used."""

    code, status, says = "mfa_unknown", 403, "It cannot be told whether you signed in with multi-factor authentication."
    remedy = (
        "The administrator of the broker keeps CONSENT_SCOPE at Partner Center's, which tells, "
        "or sets CONSENT_UNKNOWN_MFA=accept."
    )
