"""A row of the policy as the facts that pages put into words: who, in whose name, where, and for what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.subject import APPLICATION, kind_of_subject
from token_http.permission import Permission
from token_http.policy import Policy

# A consent may have thousands of rows, and a page is read by a person.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people call things: short names of resources by their family, the policy's names of tenants by their id."""

    resources: Mapping[str, str]
    tenants: Mapping[str, str]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The names that this policy has."""
        return cls(resources=policy.names, tenants={found: name for name, found in policy.tenant_names.ids.items()})


def row_facts(row: Permission, names: Names) -> dict[str, Any]:
    """One row; `tenants` are those that it names, each with the policy's name for it, "" for none.

    Without any, without `home` and without `any_customer` it allows nothing: documents contradict what it says.
    """
    tenants = {found: names.tenants.get(found, "") for found in row.tenants.values()}
    return {
        "row": row.name,
        "caller": row.caller,
        "role": row.role,
        "as": kind_of_subject(APPLICATION if APPLICATION in row.consents else ""),
        "consents": sorted(one for one in row.consents if one is not APPLICATION),
        "home": row.home,
        "any_customer": row.any_customer,
        "tenants": [
            {"tenant": found, "name": name}
            for found, name in sorted(tenants.items(), key=lambda one: (one[1] or one[0], one[0]))
        ],
        "resources": sorted(names.resources.get(resource, resource) for resource in row.resources),
    }


def rows_of_consent(policy: Policy, consent: str) -> dict[str, Any]:
    """The rows by which a consent is used, as many as a page shows, and how many there are."""
    names, rows = Names.of(policy), [row for row in policy.permissions if consent in row.consents]
    return {"rows": [row_facts(row, names) for row in rows[:MOST_ROWS]], "found": len(rows)}
