"""The customers that are known by what checks have found: who each is, and whose a domain is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from shared.cloud import Cloud
from shared.customers.customer import Customer
from shared.customers.result import Result
from shared.entra.wildcard import is_initial


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomers:
    """`customers` by their tenants, `domains` (in lower case, all that a check has met) with the tenant of each."""

    customers: Mapping[str, Customer] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, results: Iterable[Result]) -> Self:
        """Those of these results; a domain that two customers have is nobody's."""
        customers: dict[str, Customer] = {}
        owners: dict[str, set[str]] = {}
        for one in results:
            before = customers.get(one.tenant_id)
            domain = one.domain or (before.domain if before else "")
            customers[one.tenant_id] = Customer(tenant_id=one.tenant_id, name=one.customer, domain=domain)
            owners.setdefault(domain.lower(), set()).add(one.tenant_id)
        domains = {domain: next(iter(ids)) for domain, ids in owners.items() if domain and len(ids) == 1}
        return cls(customers=customers, domains=domains)

    def initial_domain(self, tenant_id: str, cloud: Cloud) -> str:
        """The tenant's initial domain, in lower case; empty where none of its domains that are known is the one."""
        own = (domain for domain, owner in self.domains.items() if owner == tenant_id)
        return next((domain for domain in own if is_initial(domain, cloud)), "")
