"""Delegated permissions that were granted to applications, a change of that, and an end.

Sources: learn, graph/api/serviceprincipal-list-oauth2permissiongrants, oauth2permissiongrant-get,
oauth2permissiongrant-update, oauth2permissiongrant-delete.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from local.entra_door import EntraDoor
from local.graph.access import Caller
from local.graph.administrators import APPLICATION, PRIVILEGED, Administrators
from local.graph.principals import ID, READING, Principals, principal_id
from local.graph.refusals import GraphError, missing
from local.world import World

GRANTING = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
GRANT = r"(?P<name>[0-9a-f]{64})"
# Somebody of the tenant who has consented for herself.
A_PERSON = "dddd0000-1111-4222-8333-444444449999"


class Grants:
    """What is in force is Entra ID's to know, and nothing is kept here."""

    def __init__(
        self, *, world: World, entra: EntraDoor, principals: Principals, administrators: Administrators
    ) -> None:
        self._applications = [application.client_id for application in world.applications]
        self._entra = entra
        self._principals = principals
        self._administrators = administrators

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", rf"servicePrincipals/{ID}/oauth2PermissionGrants", self.delegated),
            ("GET", rf"oauth2PermissionGrants/{GRANT}", self.grant),
            ("PATCH", rf"oauth2PermissionGrants/{GRANT}", self.update),
            ("DELETE", rf"oauth2PermissionGrants/{GRANT}", self.remove),
        ]

    async def delegated(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """Delegated grants, for everybody and for single persons."""
        caller.require(*READING, *GRANTING)
        app_id = await self._principals.application(caller, name)
        place = {"tenant": caller.tenant_id, "client": app_id}
        held = (await self._entra.consents(**place)).items()
        of_persons = (await self._entra.beside(**place))["persons"].items()
        return {
            "value": [
                *(self._grant(caller, app_id, resource, scopes, person=None) for resource, scopes in held),
                *(self._grant(caller, app_id, resource, scopes, person=A_PERSON) for resource, scopes in of_persons),
            ]
        }

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

    async def remove(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> None:  # noqa: ANN401 - JSON
        """One grant less, of everybody or of one person."""
        caller.require(*GRANTING)
        self._administrators.require(caller, APPLICATION | PRIVILEGED)
        for app_id in self._applications:
            place = {"tenant": caller.tenant_id, "client": app_id}
            kinds = {
                "everybody": ("", await self._entra.consents(**place)),
                "persons": (A_PERSON, (await self._entra.beside(**place))["persons"]),
            }
            for whose, (person, held) in kinds.items():
                for resource in held:
                    if grant_id(caller.tenant_id, app_id, resource, person) == name:
                        await self._entra.withdraw_one(**place, resource=resource, whose=whose)
                        return
        raise missing(name)

    async def _everybodys(self, caller: Caller, name: str) -> tuple[str, str, Any]:
        """The application, the API and the scopes of a grant that is for everybody."""
        for app_id in self._applications:
            held = await self._entra.consents(tenant=caller.tenant_id, client=app_id)
            for resource, scopes in held.items():
                if grant_id(caller.tenant_id, app_id, resource, "") == name:
                    return app_id, resource, scopes
        raise missing(name)

    def _grant(self, caller: Caller, app_id: str, resource: str, scopes: Any, *, person: str | None) -> Any:  # noqa: ANN401 - JSON
        return {
            "id": grant_id(caller.tenant_id, app_id, resource, person or ""),
            "clientId": principal_id(caller.tenant_id, app_id),
            "consentType": "Principal" if person else "AllPrincipals",
            "principalId": person,
            "resourceId": principal_id(caller.tenant_id, resource),
            "scope": " ".join(scopes),
        }


def grant_id(tenant_id: str, app_id: str, resource: str, person: str) -> str:
    """The id of one grant."""
    first = uuid.uuid5(uuid.UUID(tenant_id), f"{app_id} {resource}")
    return f"{first.hex}{uuid.uuid5(first, person or 'everybody').hex}"
