"""Applications' own objects in tenants (service principals), and the roles that these hold.

What a deletion through Partner Center takes with it is not documented. Here it takes app roles, which is the worse for
whoever makes consents anew, and leaves the object and its directory roles, the worse for whoever wants an end of it.
"""

from dataclasses import dataclass, field

from local.app_roles import value_of
from local.world import World


@dataclass(slots=True, kw_only=True)
class Principals:
    """`known` are (tenant, client), `app_roles` (tenant, client, API, role), `directory_roles` (tenant, client, role).

    All are ids.
    """

    known: set[tuple[str, str]] = field(default_factory=set)
    app_roles: set[tuple[str, str, str, str]] = field(default_factory=set)
    directory_roles: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, world: World) -> "Principals":
        """Those that the world begins with: of each application at home, and wherever something is consented to."""
        consented = {(tenant, client) for tenant, clients in world.consents.items() for client in clients}
        return cls(known=consented | {(one.home_tenant, one.client_id) for one in world.applications})

    def give(self, *, tenant: str, client: str, resource: str, role: str) -> None:
        """An app role from now on; whoever has one is known."""
        self.known.add((tenant, client))
        self.app_roles.add((tenant, client, resource, role))

    def take(self, *, tenant: str, client: str, resource: str, role: str) -> None:
        """An app role no more."""
        self.app_roles.discard((tenant, client, resource, role))

    def take_all(self, *, tenant: str, client: str) -> None:
        """No app role any more."""
        self.app_roles = {one for one in self.app_roles if one[:2] != (tenant, client)}

    def appoint(self, *, tenant: str, client: str, role: str) -> None:
        """A directory role from now on, in the whole tenant."""
        self.known.add((tenant, client))
        self.directory_roles.add((tenant, client, role))

    def dismiss(self, *, tenant: str, client: str, role: str) -> None:
        """A directory role no more."""
        self.directory_roles.discard((tenant, client, role))

    def remove(self, *, tenant: str, client: str) -> None:
        """The object is gone, and all roles with it."""
        self.known.discard((tenant, client))
        self.take_all(tenant=tenant, client=client)
        self.directory_roles = {one for one in self.directory_roles if one[:2] != (tenant, client)}

    def roles_in(self, *, tenant: str, client: str) -> list[tuple[str, str]]:
        """App roles as pairs of API and role."""
        return sorted(one[2:] for one in self.app_roles if one[:2] == (tenant, client))

    def appointed_in(self, *, tenant: str, client: str) -> list[str]:
        """Directory roles."""
        return sorted(one[2] for one in self.directory_roles if one[:2] == (tenant, client))

    def claimed(self, *, tenant: str, client: str, resource: str) -> tuple[str, ...]:
        """The `roles` of an app-only token for the API."""
        held = (role for api, role in self.roles_in(tenant=tenant, client=client) if api == resource)
        return tuple(sorted(value for role in held if (value := value_of(resource, role))))
