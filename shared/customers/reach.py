"""How far a consent reaches by the access policy: the resources that somebody may ask for in a customer's tenant."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Resources by their families: those of every customer, and those of the tenants that a row names."""

    everywhere: frozenset[str]
    by_tenant: Mapping[str, frozenset[str]]

    def resources(self, tenant_id: str) -> frozenset[str]:
        """What somebody may ask for in this customer's tenant."""
        return self.everywhere | self.by_tenant.get(tenant_id, frozenset())
