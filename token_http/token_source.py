"""Where tokens come from: memory, else one exchange for all who want the same, each at its caller's turn and cost."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.consents.stored_consent import Served
from shared.entra.place import Place
from shared.entra.tokens import AccessToken, Issuing
from shared.errors import BrokerError
from shared.pool import Pool
from shared.subject import APPLICATION
from token_http.exchange_queue import ExchangeQueue
from token_http.message import TokenRequest
from token_http.notice import STALE
from token_http.readings import Outcome, value_of
from token_http.refusals import TooManyRequests
from token_http.token_cache import LEAST_LIFETIME, TokenCache, TokenKey
from token_http.wanted import Found, Wanted

# Served rather than nothing while the authority is away.
LAST_RESORT_LIFETIME = timedelta(seconds=60)
# A caller in a loop that wants a fresh token each time gets the one of a moment ago.
FRESH = timedelta(minutes=1)


class TokenSource:
    """Knows nothing of policy: whoever asks has been allowed, and looks again before a token goes out."""

    def __init__(
        self,
        *,
        authority: Issuing,
        home_tenant: str,
        consent: Callable[[str], Outcome[Served] | None],
        pool: Pool,
        clock: Clock,
    ) -> None:
        """`consent` is what is remembered of the consent of a name; `pool` is where exchanges run."""
        self._authority = authority
        self._home_tenant = home_tenant
        self._consent = consent
        self._pool = pool
        self._cache = TokenCache(clock)
        self._with_own: set[str] = set()  # callers who have ever had a token of their own: most never do
        # Exchanges under way, by their tenant; one whose tenant is forgotten meanwhile is not among them any more.
        self._under_way: dict[object, str] = {}
        self._exchanges: ExchangeQueue[TokenKey, AccessToken | None] = ExchangeQueue(slots=pool.threads)

    def forget(self, tenant_ids: Collection[str]) -> None:
        """Ask the authority again for whatever it gave or refused in these tenants; what is under way does not stay."""
        self._cache.forget(tenant_ids)
        self._under_way = {one: tenant for one, tenant in self._under_way.items() if tenant not in tenant_ids}
        self._exchanges.leave(lambda key: key.tenant_id in tenant_ids)

    async def in_turn(self, domain: str, work: Callable[[], Awaitable[None]], caller: str) -> None:
        """Do this work about a domain at a turn of this caller's; raises TooManyRequests, and what the work does."""
        await self._exchanges.run(TokenKey("", domain, ""), work, caller=caller)

    def remembered(self, key: TokenKey, wanted: Wanted) -> AccessToken | None:
        """A remembered token that is good enough; the next one is fetched meanwhile if it is near its end."""
        token = self._good_enough(key, wanted)
        if token is not None:
            self._fetch_ahead(key, wanted.request, wanted.principal)
        return token

    def _good_enough(self, key: TokenKey, wanted: Wanted) -> AccessToken | None:
        """A remembered token that is good enough for what is wanted: the caller's own before the one that all share."""
        request = wanted.request
        if request.claims:
            return None  # a challenge says that the token there was is not good enough
        lifetime = max(LEAST_LIFETIME, timedelta(seconds=request.min_lifetime))
        caller = wanted.principal.object_id
        if caller not in self._with_own:
            return None if request.fresh else self._cache.token(key, lifetime=lifetime)
        own = key._replace(own=caller)
        if request.fresh:
            return self._cache.token(own, lifetime=lifetime, younger_than=FRESH)
        return self._cache.token(own, lifetime=lifetime) or self._cache.token(key, lifetime=lifetime)

    def _last_resort(self, key: TokenKey) -> AccessToken | None:
        # An older one is no answer to a challenge, nor to the wish for a fresh one.
        return None if key.own else self._cache.token(key, lifetime=LAST_RESORT_LIFETIME)

    def _fetch_ahead(self, key: TokenKey, request: TokenRequest, principal: Principal) -> None:
        """Fetch the next token while this one is served, if it is near its end and the caller has a turn left."""
        if self._cache.wants_refresh(key) and self._cache.refusal(key) is None:
            with suppress(TooManyRequests):
                self._exchanges.start(key, lambda: self._exchange(key, request, principal), caller=principal.object_id)

    async def fetch(self, key: TokenKey, wanted: Wanted) -> None:
        """Exchange, or wait for whoever does, and leave the token with `wanted`; raises why there is none."""
        principal, request = wanted.principal, wanted.request
        refused = self._cache.refusal(key)
        try:
            if refused is not None:
                raise refused.afresh()
            token = await self._exchanges.run(
                key, lambda: self._exchange(key, request, principal), caller=principal.object_id
            )
        except BrokerError as error:
            kept = self._last_resort(key) if error.transient else None
            if kept is None:
                raise
            wanted.fetched[key] = Found(token=kept, from_cache=True, notices=(STALE,))
            return
        if token is not None:
            wanted.fetched[key] = Found(token=token, from_cache=False)

    async def _exchange(self, key: TokenKey, request: TokenRequest, principal: Principal) -> AccessToken | None:
        """A token for this key at the cost of this caller; None when its consent is not at hand any more."""
        work = self._work(key, request)
        if work is None:
            return None
        exchange = object()
        self._under_way[exchange] = key.tenant_id
        try:
            token = await self._pool.run(work)
        except BrokerError as error:
            if exchange in self._under_way:
                self._cache.keep_refusal(key, error, owner=principal.object_id)
            raise
        finally:
            counts = self._under_way.pop(exchange, None) is not None
        if counts:
            self._cache.keep(key._replace(claims_sha256=""), token, owner=principal.object_id)
            if key.own:
                self._with_own.add(key.own)
        return token

    def _work(self, key: TokenKey, request: TokenRequest) -> Callable[[], AccessToken] | None:
        """What to ask the authority for; the key alone says in whose name, so that no token is kept as another's."""
        what: Mapping[str, Any] = {"tenant_id": key.tenant_id, "scope": key.scope, "claims": request.claims}
        if key.lineage is APPLICATION:
            place = Place.of(key.tenant_id, home=self._home_tenant)
            return lambda: self._authority.for_application(place=place, **what)
        # Looked at when its turn has come, which may be late: what was withdrawn here meanwhile is not exchanged. If it
        # has to be read first, that is done outside of the turn, by whoever looks again.
        reading = self._consent(request.consent) if request.consent is not APPLICATION else None
        served = value_of(reading) if reading is not None else None
        if served is None or served.consent.lineage != key.lineage:
            return None
        person = served.consent.person
        place = Place.of(key.tenant_id, home=person.tenant_id)
        # The new refresh token is let go: the timer renews the stored one, and the one used stays good.
        return lambda: (
            self._authority.exchange(served.refresh_token, place=place, person=person.object_id, **what).access_token
        )
