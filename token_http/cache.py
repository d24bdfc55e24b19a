"""Access tokens in memory alone, until shortly before they end; and, briefly, what the authority refused."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TLRUCache

from shared.clock import Clock
from shared.errors import BrokerError
from shared.tokens import AccessToken

TOKENS_KEPT = 30_000
REFUSALS_KEPT = 10_000
# A token handed out lives at least this long: a caller's own request takes time.
LEAST_LIFETIME = timedelta(minutes=5)
# From here on the next one is fetched while this one is served; spread, so that callers of many tenants do not meet.
REFRESH_AHEAD = timedelta(minutes=10)
REFRESH_SPREAD = timedelta(minutes=5)
REFUSAL_SECONDS = 30
LONGEST_REFUSAL_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """What makes two requests the same; a new consent has a new lineage, and so never meets an old token."""

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


class TokenCache:
    """Bounded, least recently used out first; belongs to one event loop and takes no lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: TLRUCache[TokenKey, _Kept] = TLRUCache(
            TOKENS_KEPT, ttu=lambda _key, kept, _now: kept.token.expires_on.timestamp(), timer=self._seconds
        )
        self._refusals: TLRUCache[TokenKey, BrokerError] = TLRUCache(
            REFUSALS_KEPT, ttu=lambda _key, error, now: now + _refusal_seconds(error), timer=self._seconds
        )

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
        self._tokens[key] = _Kept(token=token, refresh_on=token.expires_on - REFRESH_AHEAD - spread)
        self._refusals.pop(key, None)

    def refusal(self, key: TokenKey) -> BrokerError | None:
        """What the authority refused a moment ago under this key."""
        return self._refusals.get(key)

    def keep_refusal(self, key: TokenKey, error: BrokerError) -> None:
        """Remember a refusal for a moment, so that a caller in a loop does not get the broker throttled."""
        self._refusals[key] = error.afresh()

    def _seconds(self) -> float:
        return self._clock().timestamp()


def _refusal_seconds(error: BrokerError) -> int:
    return min(error.retry_after or REFUSAL_SECONDS, LONGEST_REFUSAL_SECONDS)
