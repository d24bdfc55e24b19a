"""Look-ups in the world as Entra ID sees it, and what changes in it: consents, revocations, people's app roles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from local.entra.aadsts import EntraError
from local.entra.principals import Principals
from local.world import SHAREPOINT, Application, Resource, Tenant, User, World

# Path segments that name no tenant: the user's own is meant.
HOME_OF_THE_USER = frozenset({"common", "organizations"})
# What follows a tenant's label: its sites, its people's own files, and its administration.
SHAREPOINT_PARTS = ("", "-my", "-admin")
_NEVER = datetime.fromtimestamp(0, UTC)


class Directory:
    """All tenants of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tenants = {
            name: tenant for tenant in world.tenants for name in (tenant.id, tenant.domain, tenant.initial_domain)
        }
        self._applications = {application.client_id: application for application in world.applications}
        self._resources = {
            name: resource for resource in world.resources for name in (resource.app_id, *resource.identifiers)
        }
        self._sharepoint = {
            f"https://{tenant.label}{part}.sharepoint.com": tenant.id
            for tenant in world.tenants
            for part in SHAREPOINT_PARTS
        }
        self._resources |= dict.fromkeys(self._sharepoint, self._resources[SHAREPOINT])
        self._people = {user.object_id: user for user in world.users}
        self._revoked: dict[str, datetime] = {}
        self._consents: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._persons: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self.principals = Principals()
        self._lacking: set[tuple[str, str]] = set()
        self.reset_consents()

    def tenant(self, segment: str) -> Tenant | None:
        """The tenant a path segment names (GUID or domain), None for common and organizations; AADSTS90002 else."""
        if segment.lower() in HOME_OF_THE_USER:
            return None
        if (tenant := self._tenants.get(segment.lower())) is None:
            raise EntraError(90002, tenant=segment)
        return tenant

    def home(self, user: User) -> Tenant:
        """The tenant the user lives in."""
        return self._tenants[user.tenant_id]

    def application(self, client_id: str, *, tenant: str) -> Application:
        """The client registration; AADSTS700016 naming `tenant` when there is none."""
        if (application := self._applications.get(client_id.lower())) is None:
            raise EntraError(700016, client=client_id, tenant=tenant)
        return application

    def resource(self, identifier: str) -> Resource | None:
        """The API with this identifier URI (one trailing slash is ignored) or application id."""
        return self._resources.get(identifier.removesuffix("/").lower())

    def is_of_another(self, tenant: Tenant, identifier: str) -> bool:
        """Whether this identifier URI is a host of SharePoint of another tenant."""
        return self._sharepoint.get(identifier.removesuffix("/").lower(), tenant.id) != tenant.id

    def person(self, object_id: str) -> User | None:
        """The user with this object id."""
        return self._people.get(object_id)

    def person_in(self, tenant_id: str, object_id: str) -> User | None:
        """The user who has this object id in this tenant: their own, or a partner's delegate there."""
        return next((user for user in self._people.values() if user.object_id_in(tenant_id) == object_id), None)

    def person_named(self, username: str) -> User | None:
        """The user with this sign-in name, in any case."""
        return next((user for user in self._people.values() if user.username == username.strip().lower()), None)

    def has_consents(self, tenant: Tenant, application: Application) -> bool:
        """Whether anybody in the tenant consented to anything for the application."""
        return any(key[:2] == (tenant.id, application.client_id) for key in self._consents)

    def consented(self, tenant: Tenant, application: Application, resource: Resource) -> tuple[str, ...]:
        """The scopes of the resource consented to for the application in the tenant."""
        return self._consents.get((tenant.id, application.client_id, resource.app_id), ())

    def consents_of(self, *, tenant: str, client: str) -> dict[str, tuple[str, ...]]:
        """Everything consented to for the client in the tenant, by resource; all are ids."""
        return {key[2]: scopes for key, scopes in self._consents.items() if key[:2] == (tenant, client)}

    def consent(self, *, tenant: str, client: str, resource: str, scopes: tuple[str, ...]) -> None:
        """Set what is consented to from now on; all arguments are ids."""
        self.principals.known.add((tenant, client))
        self._consents[tenant, client, resource] = scopes

    def withdraw(self, *, tenant: str, client: str, resource: str | None = None, whose: str = "") -> None:
        """Take back one consent, or all of the client in the tenant; `whose`: `everybody` or `persons` alone."""
        kinds = {"everybody": (self._consents,), "persons": (self._persons,)}
        for granted in kinds.get(whose, (self._consents, self._persons)):
            for key in list(granted):
                if key[:2] == (tenant, client) and resource in (None, key[2]):
                    del granted[key]
        if resource is None:
            self.principals.take_all(tenant=tenant, client=client)

    def remove_principal(self, *, tenant: str, client: str) -> None:
        """Delete the application's own object in the tenant, with everything that was granted to it."""
        self.withdraw(tenant=tenant, client=client)
        self.principals.remove(tenant=tenant, client=client)

    def give_beside(self, *, tenant: str, client: str, resource: str, scope: str = "", role: str = "") -> None:
        """A scope that one person alone has consented to, or an app role; all arguments but the scope are ids."""
        if role:
            self.principals.give(tenant=tenant, client=client, resource=resource, role=role)
        else:
            self.principals.known.add((tenant, client))
            self._persons[tenant, client, resource] = (scope,)

    def beside(self, *, tenant: str, client: str) -> dict[str, Any]:
        """What was given beside everybody's consents: resource -> scopes, and pairs of resource and role."""
        return {
            "persons": {key[2]: scopes for key, scopes in self._persons.items() if key[:2] == (tenant, client)},
            "roles": self.principals.roles_in(tenant=tenant, client=client),
        }

    def lack(self, *, tenant: str, resource: str) -> None:
        """From now on the tenant has not this API."""
        self._lacking.add((tenant, resource))
        kept = {one for one in self.principals.app_roles if (one[0], one[2]) != (tenant, resource)}
        self.principals.app_roles = kept
        self._consents = {
            key: scopes for key, scopes in self._consents.items() if (key[0], key[2]) != (tenant, resource)
        }

    def lacking(self, *, tenant: str) -> list[str]:
        """The APIs that the tenant has not."""
        return sorted(resource for lacks, resource in self._lacking if lacks == tenant)

    def reset_consents(self) -> None:
        """Return to the consents the world began with; every tenant has every API again."""
        self._persons, self._lacking = {}, set()
        first = Principals.of(self._world)
        # In place: the control routes hold on to it.
        self.principals.known, self.principals.app_roles = first.known, first.app_roles
        self.principals.directory_roles = first.directory_roles
        self._consents = {
            (tenant, client, resource): scopes
            for tenant, clients in self._world.consents.items()
            for client, resources in clients.items()
            for resource, scopes in resources.items()
        }

    def assign(self, *, user: str, roles: Sequence[str]) -> None:
        """The person, by object id, has these app roles on the broker from now on, and no other."""
        self._people[user] = replace(self._people[user], roles=tuple(roles))

    def revoke(self, object_id: str) -> None:
        """Revoke every refresh token the user has now."""
        self._revoked[object_id] = datetime.now(UTC)

    def valid_from(self, user: User) -> datetime:
        """Grants issued before this moment are revoked."""
        return self._revoked.get(user.object_id, _NEVER)
