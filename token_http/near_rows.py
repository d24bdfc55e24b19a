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


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A row, and which parts of the request it has."""

    row: Permission
    has_subject: bool
    has_resource: bool
    has_tenant: bool

    @property
    def distance(self) -> int:
        """How many parts it does not have."""
        return 3 - self.has_subject - self.has_resource - self.has_tenant


def nearest(rows: Iterable[Permission], request: TokenRequest, *, tenant: Asked) -> list[Near]:
    """At most three of these rows, all of the caller's own."""
    found = (
        Near(
            row=row,
            has_subject=request.consent in row.consents,
            has_resource=row.names(request.scope.family),
            has_tenant=_has(row, tenant.meant),
        )
        for row in rows
    )
    return sorted(found, key=lambda one: one.distance)[:MOST_TOLD]


def told(near: Iterable[Near], request: TokenRequest, *, written: str, names: Mapping[str, str]) -> str:
    """A sentence about these; empty for none. The tenant was `written` so, `names` are short names of resources."""
    parts = [_told(one, request, written=written, names=names) for one in near]
    return f"You may ask for {'; for '.join(parts)}." if parts else ""


def _told(near: Near, request: TokenRequest, *, written: str, names: Mapping[str, str]) -> str:
    row = near.row
    resources = [request.scope.family] if near.has_resource else sorted(row.resources)
    tenants = [written] if near.has_tenant else _tenants(row)
    text = f"{quoted([names.get(resource, resource) for resource in resources])} in {quoted(tenants)}"
    if near.has_subject:
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
