"""What a caller who was refused may ask for instead: the nearest of its own rows, and never another caller's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.quoted import quoted
from shared.subject import APPLICATION
from token_http.message import HOME, TokenRequest
from token_http.permission import Permission

MOST_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tenant as it was written, and the id that is meant, or `home`; empty for none."""

    meant: str
    written: str


def told(rows: Iterable[Permission], request: TokenRequest, *, tenant: Asked, names: Mapping[str, str]) -> str:
    """A sentence about at most three of these rows, all of the caller's own; empty for none.

    `names` are the short names of resources by their family.
    """

    def distance(row: Permission) -> int:
        """How many of the three parts of the request it does not have."""
        has = (request.consent in row.consents, row.names(request.scope.family), _has(row, tenant.meant))
        return len(has) - sum(has)

    nearest = sorted(rows, key=distance)[:MOST_TOLD]
    parts = [_told(row, request, tenant=tenant, names=names) for row in nearest]
    return f"You may ask for {'; for '.join(parts)}." if parts else ""


def _told(row: Permission, request: TokenRequest, *, tenant: Asked, names: Mapping[str, str]) -> str:
    family = request.scope.family
    resources = [family] if row.names(family) else sorted(row.resources)
    tenants = [tenant.written] if _has(row, tenant.meant) else _tenants(row)
    text = f"{quoted([names.get(resource, resource) for resource in resources])} in {quoted(tenants)}"
    if request.consent in row.consents:
        return text
    if APPLICATION in row.consents:
        return f"{text} as the application"
    return f"{text} with the consent {quoted(sorted(one for one in row.consents if one is not APPLICATION))}"


def _has(row: Permission, asked: str) -> bool:
    return asked in row.tenants or (row.home and asked == HOME)


def _tenants(row: Permission) -> list[str]:
    """As the caller may write them: by name where the document has one."""
    named = {tenant_id for name, tenant_id in row.tenants.items() if name != tenant_id}
    wide = [*([HOME] if row.home else []), *(["any customer"] if row.any_customer else [])]
    return wide + sorted(name for name, tenant_id in row.tenants.items() if name != tenant_id or tenant_id not in named)
