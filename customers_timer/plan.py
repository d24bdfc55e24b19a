"""What there is to check by one consent: the partner's customers, and what the policy lets somebody ask for there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from customers_timer.target import Part, Target
from shared.clock import Clock
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
from shared.errors import BrokerError

type ReachOf = Callable[[str], Reach]
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
    partner_center_scope: str
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
        names = {tenant_id: found.customer for (tenant_id, _), found in known.items()}
        tenants = {tenant_id: names.get(tenant_id, "") for tenant_id in reach.by_tenant}
        tenants |= names if listed is None else listed
        for own in (self.home_tenant, person.tenant_id):
            tenants.pop(own, None)
        targets = [
            Target(
                part=part,
                tenant_id=tenant_id,
                customer=name,
                resource=resource,
                before=known.pop((tenant_id, resource), None),
            )
            for tenant_id, name in sorted(tenants.items())
            for resource in sorted(reach.resources(tenant_id))
            if is_resource(resource)
        ]
        return Plan(
            customers=len(tenants),
            targets=targets,
            gone=list(known.values()),
            new=self._new(targets, names) if listed is not None else [],
            unlisted=unlisted,
        )

    def farewell(self, consent: str) -> Plan:
        """What is to be forgotten of a consent that was withdrawn, or that nobody may use for a customer any more."""
        return Plan(customers=0, targets=[], gone=list(self.results.all(consent)), new=[])

    def _listed(self, part: Part, correlation: str) -> tuple[Mapping[str, str] | None, str]:
        """The partner's customers by tenant, with their names; None and the code of why they cannot be told."""
        if part.person.tenant_id != self.home_tenant:
            return None, ""
        try:
            token = self.authority.exchange(
                part.refresh_token,
                tenant_id=part.person.tenant_id,
                scope=self.partner_center_scope,
                place=Place.HOME,
                person=part.person.object_id,
            ).access_token
            found = self.list_customers(token, correlation)
        except BrokerError as error:
            if whose_fault(error) in {CONSENT, PERSON} or is_of_credential(error):
                raise
            return None, error.code
        return {customer.tenant_id: _printable(customer.name or customer.domain) for customer in found}, ""

    def _new(self, targets: list[Target], names: Mapping[str, str]) -> list[NewCustomer]:
        """Those that nobody tried before; none at the very first run, when all would be."""
        if not names:
            return []
        now = self.clock()
        found = {target.tenant_id: target for target in targets if target.tenant_id not in names}
        return [
            NewCustomer(consent=one.part.consent, tenant_id=tenant_id, customer=one.customer, first_on=now)
            for tenant_id, one in found.items()
        ]


def _printable(name: str) -> str:
    """A name as a row and a record can hold it: half a character, or one of control, is none."""
    return "".join(character if character.isprintable() else " " for character in name).strip()
