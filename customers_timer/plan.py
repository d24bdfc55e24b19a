"""What there is to check by one consent: the partner's customers, and what the policy lets somebody ask for there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from customers_timer.target import Part, Target, resources_of, targets_of
from customers_timer.watch import Look
from customers_timer.who import FindCustomers, Subject, Who, known_of, who_by_list, who_by_policy
from shared import subject
from shared.application_stops import ApplicationStops
from shared.clock import Clock
from shared.cloud import Cloud
from shared.consents.applications import Application
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.customers.access import Actor
from shared.customers.exclusions import Exclusions
from shared.customers.reach import Reach
from shared.customers.result import Result
from shared.customers.results import NewCustomer, Results
from shared.customers.sources import SOURCES

# Of a consent, or of the application itself.
type ReachOf = Callable[[subject.Subject], Reach]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one consent is to be tried for; `silent` has the code of what each source of customers met that gave none.

    `excluded` are the tenants that an operator keeps out, of whom nothing is tried, forgotten or told.
    `looks` is what was seen beside the customers, where the consent is of a person of the partner's own.
    `listed` are the partner's customers, None where not every source has told them.
    `gone` was checked once and is not any more, `new` are customers that were not there before.
    `subjects` are the customers themselves, by a person of the partner's own.
    """

    customers: int
    targets: list[Target]
    gone: list[Result]
    new: list[NewCustomer]
    silent: Mapping[str, str] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    is_unlisted: bool = False
    excluded: frozenset[str] = frozenset()
    listed: frozenset[str] | None = None
    subjects: dict[str, Subject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Makes plans, one consent at a time; may block."""

    home_tenant: str
    cloud: Cloud
    application: Application
    store: ConsentStore
    find: FindCustomers
    results: Results
    exclusions: Exclusions
    stops: ApplicationStops
    clock: Clock

    def plan(self, consent: str, reach: Reach, *, correlation: str) -> Plan:
        """The plan; raises what is the consent's, the person's or the application's own, and what results raise.

        A consent of a person of another tenant is tried for the tenants that the policy names, and those known.
        """
        person = (served := self.store.load(consent)).consent.person
        part = Part(consent=consent, lineage=served.consent.lineage, person=person, refresh_token=served.refresh_token)
        known = {(found.tenant_id, found.resource): found for found in self.results.all(consent)}
        subjects = known_of(known.values())
        who = self._who(served, subjects, list(reach.by_tenant), correlation)
        excluded, offboarded = self.exclusions.in_force(self.clock()), self.stops.read().offboarded
        # What was known of those who are kept out stays as it was; of those whose work was ended it is forgotten.
        known = {key: found for key, found in known.items() if key[0] not in excluded}
        outside = {self.home_tenant, person.tenant_id, *excluded, *offboarded}
        customers = {tenant: one for tenant, one in sorted(who.customers.items()) if tenant not in outside}
        targets = targets_of(
            part, customers, lambda tenant, domain: resources_of(reach.resources(tenant), domain, self.cloud), known
        )
        return Plan(
            customers=len(customers),
            targets=targets,
            gone=list(known.values()),
            new=self._new(targets, subjects) if who.is_told else [],
            silent=who.failures,
            looks=self._looks(served, who, offboarded.union(excluded)),
            excluded=frozenset(excluded),
            is_unlisted=bool(who.failures) and not who.is_told,
            listed=_listed(who),
            subjects=customers if person.tenant_id == self.home_tenant else {},
        )

    def farewell(self, consent: str) -> Plan:
        """What is to be forgotten of a consent that was withdrawn, or that nobody may use for a customer any more."""
        return Plan(customers=0, targets=[], gone=list(self.results.all(consent)), new=[])

    def _who(self, served: Served, known: Mapping[str, Subject], named: Sequence[str], correlation: str) -> Who:
        if served.consent.person.tenant_id != self.home_tenant:
            return who_by_policy(known, named)
        return who_by_list(self.find(self._actor(served), correlation), known, named)

    def _looks(self, served: Served, who: Who, excluded: frozenset[str]) -> list[Look]:
        if served.consent.person.tenant_id != self.home_tenant:
            return []
        delegations = {tenant: one for tenant, one in who.delegations.items() if tenant not in excluded}
        return [Look(actor=self._actor(served), delegations=delegations, silent=who.failures)]

    def _actor(self, served: Served) -> Actor:
        return Actor(application=self.application, served=served, store=self.store)

    def _new(self, targets: list[Target], known: Mapping[str, Subject]) -> list[NewCustomer]:
        """Those that nobody tried before; none at the very first run, when all would be."""
        if not known:
            return []
        now = self.clock()
        found = {target.tenant_id: target for target in targets if target.tenant_id not in known}
        return [
            NewCustomer(consent=one.part.consent, tenant_id=tenant_id, customer=one.customer, first_on=now)
            for tenant_id, one in found.items()
        ]


def _listed(who: Who) -> frozenset[str] | None:
    if not who.is_told or who.failures:
        return None
    return frozenset(tenant_id for tenant_id, one in who.customers.items() if set(one.sources) & set(SOURCES))
