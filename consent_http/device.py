"""Device code: a sign-in for places whose browsers do not reach the broker; off unless a setting allows it.

Nothing is kept here between two polls: what the broker needs is sealed and held by the operator, so a poll goes on
after a restart and on any instance.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from consent_http.completion import DEVICE, Completion, Confirmation, Occasion
from consent_http.link import PERSON_FIELDS, Link, requested
from consent_http.link_standing import Standings
from consent_http.refusals import (
    DeviceCodeDeclined,
    DeviceCodeExpired,
    DeviceCodeInvalid,
    DeviceCodeOff,
    DeviceCodeRefused,
)
from shared.audit import record
from shared.callers.assertion import Principal
from shared.clock import from_text, to_text
from shared.consents.applications import Applications
from shared.consents.consent import Act, Consent, checked_name
from shared.entra.sign_in_refusals import SignInDeclined, SignInSpent
from shared.entra.tokens import DeviceAnswer, DeviceSignIn, TokenSet
from shared.errors import InvalidRequest
from shared.seal import SealExpired, Seals
from shared.settings import Settings

START_FIELDS = PERSON_FIELDS
POLL_FIELDS: Mapping[str, type] = {"device": str}
PURPOSE = "device"
# Of a code's end the authority decides; a poll whose answer was lost then can still learn that the consent is stored.
ASKED_AFTER = timedelta(minutes=15)
PENDING, SLOW_DOWN, SLOWER_SECONDS = "authorization_pending", "slow_down", 5  # RFC 8628 section 3.5
_ENDS: Mapping[str, type[DeviceCodeRefused]] = {
    "authorization_declined": DeviceCodeDeclined,
    "expired_token": DeviceCodeExpired,
    "code_expired": DeviceCodeExpired,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nobody has signed in yet: poll again with this `device` after `interval` seconds."""

    device: str
    interval: int


class DeviceFlow:
    """Everything here may block; `start` and `poll` raise DeviceCodeOff unless the setting allows them."""

    def __init__(
        self,
        *,
        settings: Settings,
        applications: Applications,
        standings: Standings,
        seals: Seals,
        completion: Completion,
    ) -> None:
        self._settings = settings
        self._applications = applications
        self._standings = standings
        self._seals = seals
        self._completion = completion

    def start(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """What the operator tells the person, and the sealed `device` to poll with."""
        self._require_allowed()
        standing = self._standings.now(checked_name(unverified_name))
        link = requested(unverified_name, fields, standing=standing, settings=self._settings, operator=operator)
        sign_in = self._applications.of(link.name).authority.begin_device_sign_in(
            tenant_id=link.tenant_id, scope=self._settings.consent_scope
        )
        record(
            "device.started",
            {"id": link.id, "name": link.name, "tenant_id": link.tenant_id, "operator": operator.object_id}
            | {"correlation_id": correlation},
        )
        return {
            "user_code": sign_in.user_code,
            "verification_uri": sign_in.verification_uri,
            "message": f"Open {sign_in.verification_uri}, enter {sign_in.user_code} and sign in with MFA.",
            "expires_on": to_text(sign_in.expires_on),
            "interval": sign_in.interval,
            "device": self._sealed(sign_in, link),
        }

    def poll(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> Confirmation | Waiting:
        """Ask once whether the person has signed in; stores the consent when so. Raises how it ended otherwise."""
        self._require_allowed()
        unverified_device = fields.get("device")
        if not unverified_device:
            raise InvalidRequest("device: what the start, or the last poll, answered.")
        sign_in, link = self._opened(unverified_device, checked_name(unverified_name))
        standing = self._standings.now(link.name)
        given = _given(standing.act, link)
        if given:
            return given
        link.require_in_force(standing)
        answer = self._answer(sign_in, link)
        if isinstance(answer, Confirmation):
            return answer
        if isinstance(answer, DeviceAnswer):
            return self._waiting(answer, sign_in, link)
        return self._completion.complete(
            answer,
            link=link,
            scope=sign_in.scope,
            nonce=None,
            in_force=standing.act,
            occasion=Occasion(way=DEVICE, operator=operator.object_id, correlation=correlation),
        )

    def _answer(self, sign_in: DeviceSignIn, link: Link) -> TokenSet | DeviceAnswer | Confirmation:
        """The authority's word, or the consent of another poll that redeemed the code in the meantime."""
        try:
            return self._applications.of(link.name).authority.poll_device(sign_in)
        except SignInDeclined as error:
            raise DeviceCodeDeclined(authority_code=error.authority_code) from error
        except SignInSpent as error:
            given = _given(self._standings.now(link.name).act, link)
            if given:
                return given
            # That poll may be storing at this moment, so nobody is told that nothing was stored.
            raise DeviceCodeInvalid("Another poll has redeemed it; one more tells whether it stored.") from error

    def _require_allowed(self) -> None:
        if not self._settings.device_code:
            raise DeviceCodeOff

    def _sealed(self, sign_in: DeviceSignIn, link: Link) -> str:
        content = {"sign_in": {**asdict(sign_in), "expires_on": to_text(sign_in.expires_on)}, "link": asdict(link)}
        return self._seals.seal(PURPOSE, content, expires_on=sign_in.expires_on + ASKED_AFTER)

    def _opened(self, unverified_device: str, name: str) -> tuple[DeviceSignIn, Link]:
        try:
            sealed = self._seals.open(PURPOSE, unverified_device) or {}
            given = sealed["sign_in"]
            sign_in = DeviceSignIn(**{**given, "expires_on": from_text(given["expires_on"])})
            link = Link(**sealed["link"])
        except SealExpired:
            raise DeviceCodeExpired from None
        except (LookupError, TypeError):  # not ours, or sealed by another version of the broker
            raise DeviceCodeInvalid from None
        if link.name != name:
            raise DeviceCodeInvalid(f"It is for the consent {link.name}.")
        return sign_in, link

    def _waiting(self, answer: DeviceAnswer, sign_in: DeviceSignIn, link: Link) -> Waiting:
        if answer.error not in {PENDING, SLOW_DOWN}:
            raise _ENDS.get(answer.error, DeviceCodeInvalid)
        slower = SLOWER_SECONDS if answer.error == SLOW_DOWN else 0
        sign_in = replace(sign_in, interval=sign_in.interval + slower)
        return Waiting(device=self._sealed(sign_in, link), interval=sign_in.interval)


def _given(in_force: Act | None, link: Link) -> Confirmation | None:
    """The consent that an earlier poll has stored: its answer was lost, or has not come yet."""
    if isinstance(in_force, Consent) and in_force.link_id == link.id:
        return Confirmation(consent=in_force, in_force=in_force)
    return None
