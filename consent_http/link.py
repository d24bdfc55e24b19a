"""One-time links: made by an operator for one consent and tenant, good until used, overtaken, withdrawn or too old."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from consent_http.refusals import LinkExpired, LinkInvalid, LinkSuperseded, LinkUsed, LinkWithdrawn
from consent_http.seal import SealExpired, Seals
from shared.clock import Clock
from shared.consent import Act, Consent, Withdrawal

PURPOSE = "link"
DEFAULT_LIFETIME, LONGEST_LIFETIME = timedelta(minutes=30), timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link stands for.

    `replaces` is the lineage in force when it was made ("" for none), `person` the object id it is meant for ("" for
    anybody of the tenant), `login_hint` a username for the sign-in page, which proves nothing.
    """

    id: str
    name: str
    tenant_id: str
    replaces: str
    person: str = ""
    login_hint: str = ""
    new_person: bool = False

    def require_in_force(self, stored: Act | None) -> None:
        """Raise what to tell the person if a newer act of somebody has made this link void."""
        if isinstance(stored, Consent) and stored.link_id == self.id:
            raise LinkUsed
        if (stored.lineage if stored else "") == self.replaces:
            return
        raise LinkWithdrawn if isinstance(stored, Withdrawal) else LinkSuperseded


def new_link_id() -> str:
    """An id no other link has."""
    return secrets.token_hex(16)


class Links:
    """Seals links into addresses and opens them."""

    def __init__(self, seals: Seals, *, public_url: str, clock: Clock) -> None:
        self._seals = seals
        self._public_url = public_url
        self._clock = clock

    def address(self, link: Link, *, lifetime: timedelta) -> tuple[str, datetime]:
        """The address to give to the person, and when it expires."""
        expires_on = self._clock().replace(microsecond=0) + lifetime
        sealed = self._seals.seal(PURPOSE, asdict(link), expires_on=expires_on)
        return f"{self._public_url}/api/consent?{urlencode({'link': sealed})}", expires_on

    def open(self, unverified_link: str) -> Link:
        """The link, if it is one of ours and in its time; raises LinkInvalid or LinkExpired."""
        try:
            content = self._seals.open(PURPOSE, unverified_link)
        except SealExpired:
            raise LinkExpired from None
        try:
            return Link(**(content or {}))
        except TypeError:  # not ours, or sealed by another version of the broker
            raise LinkInvalid from None
