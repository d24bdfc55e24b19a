"""The tenants that an identity may ask for, as the broker tells them page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partner_token.errors import BrokerError

PATH = "tenants"


@dataclass(frozen=True)
class Tenant:
    """One tenant; `name` is what the broker's policy calls it, `domain` and `company` what is known; None for others.

    `resources` are short names, identifiers, or a wildcard: what the policy allows there, whether or not it works.
    """

    tenant_id: str
    name: str | None
    domain: str | None
    company: str | None
    resources: Sequence[str]


def page_query(whose: Mapping[str, str], after: str | None) -> dict[str, str]:
    """What a page is asked by; `whose` names the consent, or says that tokens would be the application's."""
    return {**whose, **({"after": after} if after else {})}


def tenants_of(page: Mapping[str, Any]) -> list[Tenant]:
    """The tenants of one page; raises BrokerError for one that is none of the broker's."""
    try:
        return [
            Tenant(
                tenant_id=str(row["tenant"]),
                name=row["name"],
                domain=row["domain"],
                company=row["company"],
                resources=tuple(str(one) for one in row["resources"]),
            )
            for row in page["tenants"]
        ]
    except (LookupError, TypeError):
        raise BrokerError("The answer holds no tenants: is this the broker's address?", status=200) from None
