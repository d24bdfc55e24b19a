"""Service principals, what was granted to them, and a change of that.

Sources: learn, graph/api/serviceprincipal-get, serviceprincipal-list-oauth2permissiongrants,
serviceprincipal-list-approleassignments, directoryobject-getbyids, oauth2permissiongrant-get,
oauth2permissiongrant-update.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from local.entra_door import EntraDoor
from local.graph.access import Caller
from local.graph.refusals import GraphError, missing
from local.world import World

READING = ("Directory.Read.All", "Directory.ReadWrite.All", "Application.Read.All")
GRANTING = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
ID, GRANT = r"(?P<name>[0-9a-f-]{36})", r"(?P<name>[0-9a-f]{64})"
# Somebody of the tenant who has consented for herself.
A_PERSON = "dddd0000-1111-4222-8333-444444449999"


class Grants:
    """What is in force is Entra ID's to know, and nothing is kept here."""

    def __init__(self, *, world: World, entra: EntraDoor) -> None:
        self._applications = [application.client_id for application in world.applications]
        self._resources = [resource.app_id for resource in world.resources]
        self._entra = entra

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", r"servicePrincipals\(appId='(?P<app_id>[^']+)'\)", self.principal),
            ("GET", rf"servicePrincipals/{ID}/oauth2PermissionGrants", self.delegated),
            ("GET", rf"servicePrincipals/{ID}/appRoleAssignments", self.roles),
            ("POST", r"directoryObjects/getByIds", self.by_ids),
            ("GET", rf"oauth2PermissionGrants/{GRANT}", self.grant),
            ("PATCH", rf"oauth2PermissionGrants/{GRANT}", self.update),
        ]

    async def principal(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, app_id: str) -> Any:  # noqa: ANN401 - JSON
        """An application's own object in the tenant: it has one once anything is granted to it there."""
        caller.require(*READING)
        if not await self._has_anything(caller, app_id):
            raise missing(app_id)
        return {"id": principal_id(caller.tenant_id, app_id), "appId": app_id}

    async def delegated(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """Delegated grants, for everybody and for single persons."""
        caller.require(*READING, *GRANTING)
        app_id = await self._application(caller, name)
        place = {"tenant": caller.tenant_id, "client": app_id}
        held = (await self._entra.consents(**place)).items()
        of_persons = (await self._entra.beside(**place))["persons"].items()
        return {
            "value": [
                *(self._grant(caller, app_id, resource, scopes, person=None) for resource, scopes in held),
                *(self._grant(caller, app_id, resource, scopes, person=A_PERSON) for resource, scopes in of_persons),
            ]
        }

    async def roles(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """App roles."""
        caller.require(*READING)
        app_id = await self._application(caller, name)
        given = (await self._entra.beside(tenant=caller.tenant_id, client=app_id))["roles"]
        return {
            "value": [
                {"id": f"{index}", "appRoleId": role, "resourceId": principal_id(caller.tenant_id, resource)}
                for index, (resource, role) in enumerate(given)
            ]
        }

    async def by_ids(self, caller: Caller, _query: Mapping[str, str], content: Any) -> Any:  # noqa: ANN401 - JSON
        """Service principals by their object ids."""
        caller.require(*READING)
        known = {principal_id(caller.tenant_id, app): app for app in (*self._resources, *self._applications)}
        return {"value": [{"id": one, "appId": known[one]} for one in content["ids"] if one in known]}

    async def grant(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """One grant."""
        caller.require(*READING, *GRANTING)
        app_id, resource, scopes = await self._everybodys(caller, name)
        return self._grant(caller, app_id, resource, scopes, person=None)

    async def update(self, caller: Caller, _query: Mapping[str, str], content: Any, *, name: str) -> None:  # noqa: ANN401 - JSON
        """Other scopes of one grant: what is sent is what it then is."""
        caller.require(*GRANTING)
        if not isinstance(content, dict) or not isinstance(content.get("scope"), str):
            raise GraphError(400, "Request_BadRequest", "A scope is missing.")
        app_id, resource, _scopes = await self._everybodys(caller, name)
        place = {"tenant": caller.tenant_id, "client": app_id}
        await self._entra.consent(**place, resource=resource, scopes=content["scope"].split())

    async def _everybodys(self, caller: Caller, name: str) -> tuple[str, str, Any]:
        """The application, the API and the scopes of a grant that is for everybody."""
        for app_id in self._applications:
            held = await self._entra.consents(tenant=caller.tenant_id, client=app_id)
            for resource, scopes in held.items():
                if grant_id(caller.tenant_id, app_id, resource, "") == name:
                    return app_id, resource, scopes
        raise missing(name)

    async def _has_anything(self, caller: Caller, app_id: str) -> bool:
        place = {"tenant": caller.tenant_id, "client": app_id}
        beside = await self._entra.beside(**place)
        return bool(await self._entra.consents(**place) or beside["persons"] or beside["roles"])

    async def _application(self, caller: Caller, name: str) -> str:
        known = {principal_id(caller.tenant_id, app_id): app_id for app_id in self._applications}
        if name not in known or not await self._has_anything(caller, known[name]):
            raise missing(name)
        return known[name]

    def _grant(self, caller: Caller, app_id: str, resource: str, scopes: Any, *, person: str | None) -> Any:  # noqa: ANN401 - JSON
        return {
            "id": grant_id(caller.tenant_id, app_id, resource, person or ""),
            "clientId": principal_id(caller.tenant_id, app_id),
            "consentType": "Principal" if person else "AllPrincipals",
            "principalId": person,
            "resourceId": principal_id(caller.tenant_id, resource),
            "scope": " ".join(scopes),
        }


def principal_id(tenant_id: str, app_id: str) -> str:
    """The object id of an application in a tenant."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), app_id))


def grant_id(tenant_id: str, app_id: str, resource: str, person: str) -> str:
    """The id of one grant."""
    first = uuid.uuid5(uuid.UUID(tenant_id), f"{app_id} {resource}")
    return f"{first.hex}{uuid.uuid5(first, person or 'everybody').hex}"
