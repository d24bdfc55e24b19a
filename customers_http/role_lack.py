"""One role that the application lacks in a customer's tenant: how it is assigned, and whether it is there by now."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.customers.application_roles import Api, ApplicationRoles
from shared.customers.roles import named


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """`name` as people know it; both callables may block, and raise GraphRefused or GraphUnavailable."""

    name: str
    give: Callable[[], None]
    is_there: Callable[[], bool]

    @classmethod
    def of_api(cls, roles: ApplicationRoles, principal: str, api: Api, name: str) -> "Lack":
        """An app role that the API defines."""
        role = api.role(name) or ""
        return cls(
            name=name,
            give=lambda: roles.assign(principal, api, role),
            is_there=lambda: role in roles.held(principal).get(api.object_id, ()),
        )

    @classmethod
    def of_directory(cls, roles: ApplicationRoles, principal: str, role: str) -> "Lack":
        """A directory role, by its id."""
        (name,) = named([role])
        return cls(
            name=name,
            give=lambda: roles.appoint(principal, role),
            is_there=lambda: role in roles.appointed(principal),
        )
