"""Domains as callers write them for tenants: whose each is, by the customers that are known, else by the authority.

A look-up takes its turn among the asker's own exchanges. What it found decides nothing: the policy looks at the id.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.consents.consent import DEFAULT_NAME
from shared.customers.known import KnownCustomers
from shared.entra.domains import Owner, is_domain
from shared.errors import AuthorityUnavailable, BrokerError
from shared.pool import Pool
from shared.subject import Subject, consent_of
from token_http.policy import Policy
from token_http.readings import Readings, value_of
from token_http.shared_memory import SharedMemory
from token_http.tenant_names import spelled
from token_http.wanted import Missing, Wanted

DOMAINS_KEPT = 10_000
# A domain moves from one tenant to another rarely; one that is nobody's may be verified any moment.
OWNED_FOR, UNOWNED_FOR = timedelta(hours=1), timedelta(minutes=5)
KNOWN_FOR = timedelta(minutes=10)

# Waits for a turn of this caller's, for this domain.
type InTurn = Callable[[str, Callable[[], Awaitable[None]], str], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSources:
    """`known` are the customers of a consent, `owner` asks the authority whose a domain is. Both block."""

    known: Callable[[str], KnownCustomers]
    owner: Callable[[str], Owner]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    owner: Owner
    on: datetime


class Domains:
    """Belongs to one event loop, and takes no lock."""

    def __init__(
        self,
        sources: DomainSources,
        *,
        in_turn: InTurn,
        vault: Pool,
        exchange: Pool,
        clock: Clock,
    ) -> None:
        """What is known is read in the pool of the vault, and the authority asked in that of exchanges."""
        self._owner = sources.owner
        self._in_turn = in_turn
        self._pool = exchange
        self._clock = clock
        self._kept: SharedMemory[str, _Kept] = SharedMemory(DOMAINS_KEPT)

        async def read(consent: str) -> KnownCustomers:
            try:
                return await vault.run(lambda: sources.known(consent))
            except BrokerError:
                return KnownCustomers()  # they only save a question: the authority knows every domain

        self._known: Readings[str, KnownCustomers] = Readings(
            read, max_age=KNOWN_FOR, stale_limit=KNOWN_FOR, clock=clock
        )

    def look(self, policy: Policy, wanted: Wanted, *, since: datetime | None) -> str | Missing | None:
        """The tenant that is meant by a domain, or what is to be fetched first; None for whatever is no such domain.

        Raises NotPermitted: for a caller whom no row permits anything of this, nothing is looked up.
        """
        request, domain = wanted.request, spelled(wanted.request.tenant)
        if domain in policy.tenant_names or not is_domain(domain):
            return None
        policy.require_some(wanted.principal, request)
        known = self._known.at_hand(_whose_customers(request.consent), since=since)
        if known is None:
            return Missing(fetch=lambda: self.known(request.consent), is_reading=True)
        tenant_id = value_of(known).domains.get(domain)
        if tenant_id is not None:
            return tenant_id
        kept = self._kept.get(domain)
        if kept is None or self._is_over(kept):
            asker = wanted.asker or wanted.principal.object_id
            return Missing(fetch=lambda: self._fetch(domain, asker), is_reading=False)
        return kept.owner.tenant_id

    async def owner(self, domain: str, *, asker: str) -> str | None:
        """The tenant of a domain, None for one that is nobody's; raises AuthorityUnavailable or TooManyRequests."""
        kept = self._kept.get(domain)
        if kept is None or self._is_over(kept):
            await self._fetch(domain, asker)
            kept = self._kept.get(domain)
        if kept is None:
            raise AuthorityUnavailable
        return kept.owner.tenant_id

    async def known(self, subject: Subject) -> KnownCustomers:
        """The customers of whom tokens are in the name of; nobody while they cannot be read."""
        return await self._known.get(_whose_customers(subject))

    async def _fetch(self, domain: str, caller: str) -> None:
        await self._in_turn(domain, lambda: self._ask(domain, caller), caller)

    async def _ask(self, domain: str, caller: str) -> None:
        owner = await self._pool.run(lambda: self._owner(domain))
        self._kept.pop(domain)
        self._kept.put(domain, _Kept(owner=owner, on=self._clock()), owner=caller)

    def _is_over(self, kept: _Kept) -> bool:
        # A clock that was set back must not make it last.
        return abs(self._clock() - kept.on) >= (OWNED_FOR if kept.owner.tenant_id else UNOWNED_FOR)


def _whose_customers(subject: Subject) -> str:
    """The consent whose customers they are: the application has none of its own, but those of the partner's consent."""
    return consent_of(subject) or DEFAULT_NAME
