"""What some AADSTS numbers say beyond the error they stand for: a sentence for whoever mends it, by place."""

from collections.abc import Mapping
from typing import Any

from shared.entra.place import Place
from shared.errors import kind_of

NOT_THERE = (
    "The person's account is not in that tenant; GDAP needs no guest account there. Look for a guest account of the "
    "same name, which can hide the GDAP roles, for a GDAP group with a role there, and for a policy that asks for MFA "
    "or session control."
)
# The application's own credential, wherever it is refused.
_CREDENTIAL: Mapping[int, str] = {
    7000215: "The client secret in the token vault is none of the registration's.",
    7000222: "The client secret has expired: the registration and the token vault need a new one.",
    700027: "The certificate in the token vault is none of the registration's, or has expired.",
}
_CUSTOMER: Mapping[int, str] = {
    **_CREDENTIAL,
    50057: "The account of the person in that tenant, such as a guest account, is disabled.",
    50105: "The enterprise application of the partner application requires assignment there.",
    **dict.fromkeys((16003, 50020, 50034, 50177, 50178, 90072), NOT_THERE),
    70043: "That tenant's Conditional Access limits how long a sign-in lasts (sign-in frequency).",
    500014: "The service is disabled there: its licence has ended, or an administrator switched it off.",
    500212: "The cross-tenant access settings of the person's own tenant do not allow it (outbound).",
    500213: "The cross-tenant access settings of that tenant do not allow it (inbound).",
    650051: "That tenant is unmanaged, or the partner application is installed there by half. "
    "Remove its enterprise application and consent to it again.",
    650052: "Nobody has subscribed to the service there.",
    700003: "That tenant does not know the device that the person signed in with.",
}
_HOME: Mapping[int, str] = {
    **_CREDENTIAL,
    70043: "Conditional Access limits how long a sign-in lasts (sign-in frequency): exclude the partner application "
    "from that policy, or it comes back.",
    700003: "It names the device that the person signed in with: look whether that is still registered and enabled.",
    7000112: "The partner application is disabled in the person's own tenant.",
}
_BY_PLACE: Mapping[Place, Mapping[int, str]] = {Place.CUSTOMER: _CUSTOMER, Place.HOME: _HOME, Place.SIGN_IN: {}}


def what_to_look_at(number: int | None, place: Place) -> str:
    """The sentence, "" where the error's own remedy says enough."""
    return _BY_PLACE[place].get(number, "") if number is not None else ""


def what_to_do(code: str, number: int | None, place: Place, **facts: str) -> dict[str, Any]:
    """Remedy and act of an error that is remembered by its code, with what its number says beyond; None for none."""
    kind = kind_of(code)
    if kind is None:
        return {"remedy": None, "act": None}
    told = kind().knowing(**facts).what_to_do
    return {**told, "remedy": f"{what_to_look_at(number, place)} {told['remedy']}".strip()}
