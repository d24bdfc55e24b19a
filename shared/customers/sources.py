"""Who the customers are: Partner Center's list and the active relationships together, whichever of them answers.

Partner Center lists no customers to an indirect reseller, and no relationship is needed to be a customer.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

from shared.customers.access import Actor, Actors
from shared.customers.customer import Customer
from shared.customers.delegation import Delegation, delegations_of
from shared.customers.partner_center import PartnerCenter
from shared.customers.relationships import RelationshipReader
from shared.errors import BrokerError

PARTNER_CENTER, GDAP = "partner_center", "gdap"
SOURCES = (PARTNER_CENTER, GDAP)
# Of a tenant that no source tells of, and a row of the policy does.
POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One customer, what is known of it, and who tells of it."""

    customer: Customer
    sources: Sequence[str]
    delegation: Delegation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All customers, and what each source that did not answer met; `delegations` has former customers' too."""

    customers: Sequence[Known]
    failures: Mapping[str, BrokerError] = field(default_factory=dict)
    delegations: Mapping[str, Delegation] = field(default_factory=dict)

    def require_any(self) -> None:
        """Raise what Partner Center met when neither source answered."""
        if len(self.failures) == len(SOURCES):
            raise self.failures[PARTNER_CENTER]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSources:
    """Asks both; may block."""

    actors: Actors
    center: PartnerCenter
    reader: RelationshipReader

    def found(self, partner: Actor, *, correlation: str) -> Found:
        """Every customer, and what failed; raises nothing. They are asked side by side."""
        with ThreadPoolExecutor(2, thread_name_prefix="broker-sources") as threads:
            listing = threads.submit(copy_context().run, self._listed, partner, correlation)
            delegating = threads.submit(copy_context().run, self._delegations, partner, correlation)
            listed, delegations = listing.result(), delegating.result()
        met = {PARTNER_CENTER: listed, GDAP: delegations}
        failures = {name: error for name, error in met.items() if isinstance(error, BrokerError)}
        told = {} if isinstance(delegations, BrokerError) else delegations
        customers = _together(() if isinstance(listed, BrokerError) else listed, told)
        return Found(customers=customers, failures=failures, delegations=told)

    def _listed(self, partner: Actor, correlation: str) -> Sequence[Customer] | BrokerError:
        try:
            token = partner.token(self.actors.settings.cloud.partner_center_scope)
            return self.center.customers(token, correlation=correlation)
        except BrokerError as error:
            return error

    def _delegations(self, partner: Actor, correlation: str) -> Mapping[str, Delegation] | BrokerError:
        try:
            return delegations_of(self.reader.read(partner, self._management(), correlation=correlation))
        except BrokerError as error:
            return error

    def _management(self) -> Actor | None:
        """The management application; one that cannot act leaves it to the partner application."""
        try:
            return self.actors.management()
        except BrokerError:
            return None


def _together(listed: Sequence[Customer], delegations: Mapping[str, Delegation]) -> list[Known]:
    customers = {one.tenant_id: one for one in listed}
    for tenant, one in delegations.items():
        if one.active:
            customers.setdefault(tenant, Customer(tenant_id=tenant, name=one.name, domain=""))
    in_list = {one.tenant_id for one in listed}
    return [_known(one, one.tenant_id in in_list, delegations.get(one.tenant_id)) for one in customers.values()]


def _known(customer: Customer, is_listed: bool, delegation: Delegation | None) -> Known:  # noqa: FBT001 - private
    is_delegated = delegation is not None and bool(delegation.active)
    sources = [*([PARTNER_CENTER] if is_listed else []), *([GDAP] if is_delegated else [])]
    name = customer.name or (delegation.name if delegation else "")
    known = Customer(tenant_id=customer.tenant_id, name=name, domain=customer.domain)
    return Known(customer=known, sources=sources, delegation=delegation)
