"""A check over consents in memory, a scripted authority and customers by name, with time in the test's hand."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from customers_timer.application_plan import ApplicationPlanner
from customers_timer.attempt import Attempts, Probe
from customers_timer.consent_recheck import InForce
from customers_timer.newcomers import MakeConsent, Newcomers
from customers_timer.pace import Pace
from customers_timer.person_look import PersonLook
from customers_timer.plan import Planner
from customers_timer.report import Report
from customers_timer.run import CheckRun
from customers_timer.watch import Watch
from shared.application_stops import ApplicationStops
from shared.cloud import PUBLIC
from shared.consents.applications import Application, Applications
from shared.consents.consent import Consent, Person
from shared.consents.store import ConsentStore
from shared.crew import Limits
from shared.customers.access import Actor, Actors
from shared.customers.application_grants import Grant
from shared.customers.customer import Customer
from shared.customers.exclusions import Exclusions
from shared.customers.membership import Membership
from shared.customers.partner_center import PartnerCenter
from shared.customers.reach import Reach
from shared.customers.relationships import Relationship, RelationshipReader
from shared.customers.result import Result
from shared.customers.results import Results
from shared.customers.roles import CONSENTING
from shared.customers.sources import CustomerSources
from shared.customers.standings import Standings
from shared.customers.worries import Worries
from shared.entra.authority import Authority
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError
from shared.marks import Marks
from shared.settings import Settings
from shared.subject import APPLICATION, Subject
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_authority import Asked, ScriptedAuthority

HOME, ELSEWHERE = "aaaa0000-0000-4000-8000-000000000001", "aaaa0000-0000-4000-8000-000000000002"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"
SCOPE = PUBLIC.partner_center_scope


def tenant(number: int) -> str:
    return f"bbbb0000-0000-4000-8000-{number:012}"


def name(number: int) -> str:
    return f"Customer {number:05}"


def delegated(number: int, days: float = 365, **more: Any) -> Relationship:  # noqa: ANN401 - fields of a relationship
    """A relationship with one customer that ends in so many days from noon, and carries a role for consenting."""
    usual = {"status": "active", "extends": False, "roles": CONSENTING, "id": f"relationship-{number}"}
    fields = {**usual, "name": f"Delegated {number}", "ends": NOON + timedelta(days=days), **more}
    return Relationship(tenant_id=tenant(number), **fields)


def everywhere(*resources: str) -> Reach:
    return Reach(everywhere=frozenset(resources), by_tenant={})


@dataclass(slots=True)
class Scene:
    """A partner with so many customers; what a test changes between two runs stays changed."""

    customers: int = 3
    reach: dict[str, Reach] = field(default_factory=lambda: {"partner": everywhere(GRAPH)})
    reach_of_application: Reach = field(default_factory=everywhere)
    grants: dict[str, Grant] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    now: datetime = NOON
    rows: MemoryRows = field(default_factory=MemoryRows)
    vault: MemoryVault = field(default_factory=MemoryVault)
    authority: ScriptedAuthority = field(default_factory=ScriptedAuthority)
    unlisted: BrokerError | None = None
    relationships: list[Relationship] = field(default_factory=list)
    unseen: BrokerError | None = None
    mfa: bool | BrokerError | None = True
    # The person's roles by relationship, where they are not those for consenting; None: not read.
    held: dict[str, frozenset[str] | None] = field(default_factory=dict)
    looks: int = 0
    grant: MakeConsent | None = None
    called: Callable[[int], str] = name
    domain: Callable[[int], str] = lambda _number: "example"
    probe: Probe = lambda _token, _target: None
    per_second: float = 1e6
    memory_age: float = 30.0
    shows_secret: bool = False

    def __post_init__(self) -> None:
        self.give("partner")

    def clock(self) -> datetime:
        return self.now

    def give(self, consent: str, tenant_id: str = HOME) -> None:
        """A person consents."""
        self.store.store_consent(
            Consent(
                name=consent,
                lineage=f"lineage-{consent}",
                refresh_token=f"token-of-{consent}",
                person=Person(tenant_id=tenant_id, object_id="person", username="ada@partner.example"),
                scope=SCOPE,
                mfa="yes",
                link_id="link",
                consented_on=NOON,
            )
        )

    @property
    def store(self) -> ConsentStore:
        return ConsentStore(self.vault)

    @property
    def results(self) -> Results:
        return Results(self.rows)

    def run(self) -> Report:
        return self.timer().run()

    def reaches(self, consent: Subject) -> Reach:
        return self.reach_of_application if consent is APPLICATION else self.reach.get(consent, everywhere())

    def timer(self) -> CheckRun:
        return CheckRun(
            planner=Planner(
                home_tenant=HOME,
                cloud=PUBLIC,
                application=Application(client_id="partner", authority=cast("Authority", self.authority)),
                store=self.store,
                find=lambda partner, correlation: self.sources.found(partner, correlation=correlation),
                results=self.results,
                exclusions=Exclusions(self.rows),
                stops=ApplicationStops(self.rows, clock=self.clock),
                clock=self.clock,
            ),
            own=ApplicationPlanner(
                home_tenant=HOME,
                cloud=PUBLIC,
                results=self.results,
                exclusions=Exclusions(self.rows),
                stops=ApplicationStops(self.rows, clock=self.clock),
                shows_secret=self.shows_secret,
                clock=self.clock,
            ),
            attempts=Attempts(
                authority=self.authority,
                clock=self.clock,
                probe=self.probe,
                in_force=InForce(self.store, ApplicationStops(self.rows, clock=self.clock), max_age=self.memory_age),
            ),
            results=self.results,
            standings=Standings(self.rows),
            read_reach=lambda: self.reaches,
            read_grants=lambda: lambda _tenant_id, resource: self.grants.get(resource),
            sweep=Marks(self.rows, max_age=HOUR, clock=self.clock).sweep,
            watch=self._watch().look,
            stops=ApplicationStops(self.rows, clock=self.clock),
            pace=lambda: Pace(self.per_second, sleep=lambda _seconds: None),
            newcomers=Newcomers(grant=self.grant),
            age=20 * HOUR,
            clock=self.clock,
            limits=self.limits,
        )

    @property
    def sources(self) -> CustomerSources:
        settings = cast("Settings", SimpleNamespace(cloud=PUBLIC, home_tenant=HOME))
        nobody = Applications(partner=cast("Application", None))
        return CustomerSources(
            actors=Actors(settings=settings, applications=nobody, store=self.store),
            center=cast("PartnerCenter", SimpleNamespace(customers=self._listed)),
            reader=cast("RelationshipReader", SimpleNamespace(read=self._relationships)),
        )

    def _watch(self) -> Watch:
        sources = self.sources
        person = PersonLook(
            actors=cast("Actors", SimpleNamespace(settings=sources.actors.settings, management=lambda: None)),
            center=cast("PartnerCenter", SimpleNamespace(is_mfa_compliant=self._mfa)),
            reader=cast("RelationshipReader", SimpleNamespace(token=lambda _partner, _management: None)),
            membership=cast("Membership", SimpleNamespace(roles_of=self._roles_of)),
            clock=self.clock,
        )
        return Watch(worries=Worries(self.rows), person=person, age=20 * HOUR, clock=self.clock)

    def _mfa(self, _token: AccessToken, *, correlation: str) -> bool | None:
        assert correlation
        self.looks += 1
        if isinstance(self.mfa, BrokerError):
            raise self.mfa
        return self.mfa

    def _roles_of(
        self, _person: Person, relationships: list[Relationship], _token: object, **_more: str
    ) -> dict[str, frozenset[str] | None]:
        return {one.id: self.held.get(one.id, CONSENTING) for one in relationships}

    def _listed(self, _token: AccessToken, *, correlation: str) -> Sequence[Customer]:
        assert correlation
        if self.unlisted is not None:
            raise self.unlisted
        numbers = range(self.customers)
        return [Customer(tenant_id=tenant(n), name=self.called(n), domain=self.domain(n)) for n in numbers]

    def _relationships(self, _partner: Actor, _management: Actor | None, *, correlation: str) -> list[Relationship]:
        assert correlation
        if self.unseen is not None:
            raise self.unseen
        return self.relationships

    def tried(self) -> list[tuple[str, str]]:
        """What customers were tried for, since the last time this was asked."""
        asked = [one for one in self.authority.asked if one.scope != SCOPE]
        self.authority.asked.clear()
        return [(one.tenant_id, one.scope.removesuffix("/.default")) for one in asked]

    def result(self, number: int, consent: str = "partner") -> Result:
        (found,) = self.results.all(consent, tenant_id=tenant(number))
        return found

    def failing(self) -> list[str]:
        return [found.tenant_id for found in self.results.failing()]


def of(number: int, refuse: Callable[[Asked], BrokerError | None]) -> Callable[[Asked], BrokerError | None]:
    """An authority that refuses one customer alone."""
    return lambda asked: refuse(asked) if asked.tenant_id == tenant(number) else None


def customers_alone(refuse: Callable[[Asked], BrokerError | None]) -> Callable[[Asked], BrokerError | None]:
    """An authority that refuses at customers' tenants, and not at home."""
    return lambda asked: refuse(asked) if asked.scope != SCOPE else None


def counting(limit: int, then: Callable[[Asked], BrokerError | None]) -> Callable[[Asked], BrokerError | None]:
    """An authority that is well for so many customers, and then as `then` says."""
    lock, seen = threading.Lock(), [0]

    def refuse(asked: Asked) -> BrokerError | None:
        if asked.scope == SCOPE:
            return None
        with lock:
            seen[0] += 1
            return then(asked) if seen[0] > limit else None

    return refuse
