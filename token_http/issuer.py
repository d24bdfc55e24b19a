"""The engine behind every dialect: policy, then memory, then one exchange for all who want the same token."""

from dataclasses import dataclass
from datetime import timedelta

from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.cloud import Cloud
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.entra.place import Place
from shared.entra.tokens import AccessToken, Exchanger
from shared.errors import BrokerError
from shared.pool import Pool
from token_http.message import Issued, TokenRequest
from token_http.notice import STALE, Notice, of_resource
from token_http.policy import Decision, Policy
from token_http.policy_source import PolicySource
from token_http.readings import Readings
from token_http.single_flight import SingleFlight
from token_http.token_cache import LEAST_LIFETIME, TokenCache, TokenKey, token_key

# Served rather than nothing while the authority is away.
LAST_RESORT_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLimits:
    """How old a remembered policy or consent may be, while the vault answers and while it does not."""

    max_age: timedelta
    stale_limit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Where the issuer's blocking work runs: Key Vault's apart from Entra ID's."""

    vault: Pool
    exchange: Pool


class Issuer:
    """Issues access tokens. Nothing blocks the event loop, and no cached token waits behind a slow exchange."""

    def __init__(
        self,
        *,
        authority: Exchanger,
        consents: ConsentStore,
        policies: PolicySource,
        limits: AgeLimits,
        cloud: Cloud,
        pools: Pools,
        clock: Clock,
    ) -> None:
        self._authority = authority
        self._cloud = cloud
        self.pools = pools
        self._cache = TokenCache(clock)
        self._flights: SingleFlight[TokenKey, AccessToken] = SingleFlight()
        ages = {"max_age": limits.max_age, "stale_limit": limits.stale_limit}
        self._policy: Readings[None, Policy] = Readings(
            lambda _key: pools.vault.run(policies.read), clock=clock, **ages
        )
        self._consents: Readings[str, Served] = Readings(
            lambda name: pools.vault.run(lambda: consents.load(name)), clock=clock, **ages
        )

    async def policy(self) -> Policy:
        """The policy in force; raises VaultUnavailable or VaultRefused."""
        return await self._policy.get(None)

    def forget(self, consent: str) -> None:
        """Read this consent anew at its next use: a person has just changed it."""
        self._consents.forget(consent)

    def forget_refusals(self, tenant_id: str) -> None:
        """Ask the authority again for whatever it refused in this tenant: an operator has just changed something."""
        self._cache.forget_refusals(tenant_id)

    async def decide(self, principal: Principal, request: TokenRequest) -> Decision:
        """The permission that allows this; raises NotPermitted. Evaluated for each request, cached token or not."""
        return (await self.policy()).check(principal, request)

    async def issue(self, decision: Decision, request: TokenRequest) -> Issued:
        """A token for a request that was allowed; raises what stands in the way."""
        served = await self._consents.get(request.consent)
        scope = str(request.scope)
        key = token_key(served.consent.lineage, decision.tenant_id, scope, request.claims)
        lifetime = max(LEAST_LIFETIME, timedelta(seconds=request.min_lifetime))
        # A claims challenge says that the token there was is not good enough.
        cached = None if request.claims else self._cache.token(key, lifetime=lifetime)
        stale: tuple[Notice, ...] = ()
        if cached is None:
            token, stale = await self._fresh(key, served, request.claims)
        else:
            token = cached
            if self._cache.wants_refresh(key) and self._cache.refusal(key) is None:
                self._flights.start(key, lambda: self._exchange(key, served, request.claims))
        return Issued(
            token=token,
            account=served.consent.person.username,
            resource=request.scope.resource,
            lineage=served.consent.lineage,
            permission=decision.permission,
            from_cache=cached is not None or bool(stale),
            warnings=(*stale, *of_resource(request.scope.canonical_resource, self._cloud)),
        )

    async def _fresh(self, key: TokenKey, served: Served, claims: str | None) -> tuple[AccessToken, tuple[Notice, ...]]:
        refused = self._cache.refusal(key)
        try:
            if refused is not None:
                raise refused.afresh()
            return await self._flights.run(key, lambda: self._exchange(key, served, claims)), ()
        except BrokerError as error:
            if not error.transient:
                raise
            kept = None if claims else self._cache.token(key, lifetime=LAST_RESORT_LIFETIME)
            if kept is None:
                raise
            return kept, (STALE,)

    async def _exchange(self, key: TokenKey, served: Served, claims: str | None) -> AccessToken:
        place = Place.of(key.tenant_id, home=served.consent.person.tenant_id)
        try:
            exchanged = await self.pools.exchange.run(
                lambda: self._authority.exchange(
                    served.refresh_token,
                    tenant_id=key.tenant_id,
                    scope=key.scope,
                    place=place,
                    person=served.consent.person.object_id,
                    claims=claims,
                )
            )
        except BrokerError as error:
            self._cache.keep_refusal(key, error)
            raise
        # The new refresh token is let go: the timer renews the stored one, and the one used stays good.
        if claims:
            # A token that its API has challenged must not be given to the next caller as it was.
            self._cache.drop(key)
        else:
            self._cache.keep(key, exchanged.access_token)
        return exchanged.access_token
