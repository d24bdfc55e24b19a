"""Access tokens in memory alone, until shortly before they end; and, briefly, what the authority refused."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from shared.clock import Clock
from shared.entra.tokens import AccessToken
from shared.errors import SHORT_RETRY_SECONDS, BrokerError

TOKENS_KEPT = 30_000
REFUSALS_KEPT = 10_000
# A token handed out lives at least this long: a caller's own request takes time.
LEAST_LIFETIME = timedelta(minutes=5)
# From here on the next one is fetched while this one is served; spread, so that callers of many tenants do not meet.
REFRESH_AHEAD = timedelta(minutes=10)
REFRESH_SPREAD = timedelta(minutes=5)
REFUSAL_SECONDS = 30
LONGEST_REFUSAL_SECONDS = 300


class TokenKey(NamedTuple):
    """What makes two requests the same; a new consent has a new lineage, and so never meets an old token.

    A tuple, since the caches compare keys many times for each request.
    """

    lineage: str
    tenant_id: str
    scope: str
    claims_sha256: str = ""


def token_key(lineage: str, tenant_id: str, scope: str, claims: str | None) -> TokenKey:
    """The key of one request; claims count by their hash."""
    digest = hashlib.sha256(claims.encode()).hexdigest() if claims else ""
    return TokenKey(lineage=lineage, tenant_id=tenant_id, scope=scope, claims_sha256=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    token: AccessToken
    refresh_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    error: BrokerError
    on: datetime
    lifetime: timedelta


class TokenCache:
    """Bounded, least recently used out first; belongs to one event loop and takes no lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: LRUCache[TokenKey, _Kept] = LRUCache(TOKENS_KEPT)
        self._refusals: LRUCache[TokenKey, _Refused] = LRUCache(REFUSALS_KEPT)

    def token(self, key: TokenKey, *, lifetime: timedelta) -> AccessToken | None:
        """The token kept under this key if it lives for `lifetime` yet."""
        kept = self._tokens.get(key)
        return kept.token if kept and kept.token.expires_on - self._clock() >= lifetime else None

    def wants_refresh(self, key: TokenKey) -> bool:
        """Whether the next token should be fetched while this one is served."""
        kept = self._tokens.get(key)
        return kept is not None and self._clock() >= kept.refresh_on

    def keep(self, key: TokenKey, token: AccessToken) -> None:
        """Keep a token in place of whatever was there, a refusal included."""
        spread = REFRESH_SPREAD * random.random()  # noqa: S311 - spreads load, guards nothing
        # A token may be made to live for ten minutes: it is not to be fetched anew for each request.
        ahead = min(REFRESH_AHEAD + spread, (token.expires_on - self._clock()) / 2)
        self._tokens[key] = _Kept(token=token, refresh_on=token.expires_on - ahead)
        self._refusals.pop(key, None)

    def drop(self, key: TokenKey) -> None:
        """Forget the token of this key without its claims: an API wanted a better one."""
        self._tokens.pop(key._replace(claims_sha256=""), None)

    def refusal(self, key: TokenKey) -> BrokerError | None:
        """What the authority refused a moment ago under this key."""
        refused = self._refusals.get(key)
        if refused is None:
            return None
        # A clock that was set back must not make it last.
        if abs(self._clock() - refused.on) < refused.lifetime:
            return refused.error
        self._refusals.pop(key)
        return None

    def forget_refusals(self, tenant_id: str) -> None:
        """Ask the authority again for whatever it refused in this tenant: somebody has just mended it."""
        for key in [key for key in self._refusals if key.tenant_id == tenant_id]:
            self._refusals.pop(key, None)

    def keep_refusal(self, key: TokenKey, error: BrokerError) -> None:
        """Remember a refusal for a moment, so that a caller in a loop does not get the broker throttled."""
        usual = SHORT_RETRY_SECONDS if error.transient else REFUSAL_SECONDS
        seconds = min(error.retry_after or usual, LONGEST_REFUSAL_SECONDS)
        self._refusals[key] = _Refused(error=error.afresh(), on=self._clock(), lifetime=timedelta(seconds=seconds))
