"""One row of the access policy, and which tenant its callers mean by what they write."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.entra.wildcard import wildcard_over
from shared.setting_values import GUID
from shared.subject import Subject
from token_http.message import HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One row: this caller (object id or app role), these consents, these tenants, these resources.

    `consents` is APPLICATION alone in a row for tokens of the application itself.
    `tenants` maps what the row says (an id, a name of the policy) to the tenant's id. `home` allows the
    consent's own tenant (the partner's, where there is no consent), `any_customer` any tenant that is not apart.
    """

    name: str
    caller: str | None
    role: str | None
    consents: frozenset[Subject]
    tenants: Mapping[str, str]
    home: bool
    any_customer: bool
    resources: frozenset[str]

    def tenant_for(self, asked: str, *, own: str, apart: Collection[str]) -> str | None:
        """The id of the tenant that was asked for, by its id or as `home`; None for one that this row does not allow.

        `own` is the tenant of the consent; `apart` are partners' own tenants, which no `*` covers.
        """
        if asked in self.tenants:
            return self.tenants[asked]
        if self.home and asked in {HOME, own}:
            return own
        return asked if self.any_customer and GUID.fullmatch(asked) and asked not in {own, *apart} else None

    def names(self, resource: str) -> bool:
        """Whether one of its resources is this one (a family), or stands for hosts like it."""
        return resource in self.resources or wildcard_over(resource) in self.resources

    def may_cover(self, asked: str, *, apart: Collection[str]) -> bool:
        """Whether there can be a consent with whose own tenant this row would allow it."""
        if asked in self.tenants or (self.home and asked == HOME):
            return True
        return bool(GUID.fullmatch(asked)) and (self.home or (self.any_customer and asked not in apart))
