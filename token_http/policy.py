"""The access policy: who may have a token of which consent, tenant and resource; whatever no permission covers, not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from itertools import chain, islice

from shared.callers.assertion import Principal
from shared.consents.consent import MANAGEMENT_NAME
from shared.customers.reach import Reach
from shared.entra.wildcard import is_wildcard, wildcard_over
from shared.quoted import quoted
from shared.setting_values import GUID
from shared.subject import APPLICATION, Subject
from token_http import near_rows
from token_http.message import HOME, TokenRequest
from token_http.permission import Permission
from token_http.policy_reading import PolicyReading
from token_http.refusals import NotPermitted, TenantNameUnknown
from token_http.tenant_names import TenantNames, spelled

ANY_CUSTOMER = "*"
# A caller may have thousands of rows, and a refusal is to cost little.
MOST_LOOKED_AT, MOST_NAMES = 200, 500
# What rows are found by: either an object id or a role, then a consent and a family of resources.
type _Entry = tuple[str | None, str | None, Subject, str]
type _Whose = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The row that decided, and the tenant it resolved to."""

    permission: str
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rows of all documents; rows only add, so their order says no more than which of several is named.

    `consent_tenants` are those of other partners' people, which `*` is never for where no person stands in between.
    `names` are short names of resources by their family, for those who read; `tenant_names` what callers may write.
    """

    permissions: tuple[Permission, ...]
    home_tenant: str
    consent_tenants: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    tenant_names: TenantNames = field(default_factory=TenantNames, repr=False)
    reading: PolicyReading = field(default_factory=PolicyReading, repr=False, compare=False)
    _rows: Mapping[_Entry, Sequence[int]] = field(init=False, repr=False, compare=False)
    _own: Mapping[_Whose, Sequence[int]] = field(init=False, repr=False, compare=False)
    _wildcards: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the index: a request must not cost more the more rows there are for others."""
        rows: dict[_Entry, list[int]] = {}
        own: dict[_Whose, list[int]] = {}
        for number, row in enumerate(self.permissions):
            own.setdefault((row.caller, row.role), []).append(number)
            for entry in _entries(row):
                rows.setdefault(entry, []).append(number)
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_own", own)
        wildcards = frozenset(name for row in self.permissions for name in row.resources if is_wildcard(name))
        object.__setattr__(self, "_wildcards", wildcards)

    def meant(self, tenant: str) -> str | None:
        """The id that a caller means by what it wrote, or `home`; None for what the policy has no name for."""
        asked = spelled(tenant)
        return asked if asked == HOME or GUID.fullmatch(asked) else self.tenant_names.ids.get(asked)

    def require_some(self, principal: Principal, request: TokenRequest) -> None:
        """Raise NotPermitted unless a row is for this caller, consent and resource, in whatever tenant."""
        if not self._rows_for(principal, request.consent, request.scope.family):
            raise self._refusal(principal, request, (), "")

    def possible(self, principal: Principal, request: TokenRequest, *, tenant_id: str | None = None) -> "Possible":
        """The rows that allow this or might, whatever is known of the consent; raises NotPermitted when there are none.

        So nobody learns whether there is a consent that they may not use. `tenant_id` is what a domain has led to.
        Without it names of the policy count, and one that leads to no tenant of the caller's is TenantNameUnknown.
        """
        numbers, apart = self._rows_for(principal, request.consent, request.scope.family), self.apart(request.consent)
        asked = tenant_id or self.meant(request.tenant) or ""
        refused = partial(self._refusal, principal, request, numbers, asked)
        rows = [self.permissions[number] for number in numbers]
        rows = [row for row in rows if row.may_cover(asked, apart=apart)]
        if not rows:
            raise refused()
        return Possible(asked=asked, apart=apart, rows=rows, refused=refused)

    def check(self, principal: Principal, request: TokenRequest, *, own: str) -> Decision:
        """The row that allows this; raises NotPermitted when none does, which tells the caller of its own rows alone.

        `own` is the tenant of the person who gave the consent.
        """
        return self.possible(principal, request).decide(own=own)

    def apart(self, subject: Subject) -> frozenset[str]:
        """The partners' own tenants, which no `*` covers for tokens in this one's name."""
        return frozenset({self.home_tenant}) | (self.consent_tenants if subject is APPLICATION else frozenset())

    def reach(self, consent: Subject) -> Reach:
        """How far this consent, or the application itself, reaches into customers' tenants, whoever asks.

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

    def _refusal(self, principal: Principal, request: TokenRequest, numbers: Sequence[int], asked: str) -> NotPermitted:
        """The refusal; `numbers` are of rows for what was asked, but for the tenant, `asked` the tenant that was meant.

        A name that another's rows have is as good as none: nobody learns the names of tenants that it may not ask for.
        """
        own, written = self._own_rows(principal, numbers), spelled(request.tenant)
        near = near_rows.nearest(own, request, tenant=near_rows.Asked(meant=asked, written=written))
        is_unknown = bool(numbers) and written not in {HOME, asked} and not (asked and self._is_told_of(own, asked))
        names = self._near_names(own, written) if is_unknown else ""
        told = near_rows.told(near, request, written=written, names=self.names)
        detail = " ".join(part for part in (f"The caller is {principal.object_id}.", names, told) if part)
        kind = TenantNameUnknown if is_unknown else NotPermitted
        return kind(detail).beside(near, asked).knowing(caller=principal.object_id)

    def _near_names(self, own: Sequence[Permission], written: str) -> str:
        """The names like this one of tenants that the caller's rows cover."""
        ids = self.tenant_names.ids.items()
        names = list(islice((name for name, tenant_id in ids if self._is_told_of(own, tenant_id)), MOST_NAMES))
        near = get_close_matches(written, names, n=near_rows.MOST_TOLD)
        return f"Names like it: {quoted(near)}." if near else ""

    def _is_told_of(self, own: Sequence[Permission], tenant_id: str) -> bool:
        """Whether a caller with these rows may know that the partner has to do with this tenant."""
        is_partner = tenant_id == self.home_tenant
        return any(tenant_id in row.tenants or (row.home if is_partner else row.any_customer) for row in own)

    def own_rows(self, principal: Principal) -> list[Permission]:
        """Every row of this principal, in order."""
        numbers = {number for one in _whose(principal) for number in self._own.get(one, ())}
        return [self.permissions[number] for number in sorted(numbers)]

    def _own_rows(self, principal: Principal, first: Sequence[int]) -> list[Permission]:
        """The rows of this principal, those of these numbers first."""
        numbers = chain(first, *(self._own.get(one, ()) for one in _whose(principal)))
        return [self.permissions[number] for number in islice(dict.fromkeys(numbers), MOST_LOOKED_AT)]

    def _rows_for(self, principal: Principal, consent: Subject, resource: str) -> Sequence[int]:
        """The rows that are for this principal, consent and resource, in order."""
        if consent == MANAGEMENT_NAME:
            return ()  # no document can name it; this holds whatever becomes of documents
        over = wildcard_over(resource) if self._wildcards else None
        found: Sequence[int] = ()
        for named in (resource, over) if over in self._wildcards else (resource,):
            for caller, role in _whose(principal):
                rows = self._rows.get((caller, role, consent, named))
                if rows:
                    found = sorted({*found, *rows}) if found else rows
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """Rows that may allow what a principal asked for; which of them does, the consent's own tenant decides."""

    asked: str
    apart: frozenset[str]
    rows: Sequence[Permission]
    refused: Callable[[], NotPermitted]

    def decide(self, *, own: str) -> Decision:
        """The first row that allows it for a consent of this tenant; raises NotPermitted."""
        for row in self.rows:
            tenant_id = row.tenant_for(self.asked, own=own, apart=self.apart)
            if tenant_id is not None:
                return Decision(permission=row.name, tenant_id=tenant_id)
        raise self.refused()


def _whose(principal: Principal) -> list[_Whose]:
    """What a row may name this principal by."""
    return [(principal.object_id, None), *((None, role) for role in sorted(principal.roles))]


def _entries(row: Permission) -> Iterator[_Entry]:
    for consent in row.consents:
        for resource in row.resources:
            yield row.caller, row.role, consent, resource
