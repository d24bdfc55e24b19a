"""Values of Partner Center: a customer, and what an application is granted in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.setting_values import GUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the partner, as Partner Center tells it."""

    tenant_id: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseGrant:
    """Delegated scopes of one API, by the application id it has in every tenant."""

    application_id: str
    scopes: Sequence[str]


def customer_of(item: Mapping[str, Any]) -> Customer:
    """A customer as Partner Center writes one; raises what reading JSON of another form raises."""
    # A customer may have no profile, and a profile no domain: what is known is told.
    profile = item.get("companyProfile") or {}
    return Customer(
        tenant_id=tenant_id_of(profile.get("tenantId") or item["id"]),
        name=str(profile.get("companyName") or ""),
        domain=str(profile.get("domain") or ""),
    )


def printable(name: str) -> str:
    """A name as a row, a record and a page can hold it: half a character, or one that turns others round, is none."""
    return "".join(character if character.isprintable() else " " for character in name).strip()


def tenant_id_of(told: object) -> str:
    """A tenant's id as a service tells it; raises ValueError for anything else, since it becomes part of addresses."""
    tenant_id = str(told).lower()
    if not GUID.fullmatch(tenant_id):
        raise ValueError("a tenant's id is a GUID")
    return tenant_id
