"""What an act came to, told once by the page that it leads to: sealed in a cookie, so no address and no log has it."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from console_http.session import Session
from shared.clock import Clock
from shared.cookies import cookie_name, set_cookie
from shared.pool import Pool
from shared.seal import SealExpired, Seals

PURPOSE, COOKIE, PARAMETER = "console-told", "console-told", "told"
LIFETIME = timedelta(minutes=5)
# Browsers keep no cookie that is longer, name and all.
LONGEST = 3_900


class Tellings:
    """Leaves a telling in the browser and takes it from there; for the session that acted alone."""

    def __init__(self, seals: Seals, *, clock: Clock, public_url: str, pool: Pool) -> None:
        self._seals = seals
        self._clock = clock
        self._public_url = public_url
        self._pool = pool

    async def leave(self, told: Mapping[str, Any], session: Session) -> tuple[str, str]:
        """The query of the page that is to tell it, and the header that leaves it in the browser.

        What no browser would keep is not left: the page says then that it was done, and no more.
        """
        suffix = secrets.token_hex(4)
        content = {"session": session.id, "told": told}
        ends = self._clock() + LIFETIME
        sealed = await self._pool.run(lambda: self._seals.seal(PURPOSE, content, expires_on=ends))
        kept = sealed if len(sealed) <= LONGEST else ""
        return f"{PARAMETER}={suffix}", self._header(suffix, kept, seconds=int(LIFETIME.total_seconds()))

    async def take(
        self, parameters: Mapping[str, str], unverified_cookies: Mapping[str, str], session: Session
    ) -> tuple[Mapping[str, Any], str]:
        """What is to be told on this page, nothing where it was told, and the header that takes it from the browser."""
        suffix = parameters.get(PARAMETER, "")
        name = cookie_name(f"{COOKIE}-{suffix}", public_url=self._public_url)
        unverified = unverified_cookies.get(name, "")
        if not unverified or not suffix.isalnum() or not suffix.isascii():
            return {}, ""
        gone = self._header(suffix, "", seconds=0)
        try:
            opened = await self._pool.run(lambda: self._seals.open(PURPOSE, unverified))
        except SealExpired:
            return {}, gone
        is_own = opened is not None and opened["session"] == session.id
        return (opened["told"] if opened and is_own else {}), gone

    def _header(self, suffix: str, value: str, *, seconds: int) -> str:
        return set_cookie(f"{COOKIE}-{suffix}", value, public_url=self._public_url, seconds=seconds)
