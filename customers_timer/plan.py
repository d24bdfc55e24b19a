"""What there is to check by one consent: the partner's customers, and what the policy lets somebody ask for there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from customers_timer.target import Part, Target
from shared.clock import Clock
from shared.cloud import Cloud
from shared.consents.store import ConsentStore
from shared.customers.customer import Customer
from shared.customers.reach import Reach
from shared.customers.result import Result
from shared.customers.results import NewCustomer, Results
from shared.entra.authority_errors import is_of_credential
from shared.entra.place import Place
from shared.entra.resource import is_resource
from shared.entra.tokens import AccessToken, Exchanger
from shared.entra.whose_fault import CONSENT, PERSON, whose_fault
from shared.entra.wildcard import host_of, is_wildcard
from shared.errors import BrokerError

type ReachOf = Callable[[str], Reach]
# A customer's name, and one of its domains; empty for what is not known.
type _Called = tuple[str, str]
# The partner's customers by a token of Partner Center, and the correlation id of the request.
type ListCustomers = Callable[[AccessToken, str], Sequence[Customer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one consent is to be tried for; `unlisted` is the code of why the partner's customers are not known.

    `gone` was checked once and is not any more, `new` are customers that were not there before.
    """

    customers: int
    targets: list[Target]
    gone: list[Result]
    new: list[NewCustomer]
    unlisted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Makes plans, one consent at a time; may block."""

    home_tenant: str
    cloud: Cloud
    store: ConsentStore
    authority: Exchanger
    list_customers: ListCustomers
    results: Results
    clock: Clock

    def plan(self, consent: str, reach: Reach, *, correlation: str) -> Plan:
        """The plan; raises what is the consent's, the person's or the application's own, and what results raise.

        A consent of a person of another tenant is tried for the tenants that the policy names, and those known.
        """
        served = self.store.load(consent)
        person = served.consent.person
        part = Part(consent=consent, lineage=served.consent.lineage, person=person, refresh_token=served.refresh_token)
        known = {(found.tenant_id, found.resource): found for found in self.results.all(consent)}
        listed, unlisted = self._listed(part, correlation)
        met = _met(known.values())
        tenants = {tenant_id: met.get(tenant_id, ("", "")) for tenant_id in reach.by_tenant}
        tenants |= met if listed is None else {one: _together(met.get(one), told) for one, told in listed.items()}
        for own in (self.home_tenant, person.tenant_id):
            tenants.pop(own, None)
        targets = [
            Target(
                part=part,
                tenant_id=tenant_id,
                customer=name,
                domain=domain,
                resource=resource,
                named=named,
                before=known.pop((tenant_id, resource), None),
            )
            for tenant_id, (name, domain) in sorted(tenants.items())
            for resource, named in sorted(self._resources(reach.resources(tenant_id), domain).items())
        ]
        return Plan(
            customers=len(tenants),
            targets=targets,
            gone=list(known.values()),
            new=self._new(targets, met) if listed is not None else [],
            unlisted=unlisted,
        )

    def farewell(self, consent: str) -> Plan:
        """What is to be forgotten of a consent that was withdrawn, or that nobody may use for a customer any more."""
        return Plan(customers=0, targets=[], gone=list(self.results.all(consent)), new=[])

    def _resources(self, named: Iterable[str], domain: str) -> Mapping[str, str]:
        """What to ask for in the tenant with this domain, and what the policy calls it.

        A wildcard is the tenant's own host where the domain tells it; otherwise it stays, and nothing is asked for.
        """
        hosts = {name: host_of(domain, self.cloud) or name for name in named if is_wildcard(name)}
        return {**{host: name for name, host in hosts.items()}, **{name: name for name in named if is_resource(name)}}

    def _listed(self, part: Part, correlation: str) -> tuple[Mapping[str, _Called] | None, str]:
        """The partner's customers by tenant, as they are called; None and the code of why they cannot be told."""
        if part.person.tenant_id != self.home_tenant:
            return None, ""
        try:
            token = self.authority.exchange(
                part.refresh_token,
                tenant_id=part.person.tenant_id,
                scope=self.cloud.partner_center_scope,
                place=Place.HOME,
                person=part.person.object_id,
            ).access_token
            found = self.list_customers(token, correlation)
        except BrokerError as error:
            if whose_fault(error) in {CONSENT, PERSON} or is_of_credential(error):
                raise
            return None, error.code
        return {one.tenant_id: (_printable(one.name or one.domain), _printable(one.domain)) for one in found}, ""

    def _new(self, targets: list[Target], met: Mapping[str, _Called]) -> list[NewCustomer]:
        """Those that nobody tried before; none at the very first run, when all would be."""
        if not met:
            return []
        now = self.clock()
        found = {target.tenant_id: target for target in targets if target.tenant_id not in met}
        return [
            NewCustomer(consent=one.part.consent, tenant_id=tenant_id, customer=one.customer, first_on=now)
            for tenant_id, one in found.items()
        ]


def _met(results: Iterable[Result]) -> dict[str, _Called]:
    """What earlier runs called the customers that they met."""
    met: dict[str, _Called] = {}
    for one in results:
        met[one.tenant_id] = _together(met.get(one.tenant_id), (one.customer, one.domain))
    return met


def _together(before: _Called | None, told: _Called) -> _Called:
    """What is told; a domain that was told once is not forgotten."""
    return told[0], told[1] or (before[1] if before else "")


def _printable(name: str) -> str:
    """A name as a row and a record can hold it: half a character, or one of control, is none."""
    return "".join(character if character.isprintable() else " " for character in name).strip()
