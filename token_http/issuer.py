"""The engine behind every dialect: policy, then memory, then one exchange for all who want the same token."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.application_stops import Stops
from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.consents.consent import Consent
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.entra.tokens import Issuing
from shared.entra.wildcard import is_sharepoint
from shared.errors import ConsentUnusable
from shared.pool import Pool
from shared.subject import APPLICATION, Subject, consent_of
from token_http import tenants
from token_http.domains import Domains, DomainSources
from token_http.message import Issued, TokenRequest
from token_http.notice import of_resource
from token_http.policy import Decision, Policy
from token_http.policy_source import PolicySource
from token_http.readings import Readings, value_of
from token_http.refusals import CertificateNeeded
from token_http.stop_readings import StopReadings
from token_http.tenants import Question
from token_http.token_cache import TokenKey, token_key
from token_http.token_source import TokenSource
from token_http.wanted import Found, Missing, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLimits:
    """How old a remembered policy or consent may be, while the vault answers and while it does not."""

    max_age: timedelta
    stale_limit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Where the issuer's blocking work runs: Key Vault's, Entra ID's and the results' apart."""

    vault: Pool
    exchange: Pool
    stops: Pool


class Issuer:
    """Issues access tokens. Nothing blocks the event loop, and no cached token waits behind a slow exchange."""

    def __init__(  # noqa: PLR0913 - one for each thing that a token is decided by
        self,
        *,
        authority: Issuing,
        consents: ConsentStore,
        policies: PolicySource,
        stops: Callable[[], Stops],
        limits: AgeLimits,
        pools: Pools,
        clock: Clock,
        shows_secret: bool,
        domains: DomainSources,
    ) -> None:
        self._cloud = policies.cloud
        self._shows_secret = shows_secret
        self._policies = policies
        self.pools = pools
        ages = {"max_age": limits.max_age, "stale_limit": limits.stale_limit}
        self._policy: Readings[None, Policy] = Readings(
            lambda _key: pools.vault.run(policies.read), clock=clock, **ages
        )
        self._consents: Readings[str, Served] = Readings(
            lambda name: pools.vault.run(lambda: consents.load(name)), clock=clock, **ages
        )
        self._stops = StopReadings(stops, pool=pools.stops, clock=clock, **ages)
        self._tokens = TokenSource(
            authority=authority,
            home_tenant=policies.home_tenant,
            consent=self._consents.remembered,
            pool=pools.exchange,
            clock=clock,
        )
        self.domains = Domains(
            domains, in_turn=self._tokens.in_turn, vault=pools.vault, exchange=pools.exchange, clock=clock
        )

    def forget_stops(self) -> None:
        """Read anew what stops tokens: an operator has just changed it."""
        self._stops.forget()

    def forget(self, consent: str) -> None:
        """Read this consent anew at its next use: a person has just changed it."""
        self._consents.forget(consent)

    def forget_tenants(self, tenant_ids: Collection[str]) -> None:
        """Ask the authority again for whatever it gave or refused in these tenants: something has changed there."""
        self._tokens.forget(tenant_ids)

    async def policy(self) -> Policy:
        """The policy in force; raises VaultUnavailable or VaultRefused."""
        return await self._policy.get(None)

    async def tenants(self, principal: Principal, question: Question) -> dict[str, Any]:
        """The tenants that this principal may ask for; raises VaultUnavailable or VaultRefused."""
        policy, consent = await self.policy(), consent_of(question.subject)
        own = await self.own(consent) if consent else None
        known = await self.domains.known(question.subject)
        return tenants.answer(policy, principal, question, own=own or policy.home_tenant, known=known)

    async def own(self, consent: str) -> str | None:
        """The tenant of the person who gave this consent; None where there is no such consent."""
        try:
            return (await self._consents.get(consent)).consent.person.tenant_id
        except ConsentUnusable:
            return None

    async def decide(self, principal: Principal, request: TokenRequest, *, asker: str = "") -> Decision:
        """What the policy in force says to this; raises NotPermitted, VaultUnavailable or VaultRefused.

        Where there is no consent to ask whose it is, it counts as the partner's own. `asker`: see Wanted.
        """
        policy, wanted = await self._policy.get(None), Wanted(principal=principal, request=request, asker=asker)
        while isinstance(led := self.domains.look(policy, wanted, since=None), Missing):
            await led.fetch()
        possible = policy.possible(principal, request, tenant_id=led)
        if request.consent is APPLICATION:
            return possible.decide(own=policy.home_tenant)
        return possible.decide(own=await self.own(request.consent) or policy.home_tenant)

    def look(self, wanted: Wanted, *, since: datetime | None = None) -> Issued | Missing:
        """The token if all that decides is in memory, or what has to be fetched first; raises what stands in the way.

        Policy and consent are judged here for each request, cached token or not. `since`: see Readings.at_hand.
        """
        request = wanted.request
        self._policies.tell()
        policy = self._policy.at_hand(None, since=since)
        if policy is None:
            self._stops.begin()
            return Missing(fetch=lambda: self._policy.get(None), is_reading=True)
        policy = value_of(policy)
        led = self.domains.look(policy, wanted, since=since)
        if isinstance(led, Missing):
            return led
        possible = policy.possible(wanted.principal, request, tenant_id=led)
        name = request.consent
        if name is APPLICATION:
            wanted.decision = possible.decide(own=policy.home_tenant)
            missing = self._stops.for_application(wanted.decision.tenant_id, since)
            if self._shows_secret and is_sharepoint(request.scope.family, self._cloud):
                raise CertificateNeeded
            return missing or self._found(wanted, wanted.decision, None, own=policy.home_tenant)
        reading = self._consents.at_hand(name, since=since)
        if reading is None:
            return Missing(fetch=lambda: self._read(name), is_reading=True)
        own = reading.consent.person.tenant_id if isinstance(reading, Served) else policy.home_tenant
        wanted.decision = possible.decide(own=own)
        missing = self._stops.for_person(wanted.decision.tenant_id, since)
        return missing or self._found(wanted, wanted.decision, value_of(reading).consent, own=own)

    def _found(self, wanted: Wanted, decision: Decision, consent: Consent | None, *, own: str) -> Issued | Missing:
        """The token in memory for what was decided: of this consent, or without one of the application."""
        request = wanted.request
        key = _key(consent.lineage if consent else APPLICATION, decision, wanted)
        found = wanted.fetched.get(key)
        if found is None:
            token = self._tokens.remembered(key, wanted)
            if token is None:
                return Missing(fetch=lambda: self._tokens.fetch(key, wanted), is_reading=False)
            found = Found(token=token, from_cache=True)
        return Issued(
            token=found.token,
            account=consent.person.username if consent else "",
            is_home=decision.tenant_id == own,
            resource=request.scope.resource,
            lineage=consent.lineage if consent else "",
            permission=decision.permission,
            from_cache=found.from_cache,
            warnings=(*found.notices, *of_resource(request.scope.family, self._cloud)),
        )

    async def _read(self, consent: str) -> None:
        # What the reading says is judged when one looks again.
        with suppress(ConsentUnusable):
            await self._consents.get(consent)


def _key(lineage: Subject, decision: Decision, wanted: Wanted) -> TokenKey:
    """What the token is kept under: what was challenged, or wanted fresh, replaces nobody else's."""
    request = wanted.request
    own = wanted.principal.object_id if request.claims or request.fresh else ""
    return token_key(lineage, decision.tenant_id, str(request.scope), claims=request.claims, own=own)
