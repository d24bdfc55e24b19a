"""What can be wrong with one stored consent."""

from shared import acts
from shared.errors import ConsentUnreadable, ConsentUnusable, InvalidRequest, Unavailable


class ConsentNotFound(InvalidRequest):
    """An operator named a consent that was never given."""

    code, status = "consent_not_found", 404
    says, remedy = "There is no consent of that name.", "GET /api/consents lists those there are."
    act = acts.LIST


class NothingToRestore(InvalidRequest):
    """There is no withdrawal to take back, or what it ended is not there any more."""

    code, status = "nothing_to_restore", 409
    says, remedy = "There is no withdrawn consent that could be restored.", "Make a link, and a person consents anew."
    act = acts.LINK


class ConsentAbsent(ConsentUnusable):
    """Nobody ever gave this consent."""

    code, says = "consent_absent", "This consent has not been given yet."


class ConsentWithdrawn(ConsentUnusable):
    """An operator withdrew it: no token is issued any more."""

    code, says = "consent_withdrawn", "This consent has been withdrawn."
    act = acts.RESTORE


class ConsentFromNewerVersion(ConsentUnreadable):
    """A newer version of the broker wrote it: this one neither reads nor replaces it."""

    code = "consent_from_newer_version"
    says = "What is stored for this consent was written by a newer version of the broker; nothing was changed."
    remedy = "Upgrade the broker to the version that was rolled back."
    act = acts.UPGRADE


class ConsentInMotion(Unavailable):
    """Another consent is in force than the one that was read a moment ago, or the policy changed again and again."""

    code = "consent_in_motion"
    says = "The consent or the policy changed while this was made; nothing of the earlier one is given."
    remedy = "Try again after the time in Retry-After."


class ManagementAbsent(InvalidRequest):
    """The reserved name is used, and the broker has no management application."""

    code = "management_absent"
    says = "This name is kept for the management application, and this broker has none."
    remedy = "The broker's administrator sets MANAGEMENT_CLIENT_ID (docs/customers.md), or another name is used."
    act, known = acts.CORRECT_SETTING, {"setting": "MANAGEMENT_CLIENT_ID"}
