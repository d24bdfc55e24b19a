"""The access policy: who may have a token of which consent, tenant and resource; whatever no permission covers, not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.callers.assertion import Principal
from shared.consents.consent import MANAGEMENT_NAME
from shared.customers.reach import Reach
from shared.setting_values import GUID
from token_http.message import HOME, TokenRequest
from token_http.refusals import NotPermitted

ANY_CUSTOMER = "*"
# What rows are found by: either an object id or a role, then a consent and a family of resources.
type _Entry = tuple[str | None, str | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One row: this caller (object id or app role), these consents, these tenants, these resources.

    `tenants` maps what a caller may write (an id, a name of the document) to the tenant's id. `home` allows the
    consent's own tenant, `any_customer` any tenant but the partner's and the consent's own.
    """

    name: str
    caller: str | None
    role: str | None
    consents: frozenset[str]
    tenants: Mapping[str, str]
    home: bool
    any_customer: bool
    resources: frozenset[str]

    def tenant_for(self, asked: str, *, partner: str, own: str) -> str | None:
        """The id of the tenant that this row's callers mean by `asked`; None for one they may not have.

        `partner` is the partner's home tenant, `own` that of the consent.
        """
        if asked in self.tenants:
            return self.tenants[asked]
        if self.home and asked in {HOME, own}:
            return own
        # It takes an id, since names are a document's own.
        return asked if self.any_customer and GUID.fullmatch(asked) and asked not in {partner, own} else None

    def may_cover(self, asked: str, *, partner: str) -> bool:
        """Whether there can be a consent with whose own tenant this row would allow it."""
        if asked in self.tenants or (self.home and asked == HOME):
            return True
        return bool(GUID.fullmatch(asked)) and (self.home or (self.any_customer and asked != partner))


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

    def possible(self, principal: Principal, request: TokenRequest) -> "Possible":
        """The rows that allow this or might, whatever is known of the consent; raises NotPermitted when there are none.

        So nobody learns whether there is a consent that they may not use.
        """
        asked, partner = _spelled(request.tenant), self.home_tenant
        numbers = self._rows_for(principal, request.consent, request.scope.family)
        rows = [self.permissions[number] for number in numbers]
        rows = [row for row in rows if row.may_cover(asked, partner=partner)]
        if not rows:
            raise _not_permitted(principal)
        return Possible(principal=principal, asked=asked, partner=partner, rows=rows)

    def check(self, principal: Principal, request: TokenRequest, *, own: str) -> Decision:
        """The row that allows this; raises NotPermitted when none does, without saying which part failed.

        `own` is the tenant of the person who gave the consent.
        """
        return self.possible(principal, request).decide(own=own)

    def reach(self, consent: str) -> Reach:
        """How far this consent reaches into customers' tenants, whoever asks.

        `home` is no customer, and whoever lists customers leaves the partner's tenant and the consent's own out.
        """
        everywhere: set[str] = set()
        by_tenant: dict[str, frozenset[str]] = {}
        for row in self.permissions:
            if consent not in row.consents:
                continue
            if row.any_customer:
                everywhere |= row.resources
            for tenant_id in {*row.tenants.values()}:
                by_tenant[tenant_id] = by_tenant.get(tenant_id, frozenset()) | row.resources
        return Reach(everywhere=frozenset(everywhere), by_tenant=by_tenant)

    def _rows_for(self, principal: Principal, consent: str, resource: str) -> Sequence[int]:
        """The rows that are for this principal, consent and resource, in order."""
        if consent == MANAGEMENT_NAME:
            return ()  # no document can name it; this holds whatever becomes of documents
        found = self._rows.get((principal.object_id, None, consent, resource), ())
        for role in principal.roles:
            of_role = self._rows.get((None, role, consent, resource))
            if of_role:
                found = sorted((*found, *of_role))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """Rows that may allow what a principal asked for; which of them does, the consent's own tenant decides."""

    principal: Principal
    asked: str
    partner: str
    rows: Sequence[Permission]

    def decide(self, *, own: str) -> Decision:
        """The first row that allows it for a consent of this tenant; raises NotPermitted."""
        for row in self.rows:
            tenant_id = row.tenant_for(self.asked, partner=self.partner, own=own)
            if tenant_id is not None:
                return Decision(permission=row.name, tenant_id=tenant_id)
        raise _not_permitted(self.principal)


def _spelled(tenant: str) -> str:
    """A tenant as rows have it: blanks around it, capitals, and the braces some tools put around an id mean nothing."""
    asked = tenant.strip().lower()
    inner = asked[1:-1]
    return inner if asked[:1] == "{" and asked[-1:] == "}" and GUID.fullmatch(inner) else asked


def _not_permitted(principal: Principal) -> NotPermitted:
    return NotPermitted(f"The caller is {principal.object_id}.").knowing(caller=principal.object_id)


def _entries(row: Permission) -> Iterator[_Entry]:
    for consent in row.consents:
        for resource in row.resources:
            yield row.caller, row.role, consent, resource
