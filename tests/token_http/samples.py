"""What the token tests are made of: a clock one sets, callers, requests, policies, and an issuer over fakes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.application_stops import ApplicationStops
from shared.callers.assertion import Principal
from shared.cloud import PUBLIC
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.customers.known import KnownCustomers
from shared.entra.domains import Owner
from shared.errors import BrokerError
from shared.pool import Pool
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_authority import ScriptedAuthority
from token_http.domains import DomainSources
from token_http.issuer import AgeLimits, Issuer, Pools
from token_http.message import TokenRequest, parse
from token_http.one_look import all_issued
from token_http.policy_source import PolicySource
from token_http.wanted import Wanted

HOME_ID = "aaaa0000-0000-4000-8000-000000000001"
CONTOSO_ID = "bbbb0000-0000-4000-8000-000000000001"
NORTHWIND_ID = "bbbb0000-0000-4000-8000-000000000002"
CALLER_ID = "eeee0000-0000-4000-8000-000000000001"
OTHER_ID = "eeee0000-0000-4000-8000-000000000002"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NO_DOMAINS = DomainSources(known=lambda _consent: KnownCustomers(), owner=lambda _domain: Owner(tenant_id=None))
MAX_AGE, STALE_LIMIT = timedelta(seconds=30), timedelta(hours=1)


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """By so many hours, minutes or seconds; backwards too."""
        self.now += timedelta(**by)


def caller(object_id: str = CALLER_ID, *roles: str) -> Principal:
    return Principal(
        object_id=object_id,
        application_id="ffff0000-0000-4000-8000-000000000001",
        roles=frozenset(roles),
        scopes=frozenset(),
        is_application=True,
    )


def request(tenant: str = "contoso", resource: str = "graph", **more: object) -> TokenRequest:
    return parse({"tenant": tenant, "resource": resource, **more}, PUBLIC)


def row(**changed: object) -> dict[str, object]:
    """A row that lets the caller have tokens of Contoso for Graph; None takes a field away."""
    usual = {"caller": CALLER_ID, "consents": ["partner"], "tenants": ["contoso"], "resources": ["graph"]}
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def document(*rows: object, tenants: Mapping[str, object] | None = None) -> str:
    names = {"contoso": CONTOSO_ID, "northwind": NORTHWIND_ID} if tenants is None else tenants
    return json.dumps({"tenants": names, "permissions": rows})


def consent(lineage: str = "l1", refresh_token: str = "refresh-token-1", name: str = "partner") -> Consent:
    return Consent(
        name=name,
        lineage=lineage,
        refresh_token=refresh_token,
        person=Person(tenant_id=HOME_ID, object_id=OTHER_ID, username="ada@partner.example"),
        scope="https://api.partnercenter.microsoft.com/user_impersonation",
        mfa="yes",
        link_id="link",
        consented_on=NOON,
    )


@dataclass(slots=True)
class Scene:
    """An issuer whose vaults, authority and clock are in the test's hand."""

    clock: HandClock = field(default_factory=HandClock)
    tokens: MemoryVault = field(default_factory=MemoryVault)
    policies: MemoryVault = field(default_factory=MemoryVault)
    authority: ScriptedAuthority = field(default_factory=ScriptedAuthority)
    rows: MemoryRows = field(default_factory=MemoryRows)
    vault_threads: int = 4
    exchange_threads: int = 4
    shows_secret: bool = False
    owners: dict[str, str | BrokerError] = field(default_factory=dict)
    known: KnownCustomers = field(default_factory=KnownCustomers)
    looked_up: list[str] = field(default_factory=list)
    issuer: Issuer = field(init=False)

    def __post_init__(self) -> None:
        self.tokens.clock = self.policies.clock = self.authority.clock = self.clock
        self.write_policy(row())
        self.store.store_consent(consent())
        self.issuer = Issuer(
            authority=self.authority,
            consents=self.store,
            policies=PolicySource(self.policies, home_tenant=HOME_ID, cloud=PUBLIC, clock=self.clock),
            stops=self.stops.read,
            shows_secret=self.shows_secret,
            limits=AgeLimits(max_age=MAX_AGE, stale_limit=STALE_LIMIT),
            pools=Pools(
                vault=Pool("vault", threads=self.vault_threads),
                exchange=Pool("exchange", threads=self.exchange_threads),
                stops=Pool("stops", threads=1),
            ),
            clock=self.clock,
            domains=DomainSources(known=self.known_of, owner=self.owner),
        )

    def known_of(self, consent: str) -> KnownCustomers:
        """The customers of the one consent there is."""
        return self.known if consent == "partner" else KnownCustomers()

    def owner(self, domain: str) -> Owner:
        self.looked_up.append(domain)
        found = self.owners.get(domain)
        if isinstance(found, BrokerError):
            raise found
        return Owner(tenant_id=found)

    @property
    def stops(self) -> ApplicationStops:
        return ApplicationStops(self.rows, clock=self.clock)

    @property
    def store(self) -> ConsentStore:
        return ConsentStore(self.tokens)

    def write_policy(self, *rows: object) -> None:
        self.policies.put("policy-1", document(*rows), tags={})

    def renew(self, lineage: str, refresh_token: str) -> None:
        renewal = Renewal(lineage=lineage, refresh_token=refresh_token)
        self.store.store_renewal("partner", renewal, Health(lineage=lineage, renewed_on=self.clock()), over=None)

    async def ask(self, asked: TokenRequest | None = None, principal: Principal | None = None) -> Any:  # noqa: ANN401
        """Decide and issue, as the route does; the Issued."""
        wanted = Wanted(principal=principal or caller(), request=asked or request())
        (issued,) = await all_issued(self.issuer, [wanted], clock=self.clock)
        return issued
