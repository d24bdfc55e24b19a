"""Why a person sees another page than "done": the branch of the error tree that consent adds.

ConsentRefused
├── LinkRefused
│   ├── LinkInvalid, LinkExpired, LinkUsed, LinkSuperseded, LinkWithdrawn
│   └── ButtonFromElsewhere
├── SignInRefused
│   ├── SignInLost, SignInDeclined, SignInFailed, IdTokenInvalid, RefreshTokenMissing
│   ├── AdminApprovalNeeded, ConditionalAccessBlocked, AccountNotAdmitted
│   ├── WrongTenant, WrongPerson, AnotherPerson
│   └── MfaMissing, MfaUnknown
├── DeviceCodeRefused
│   └── DeviceCodeOff, DeviceCodeInvalid, DeviceCodeExpired, DeviceCodeDeclined
└── ImportRefused
    └── ImportExpired, ImportForeign, ImportSinglePage
"""

from shared.errors import BrokerError


class ConsentRefused(BrokerError):
    """Nothing was stored."""

    code, error, status = "consent_refused", "access_denied", 400
    says, remedy = "This consent was not accepted; nothing was stored.", "Ask for a new link and try again."


class LinkRefused(ConsentRefused):
    """The link cannot be used."""

    code, says = "link_refused", "This link cannot be used."


class LinkInvalid(LinkRefused):
    """It is not a link of this broker, or it was changed on its way."""

    code, says = "link_invalid", "This is not a link of this broker, or it was damaged on its way."
    remedy = "Copy the whole link again, or ask for a new one."


class LinkExpired(LinkRefused):
    """It is older than it was allowed to become."""

    code, status, says = "link_expired", 410, "This link has expired."


class LinkUsed(LinkRefused):
    """A consent was stored through it already."""

    code, status, says = "link_used", 410, "This link has been used: the consent it was for is stored."
    remedy = "Nothing more is to be done. To consent anew, ask for a new link."


class LinkSuperseded(LinkRefused):
    """Somebody consented through another link after this one was made."""

    code, status, says = "link_superseded", 410, "A newer consent was stored after this link was made."
    remedy = "Nothing is to be done, unless you should consent anew: then ask for a new link."


class LinkWithdrawn(LinkRefused):
    """The consent was withdrawn after this link was made."""

    code, status, says = "link_withdrawn", 410, "The consent was withdrawn after this link was made."
    remedy = "If it should be given again, ask for a new link."


class ButtonFromElsewhere(LinkRefused):
    """The form was not sent from our own page."""

    code, status, says = "button_from_elsewhere", 403, "This request did not come from the page behind your link."
    remedy = "Open the link again and press the button there."


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


class IdTokenInvalid(SignInRefused):
    """The id_token does not verify: signature, issuer, audience, time or nonce."""

    code, says = "id_token_invalid", "The authority's answer could not be verified; nothing was stored."


class RefreshTokenMissing(SignInRefused):
    """The authority gave no refresh token."""

    code, says = "refresh_token_missing", "The authority gave no refresh token; nothing was stored."
    remedy = "The administrator of the broker checks that the application may have offline_access."


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


class DeviceCodeRefused(ConsentRefused):
    """A sign-in through another device did not lead to a consent."""

    code, says = "device_code_refused", "The sign-in with a device code did not lead to a consent."
    remedy = "Begin a new one, or better make a link."


class DeviceCodeOff(DeviceCodeRefused):
    """The setting forbids this flow."""

    code, status, says = "device_code_off", 403, "Signing in with a device code is switched off."
    remedy = (
        "Make a link instead. Where no browser reaches the broker, CONSENT_DEVICE_CODE=on allows it (docs/consent.md)."
    )


class DeviceCodeInvalid(DeviceCodeRefused):
    """What came back is not what the broker handed out, or the authority does not know the code."""

    code, says = "device_code_invalid", "This is not a device code of this broker, or the authority knows it no more."


class DeviceCodeExpired(DeviceCodeRefused):
    """Nobody signed in within the quarter of an hour that the authority gives."""

    code, status, says = "device_code_expired", 410, "The device code has expired: nobody signed in with it in time."


class DeviceCodeDeclined(DeviceCodeRefused):
    """The person pressed cancel."""

    code, says = "device_code_declined", "The person declined the sign-in; nothing was stored."


class ImportRefused(ConsentRefused):
    """The refresh token from elsewhere was not accepted."""

    code, says = "import_refused", "The authority did not accept this refresh token; nothing was stored."
    remedy = "Make a link, and a person consents anew."


class ImportExpired(ImportRefused):
    """Its time is over, or somebody ended it."""

    code, says = "import_expired", "This refresh token has expired or was revoked; nothing was stored."


class ImportForeign(ImportRefused):
    """It was given to another application."""

    code, says = "import_foreign", "This refresh token was given to another application than PARTNER_CLIENT_ID."
    remedy = "Import one of the partner application's own, or make a link, and a person consents anew."


class ImportSinglePage(ImportRefused):
    """It came through a redirect URI of type spa, and so ends a day after the sign-in whatever is done with it."""

    code, says = "import_single_page", "This refresh token is of a single-page application and ends after 24 hours."
    remedy = "Register the redirect URI as type web, not spa; then make a link, and a person consents anew."
