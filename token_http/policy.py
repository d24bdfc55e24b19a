"""The access policy: who may have a token of which consent, tenant and resource; whatever no permission covers, not."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.callers.assertion import Principal
from shared.setting_values import GUID
from token_http.message import TokenRequest
from token_http.refusals import NotPermitted

ANY_CUSTOMER = "*"


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

    def tenant_for(self, principal: Principal, request: TokenRequest, *, home_tenant: str) -> str | None:
        """The id of the tenant this row lets the principal have a token of; None when it does not."""
        is_caller = principal.object_id == self.caller if self.caller else self.role in principal.roles
        if not is_caller or request.consent not in self.consents:
            return None
        if request.scope.canonical_resource not in self.resources:
            return None
        asked = request.tenant.lower()
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
    """All rows of all documents; rows only add, so their order means nothing."""

    permissions: tuple[Permission, ...]
    home_tenant: str

    def check(self, principal: Principal, request: TokenRequest) -> Decision:
        """The row that allows this; raises NotPermitted when none does, without saying which part failed."""
        for permission in self.permissions:
            tenant_id = permission.tenant_for(principal, request, home_tenant=self.home_tenant)
            if tenant_id is not None:
                return Decision(permission=permission.name, tenant_id=tenant_id)
        raise NotPermitted(f"The caller is {principal.object_id}.")
