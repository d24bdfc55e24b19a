"""Access tokens in memory alone, until shortly before they end; and, briefly, what the authority refused."""

import hashlib
import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.clock import Clock
from shared.entra.tokens import AccessToken
from shared.errors import SHORT_RETRY_SECONDS, BrokerError
from shared.subject import Subject
from token_http.shared_memory import SharedMemory

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

    In place of a lineage, which is a text, tokens of the application have APPLICATION, which equals none.
    `own` is the caller whose token it is alone: the one that all share was challenged, or not fresh enough for it.
    A tuple, since the caches compare keys many times for each request.
    """

    lineage: Subject
    tenant_id: str
    scope: str
    claims_sha256: str = ""
    own: str = ""


def token_key(lineage: Subject, tenant_id: str, scope: str, *, claims: str | None = None, own: str = "") -> TokenKey:
    """The key of one request; claims count by their hash."""
    digest = hashlib.sha256(claims.encode()).hexdigest() if claims else ""
    return TokenKey(lineage, tenant_id, scope, digest, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    token: AccessToken
    kept_on: datetime
    refresh_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    error: BrokerError
    on: datetime
    lifetime: timedelta


class TokenCache:
    """Bounded, at the cost of the caller who caused an entry; belongs to one event loop and takes no lock."""

    def __init__(self, clock: Clock, *, tokens: int = TOKENS_KEPT, refusals: int = REFUSALS_KEPT) -> None:
        self._clock = clock
        self._tokens: SharedMemory[TokenKey, _Kept] = SharedMemory(tokens)
        self._refusals: SharedMemory[TokenKey, _Refused] = SharedMemory(refusals)

    def token(self, key: TokenKey, *, lifetime: timedelta, younger_than: timedelta | None = None) -> AccessToken | None:
        """The token kept under this key if it lives for `lifetime` yet, and was not kept too long ago."""
        kept = self._tokens.get(key)
        if kept is None:
            return None
        now = self._clock()
        is_young = younger_than is None or abs(now - kept.kept_on) < younger_than
        return kept.token if is_young and kept.token.expires_on - now >= lifetime else None

    def wants_refresh(self, key: TokenKey) -> bool:
        """Whether the next token should be fetched while this one is served."""
        kept = self._tokens.get(key)
        return kept is not None and self._clock() >= kept.refresh_on

    def keep(self, key: TokenKey, token: AccessToken, *, owner: str) -> None:
        """Keep a token in place of whatever was there, a refusal included; `owner` is the caller who caused it."""
        spread = REFRESH_SPREAD * random.random()  # noqa: S311 - spreads load, guards nothing
        # A token may be made to live for ten minutes: it is not to be fetched anew for each request.
        now = self._clock()
        self._tokens.drop_oldest_while(lambda kept: kept.token.expires_on <= now)
        ahead = min(REFRESH_AHEAD + spread, (token.expires_on - now) / 2)
        self._tokens.put(key, _Kept(token=token, kept_on=now, refresh_on=token.expires_on - ahead), owner=owner)
        self._refusals.pop(key)

    def refusal(self, key: TokenKey) -> BrokerError | None:
        """What the authority refused a moment ago under this key, or for whatever is asked in this tenant."""
        return self._refused(key) or self._refused(_everything_there(key))

    def _refused(self, key: TokenKey) -> BrokerError | None:
        refused = self._refusals.get(key)
        if refused is None:
            return None
        # A clock that was set back must not make it last.
        if abs(self._clock() - refused.on) < refused.lifetime:
            return refused.error
        self._refusals.pop(key)
        return None

    def forget(self, tenant_ids: Collection[str]) -> None:
        """Ask the authority again for whatever it gave or refused in these tenants: somebody has changed something."""
        for memory in (self._tokens, self._refusals):
            for key in [key for key in memory if key.tenant_id in tenant_ids]:
                memory.pop(key)

    def keep_refusal(self, key: TokenKey, error: BrokerError, *, owner: str) -> None:
        """Remember a refusal for a moment, so that a caller in a loop does not get the broker throttled."""
        usual = SHORT_RETRY_SECONDS if error.transient else REFUSAL_SECONDS
        seconds = min(error.retry_after or usual, LONGEST_REFUSAL_SECONDS)
        refused = _Refused(error=error.afresh(), on=self._clock(), lifetime=timedelta(seconds=seconds))
        self._refusals.put(key, refused, owner=owner)
        if error.transient and error.retry_after:
            # It asks to wait: whoever spells the next request in another way is to wait too.
            self._refusals.put(_everything_there(key), refused, owner=owner)


def _everything_there(key: TokenKey) -> TokenKey:
    """What stands for all that is asked in a tenant by the same consent."""
    return TokenKey(key.lineage, key.tenant_id, "")
