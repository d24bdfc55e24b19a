"""Why a consent is not given: the branch of the error tree that this package adds.

shared.errors.ConsentRefused
├── LinkRefused
│   ├── LinkInvalid, LinkExpired, LinkUsed, LinkSuperseded, LinkWithdrawn, LinkRevoked
│   └── ButtonFromElsewhere
├── shared.entra.sign_in_refusals.SignInRefused, with more in sign_in_refusals
├── DeviceCodeRefused
│   └── DeviceCodeOff, DeviceCodeInvalid, DeviceCodeExpired, DeviceCodeDeclined
└── ImportRefused
    └── ImportExpired, ImportForeign, ImportSinglePage
ConsentChanged                  another one came in between
"""

from typing import Self

from consent_http.in_force import InForce
from shared import acts
from shared.errors import ConsentRefused, InvalidRequest


class LinkRefused(ConsentRefused):
    """The link cannot be used."""

    code, says = "link_refused", "This link cannot be used."
    in_force: InForce | None = None

    @classmethod
    def by(cls, in_force: InForce | None) -> Self:
        """The refusal that a consent in force causes, and what may be told of that one."""
        error = cls(in_force.detail if in_force else "")
        error.in_force = in_force
        return error


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
    act = acts.NOTHING


class LinkSuperseded(LinkRefused):
    """Somebody consented through another link after this one was made."""

    code, status, says = "link_superseded", 410, "A newer consent was stored after this link was made."
    remedy = "Nothing is to be done, unless you should consent anew: then ask for a new link."
    act = acts.NOTHING


class LinkWithdrawn(LinkRefused):
    """The consent was withdrawn after this link was made."""

    code, status, says = "link_withdrawn", 410, "The consent was withdrawn after this link was made."
    remedy = "If it should be given again, ask for a new link."


class LinkRevoked(LinkRefused):
    """An operator revoked the links of this consent after this one was made."""

    code, status, says = "link_revoked", 410, "This link was revoked before it was used."
    remedy = "If you should still consent, ask for a new link."


class ButtonFromElsewhere(LinkRefused):
    """The form was not sent from our own page."""

    code, status, says = "button_from_elsewhere", 403, "This request did not come from the page behind your link."
    remedy = "Open the link again and press the button there."
    act = acts.OPEN_LINK


class DeviceCodeRefused(ConsentRefused):
    """A sign-in through another device did not lead to a consent."""

    code, says = "device_code_refused", "The sign-in with a device code did not lead to a consent."
    remedy = "Begin a new one, or better make a link."
    act = acts.DEVICE


class DeviceCodeOff(DeviceCodeRefused):
    """The setting forbids this flow."""

    code, status, says = "device_code_off", 403, "Signing in with a device code is switched off."
    remedy = (
        "Make a link instead. Where no browser reaches the broker, CONSENT_DEVICE_CODE=on allows it (docs/consent.md)."
    )
    act = acts.LINK


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
    act = acts.LINK


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
    act = acts.APPLICATION_REGISTRATION


class ConsentChanged(InvalidRequest):
    """Somebody consented while an operator withdrew."""

    code, status = "consent_changed", 409
    says, remedy = "A newer consent was stored at the same moment and is in force.", "Look at it, then decide anew."
    act = acts.SHOW
