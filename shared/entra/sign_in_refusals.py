"""What the authority says of a sign-in, as the person who signs in reads it.

SignInRefused                  consent_http adds why it is not accepted here
├── SignInDeclined, SignInFailed, SignInSpent
└── AdminApprovalNeeded, ConditionalAccessBlocked, AccountNotAdmitted
"""

from shared import acts
from shared.errors import ConsentRefused


class SignInRefused(ConsentRefused):
    """The sign-in did not lead to a consent."""

    code, says = "sign_in_refused", "The sign-in did not lead to a consent; nothing was stored."


class SignInDeclined(SignInRefused):
    """The person pressed cancel."""

    code, says = "sign_in_declined", "The sign-in was cancelled; nothing was stored."
    remedy = "Open the link again when you want to consent."
    act = acts.OPEN_LINK


class SignInFailed(SignInRefused):
    """The authority ended the sign-in with an error of its own."""

    code, says = "sign_in_failed", "The authority (Entra ID) did not let the sign-in pass; nothing was stored."
    remedy = (
        "Sign in as an administrator who may consent to the partner application, and see that Conditional Access "
        "does not block it; then open the link again."
    )
    act = acts.OPEN_LINK


class SignInSpent(SignInFailed):
    """The answer of this sign-in was redeemed before: another tab, a reloaded page, a lost answer."""

    code, says = "sign_in_spent", "This sign-in was used already, or its answer was lost; nothing was stored by it."
    remedy = "Open the link again and sign in once more. If your consent was stored after all, the link says so."


class AdminApprovalNeeded(SignInRefused):
    """The application is not consented in the tenant, and this person may not consent to it."""

    code, status, says = "admin_approval_needed", 403, "The application needs an administrator's approval first."
    remedy = (
        "An administrator of your tenant grants admin consent to the partner application (Entra ID, enterprise "
        "applications, permissions); then open the link again."
    )
    act = acts.HOME_CONSENT


class ConditionalAccessBlocked(SignInRefused):
    """A policy of the tenant stands in the way of this sign-in."""

    code, status = "conditional_access_blocked", 403
    says = "A policy of your tenant (Conditional Access) does not let this sign-in pass; nothing was stored."
    remedy = (
        "Sign in from a device and network that the policy admits, or give an administrator the code below to look up "
        "in Entra ID's sign-in log; then open the link again."
    )
    act = acts.HOME_POLICY


class AccountNotAdmitted(SignInRefused):
    """The account does not belong to the tenant, or was not assigned to the application."""

    code, status, says = "account_not_admitted", 403, "This account may not sign in to the partner application here."
    remedy = (
        "Sign out of other accounts, open the link again and sign in with your account of the tenant it names. If it "
        "was that one, an administrator assigns it to the partner application."
    )
    act = acts.OPEN_LINK
