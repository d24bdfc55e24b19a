"""The customers that are known by what checks have found: who each is, and whose a domain is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from shared.customers.customer import Customer
from shared.customers.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomers:
    """`customers` by their tenants, `domains` (in lower case) with the tenant of each."""

    customers: Mapping[str, Customer] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Iterable[Result]) -> Self:
        """Those of these results; a domain that two customers have is nobody's."""
        customers: dict[str, Customer] = {}
        for one in results:
            before = customers.get(one.tenant_id)
            domain = one.domain or (before.domain if before else "")
            customers[one.tenant_id] = Customer(tenant_id=one.tenant_id, name=one.customer, domain=domain)
        owners: dict[str, set[str]] = {}
        for customer in customers.values():
            owners.setdefault(customer.domain.lower(), set()).add(customer.tenant_id)
        domains = {domain: next(iter(ids)) for domain, ids in owners.items() if domain and len(ids) == 1}
        return cls(customers=customers, domains=domains)
