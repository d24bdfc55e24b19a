"""One row of the access policy, and which tenant its callers mean by what they write."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.entra.wildcard import wildcard_over
from shared.setting_values import GUID
from token_http.message import HOME


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

    def names(self, resource: str) -> bool:
        """Whether one of its resources is this one (a family), or stands for hosts like it."""
        return resource in self.resources or wildcard_over(resource) in self.resources

    def may_cover(self, asked: str, *, partner: str) -> bool:
        """Whether there can be a consent with whose own tenant this row would allow it."""
        if asked in self.tenants or (self.home and asked == HOME):
            return True
        return bool(GUID.fullmatch(asked)) and (self.home or (self.any_customer and asked != partner))
