"""The access policy: who may have a token of which consent, tenant and resource; whatever no permission covers, not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.callers.assertion import Principal
from shared.setting_values import GUID
from token_http.message import TokenRequest
from token_http.refusals import NotPermitted

ANY_CUSTOMER = "*"
# What rows are found by: either an object id or a role, then a consent and a canonical resource.
type _Entry = tuple[str | None, str | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One row: this caller (object id or app role), these consents, these tenants, these resources.

    `tenants` maps what a caller may write (an id, a name of the document, "home") to the tenant's id.
    """

    name: str
    caller: str | None
    role: str | None
    consents: frozenset[str]
    tenants: Mapping[str, str]
    any_customer: bool
    resources: frozenset[str]

    def tenant_for(self, asked: str, *, home_tenant: str) -> str | None:
        """The id of the tenant that this row's callers mean by `asked` (lower case); None for one they may not have."""
        if asked in self.tenants:
            return self.tenants[asked]
        # "Any customer" never means the partner's own tenant, and takes an id, since names are a document's own.
        return asked if self.any_customer and GUID.fullmatch(asked) and asked != home_tenant else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The row that decided, and the tenant it resolved to."""

    permission: str
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rows of all documents; rows only add, so their order says no more than which of several is named."""

    permissions: tuple[Permission, ...]
    home_tenant: str
    _rows: Mapping[_Entry, Sequence[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the index: a request must not cost more the more rows there are for others."""
        rows: dict[_Entry, list[int]] = {}
        for number, row in enumerate(self.permissions):
            for entry in _entries(row):
                rows.setdefault(entry, []).append(number)
        object.__setattr__(self, "_rows", rows)

    def check(self, principal: Principal, request: TokenRequest) -> Decision:
        """The row that allows this; raises NotPermitted when none does, without saying which part failed."""
        asked = request.tenant.lower()
        for number in self._rows_for(principal, request.consent, request.scope.canonical_resource):
            permission = self.permissions[number]
            tenant_id = permission.tenant_for(asked, home_tenant=self.home_tenant)
            if tenant_id is not None:
                return Decision(permission=permission.name, tenant_id=tenant_id)
        raise NotPermitted(f"The caller is {principal.object_id}.")

    def _rows_for(self, principal: Principal, consent: str, resource: str) -> Sequence[int]:
        """The rows that are for this principal, consent and resource, in order."""
        found = self._rows.get((principal.object_id, None, consent, resource), ())
        for role in principal.roles:
            of_role = self._rows.get((None, role, consent, resource))
            if of_role:
                found = sorted((*found, *of_role))
        return found


def _entries(row: Permission) -> Iterator[_Entry]:
    for consent in row.consents:
        for resource in row.resources:
            yield row.caller, row.role, consent, resource
