"""Service principals: applications and APIs as a tenant knows them, and the end of one.

Sources: learn, graph/api/serviceprincipal-get, serviceprincipal-delete, directoryobject-getbyids.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from local.app_roles import APP_ROLES
from local.entra_door import EntraDoor
from local.graph.access import Caller
from local.graph.administrators import APPLICATION, GLOBAL_ADMINISTRATOR, Administrators
from local.graph.refusals import missing
from local.world import World

READING = ("Directory.Read.All", "Directory.ReadWrite.All", "Application.Read.All", "Application.ReadWrite.All")
ID = r"(?P<name>[0-9a-f-]{36})"
BY_APP_ID = r"servicePrincipals\(appId='(?P<app_id>[^']+)'\)"


class Principals:
    """What is there is Entra ID's to know, and nothing is kept here."""

    def __init__(self, *, world: World, entra: EntraDoor, administrators: Administrators) -> None:
        self._applications = {application.client_id: application.name for application in world.applications}
        self._apis = {resource.app_id: resource.name for resource in world.resources}
        self._entra = entra
        self._administrators = administrators

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", BY_APP_ID, self.by_app_id),
            ("GET", rf"servicePrincipals/{ID}", self.by_id),
            ("DELETE", rf"servicePrincipals/{ID}", self.remove),
            ("POST", r"directoryObjects/getByIds", self.by_ids),
        ]

    async def by_app_id(self, caller: Caller, query: Mapping[str, str], _content: Any, *, app_id: str) -> Any:  # noqa: ANN401 - JSON
        """An application's or an API's own object in the tenant."""
        caller.require(*READING)
        return _selected(await self._told(caller, app_id.lower()), query)

    async def by_id(self, caller: Caller, query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """The same by its object id."""
        caller.require(*READING)
        return _selected(await self._told(caller, self.app_id_of(caller, name)), query)

    async def remove(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> None:  # noqa: ANN401 - JSON
        """Delete an application's object, and with it all that was granted to it."""
        caller.require("Application.ReadWrite.All")
        self._administrators.require(caller, APPLICATION | {GLOBAL_ADMINISTRATOR})
        app_id = await self.application(caller, name)
        await self._entra.remove_principal(tenant=caller.tenant_id, client=app_id)

    async def by_ids(self, caller: Caller, _query: Mapping[str, str], content: Any) -> Any:  # noqa: ANN401 - JSON
        """Service principals by their object ids."""
        caller.require(*READING)
        known = {principal_id(caller.tenant_id, app): app for app in (*self._apis, *self._applications)}
        return {"value": [{"id": one, "appId": known[one]} for one in content["ids"] if one in known]}

    def app_id_of(self, caller: Caller, name: str) -> str:
        """Whose object id this is in the tenant; raises GraphError (404)."""
        for app_id in (*self._applications, *self._apis):
            if principal_id(caller.tenant_id, app_id) == name:
                return app_id
        raise missing(name)

    async def application(self, caller: Caller, name: str) -> str:
        """The application with this object id, if it is known in the tenant; raises GraphError (404)."""
        app_id = self.app_id_of(caller, name)
        if app_id not in self._applications or not await self._is_known(caller, app_id):
            raise missing(name)
        return app_id

    async def api(self, caller: Caller, name: str) -> str:
        """The API with this object id, if the tenant has it; raises GraphError (404)."""
        app_id = self.app_id_of(caller, name)
        if app_id not in self._apis or not await self._entra.is_there(tenant=caller.tenant_id, resource=app_id):
            raise missing(name)
        return app_id

    async def _is_known(self, caller: Caller, app_id: str) -> bool:
        return bool((await self._entra.principal(tenant=caller.tenant_id, client=app_id))["is_known"])

    async def _told(self, caller: Caller, app_id: str) -> dict[str, Any]:
        if app_id in self._apis:
            is_there = await self._entra.is_there(tenant=caller.tenant_id, resource=app_id)
        else:
            is_there = app_id in self._applications and await self._is_known(caller, app_id)
        if not is_there:
            raise missing(app_id)
        return {
            "id": principal_id(caller.tenant_id, app_id),
            "appId": app_id,
            "displayName": self._apis.get(app_id) or self._applications[app_id],
            "appRoles": [_app_role(value, role) for value, role in APP_ROLES.get(app_id, {}).items()],
        }


def principal_id(tenant_id: str, app_id: str) -> str:
    """The object id of an application in a tenant."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), app_id))


def _app_role(value: str, role: str) -> dict[str, Any]:
    return {
        "id": role,
        "value": value,
        "displayName": value,
        "allowedMemberTypes": ["Application"],
        "isEnabled": True,
    }


def _selected(told: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    names = [name for name in query.get("$select", "").split(",") if name]
    return {name: told[name] for name in names if name in told} if names else told
