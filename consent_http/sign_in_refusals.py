"""Why a sign-in that the authority let pass did not lead to a consent: what a person reads after coming back from it.

shared.entra.sign_in_refusals.SignInRefused
├── SignInLost, IdTokenInvalid, RefreshTokenMissing
├── WrongTenant, WrongPerson, AnotherPerson
└── MfaMissing, MfaUnknown
"""

from typing import Self

from consent_http.in_force import InForce
from shared import acts
from shared.consents.consent import Consent
from shared.entra.sign_in_refusals import SignInRefused


class SignInLost(SignInRefused):
    """The browser brought no trace of a sign-in begun here: cookie gone, too old, or of another browser."""

    code, says = "sign_in_lost", "This sign-in was not begun in this browser, or more than a quarter of an hour ago."
    remedy = "Allow cookies for this site, open the link again and sign in once more."
    act = acts.OPEN_LINK


class IdTokenInvalid(SignInRefused):
    """The id_token does not verify: signature, issuer, audience, time or nonce."""

    code, says = "id_token_invalid", "The authority's answer could not be verified; nothing was stored."


class RefreshTokenMissing(SignInRefused):
    """The authority gave no refresh token."""

    code, says = "refresh_token_missing", "The authority gave no refresh token; nothing was stored."
    remedy = "The administrator of the broker checks that the application may have offline_access."
    act = acts.APPLICATION_REGISTRATION


class WrongTenant(SignInRefused):
    """The person belongs to another tenant than the link names."""

    code, status, says = "wrong_tenant", 403, "You signed in to another tenant than this link is for."
    remedy = "Open the link again and sign in with an account of the tenant it names."
    act = acts.OPEN_LINK


class WrongPerson(SignInRefused):
    """The link names somebody else."""

    code, status, says = "wrong_person", 403, "This link is for another person."
    remedy = "Open the link again and sign in as the person it names, or ask for a link of your own."
    act = acts.OPEN_LINK


class AnotherPerson(SignInRefused):
    """The consent in force was given by somebody else, and the link does not ask for a new person."""

    code, status, says = "another_person", 403, "The consent in force was given by somebody else."
    remedy = "If you should take over, ask for a link that lets a new person consent (new_person)."
    act = acts.ASK_NEW_PERSON
    in_force: InForce | None = None

    @classmethod
    def than(cls, known: Consent) -> Self:
        """Somebody else than who gave this consent; the one who is told has signed in, to the same tenant."""
        in_force = InForce.of(known, names_person=True)
        error = cls(in_force.detail)
        error.in_force = in_force
        return error


class MfaMissing(SignInRefused):
    """The sign-in was made without multi-factor authentication, which partners must use."""

    code, status, says = "mfa_missing", 403, "You signed in without multi-factor authentication; nothing was stored."
    remedy = "Set up MFA for this account (Entra ID's own, or one that reports it), then open the link again."
    act = acts.SET_UP_MFA


class MfaUnknown(SignInRefused):
    """The tokens of this scope do not tell whether MFA was used."""

    code, status, says = "mfa_unknown", 403, "It cannot be told whether you signed in with multi-factor authentication."
    remedy = (
        "The administrator of the broker keeps CONSENT_SCOPE at Partner Center's, which tells, "
        "or sets CONSENT_UNKNOWN_MFA=accept."
    )
    act, known = acts.CORRECT_SETTING, {"setting": "CONSENT_SCOPE"}
