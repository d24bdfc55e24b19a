"""A person's session: sealed in a cookie, ended by time, by idleness, and on every instance by signing out.

A sealed cookie cannot be taken back. So a session that was signed out is remembered by its id until it would have ended
(shared/marks.py), and whoever cannot read these marks lets nobody in.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from console_http.refusals import ConsoleRefused, SignInAgain, SignInNeeded
from shared.callers.assertion import Principal
from shared.clock import Clock, from_text, to_text
from shared.link_keys import SealKeyUnknown
from shared.marks import SIGNED_OUT, Marks
from shared.seal import SealExpired, Seals

PURPOSE = "console-session"
LONGEST, IDLE = timedelta(hours=8), timedelta(minutes=30)
# So long is believed what Entra ID said of the person's roles.
CONFIRMED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who signed in, what Entra ID last said of the roles and when; `form_token` stands in each of its forms."""

    id: str
    object_id: str
    username: str
    roles: frozenset[str]
    begun_on: datetime
    confirmed_on: datetime
    form_token: str = field(repr=False)

    @classmethod
    def begun(cls, *, object_id: str, username: str, roles: frozenset[str], now: datetime) -> Self:
        """A new one."""
        return cls(
            id=secrets.token_hex(16),
            object_id=object_id,
            username=username,
            roles=roles,
            begun_on=now,
            confirmed_on=now,
            form_token=secrets.token_hex(16),
        )

    def confirmed(self, *, username: str, roles: frozenset[str], now: datetime) -> Self:
        """The same session with what Entra ID says now; it ends when it would have ended."""
        return replace(self, username=username, roles=roles, confirmed_on=now)

    def is_stale(self, now: datetime) -> bool:
        """Whether the roles have to be confirmed before they count."""
        return abs(now - self.confirmed_on) >= CONFIRMED_FOR

    def as_operator(self, client_id: str) -> Principal:
        """Who acts, as the operators' services take it; `client_id` is the broker's own registration."""
        return Principal(
            object_id=self.object_id,
            application_id=client_id,
            roles=self.roles,
            scopes=frozenset(),
            is_application=False,
            username=self.username,
        )

    def to_json(self) -> dict[str, Any]:
        """A value to seal."""
        return {
            "id": self.id,
            "object_id": self.object_id,
            "username": self.username,
            "roles": sorted(self.roles),
            "begun_on": to_text(self.begun_on),
            "confirmed_on": to_text(self.confirmed_on),
            "form_token": self.form_token,
        }

    @classmethod
    def from_json(cls, sealed: Mapping[str, Any]) -> Self:
        """What was sealed; raises LookupError, TypeError or ValueError where another version of the broker did it."""
        moments = {name: from_text(sealed[name]) for name in ("begun_on", "confirmed_on")}
        return cls(**{**sealed, **moments, "roles": frozenset(sealed["roles"])})


class Sessions:
    """Seals, opens and ends them; may block."""

    def __init__(self, seals: Seals, marks: Marks, *, clock: Clock) -> None:
        self._seals = seals
        self._marks = marks
        self._clock = clock

    def sealed(self, session: Session) -> str:
        """The cookie's value, good until the session was idle for too long or ends."""
        ends = min(session.begun_on + LONGEST, self._clock() + IDLE)
        return self._seals.seal(PURPOSE, session.to_json(), expires_on=ends)

    def open(self, unverified_cookie: str | None) -> Session:
        """The session of a cookie; raises SignInAgain, SignInNeeded, or what the vault or the marks raise."""
        try:
            sealed = self._seals.open(PURPOSE, unverified_cookie) if unverified_cookie else None
            session = Session.from_json(sealed or {})
        except SealExpired:
            raise SignInAgain from None
        except (LookupError, TypeError, ValueError):
            raise SignInNeeded from None
        if session.begun_on + LONGEST <= self._clock():
            raise SignInAgain
        self.require_not_signed_out(session)
        return session

    def require_not_signed_out(self, session: Session) -> None:
        """Raise SignInNeeded where it was, or what the marks raise."""
        if session.id in self._marks.in_force(SIGNED_OUT):
            raise SignInNeeded

    def end(self, session: Session) -> None:
        """Sign out, on every instance; raises where that could not be remembered."""
        self._marks.set(SIGNED_OUT, session.id, until=session.begun_on + LONGEST)

    def end_before(self, session: Session, unverified_cookie: str | None) -> Session | None:
        """End what the browser held before this session, whoever's it was: nobody can sign it out any more.

        The ended session; None where there was none. Raises where it could not be remembered.
        """
        try:
            before = self.open(unverified_cookie)
        except (ConsoleRefused, SealKeyUnknown):
            return None
        if before.id == session.id:
            return None
        self.end(before)
        return before
