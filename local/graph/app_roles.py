"""App roles of APIs as they are assigned to applications: lists, an assignment more, and one less.

Sources: learn, graph/api/serviceprincipal-post-approleassignedto, serviceprincipal-list-approleassignedto,
serviceprincipal-list-approleassignments, serviceprincipal-delete-approleassignedto. How it refuses is not documented:
as the field reports it (microsoftgraph/msgraph-bicep-types issue 161).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.app_roles import value_of
from local.entra_door import EntraDoor
from local.graph.access import Caller
from local.graph.administrators import APPLICATION, PRIVILEGED, Administrators
from local.graph.answers import Made, page_of
from local.graph.principals import ID, READING, Principals, principal_id
from local.graph.refusals import GraphError, missing
from local.world import AAD_GRAPH, GRAPH

ASSIGNMENT = r"(?P<assignment>[A-Za-z0-9_-]{43})"
SCOPE = "AppRoleAssignment.ReadWrite.All"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoles:
    """What is assigned is Entra ID's to know, and nothing is kept here; `url` is where Graph answers."""

    principals: Principals
    entra: EntraDoor
    administrators: Administrators
    applications: tuple[str, ...]
    url: str

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", rf"servicePrincipals/{ID}/appRoleAssignments", self.held),
            ("GET", rf"servicePrincipals/{ID}/appRoleAssignedTo", self.given),
            ("POST", rf"servicePrincipals/{ID}/appRoleAssignedTo", self.assign),
            ("DELETE", rf"servicePrincipals/{ID}/appRoleAssignedTo/{ASSIGNMENT}", self.take),
            ("DELETE", rf"servicePrincipals/{ID}/appRoleAssignments/{ASSIGNMENT}", self.take_from),
        ]

    async def held(self, caller: Caller, query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """What an application was assigned."""
        caller.require(*READING)
        found = await self._of(caller, await self.principals.application(caller, name))
        return page_of(found, query, f"{self.url}/v1.0/servicePrincipals/{name}/appRoleAssignments")

    async def given(self, caller: Caller, query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """What applications were assigned of an API."""
        caller.require(*READING)
        await self.principals.api(caller, name)
        return page_of(
            await self._given(caller, name), query, f"{self.url}/v1.0/servicePrincipals/{name}/appRoleAssignedTo"
        )

    async def assign(self, caller: Caller, _query: Mapping[str, str], content: Any, *, name: str) -> Made:  # noqa: ANN401 - JSON
        """One role more; refused where it is there already."""
        caller.require(SCOPE)
        caller.require(*READING)
        if not isinstance(content, dict) or content.get("resourceId") != name:
            raise GraphError(400, "Request_BadRequest", "Invalid value specified for property 'resourceId'.")
        resource = await self.principals.api(caller, name)
        self.administrators.require(caller, _givers(resource))
        app_id = await self.principals.application(caller, str(content.get("principalId")))
        role = str(content.get("appRoleId"))
        if value_of(resource, role) is None:
            text = f"Permission being assigned was not found on application '{resource}'."
            raise GraphError(400, "Request_BadRequest", text)
        if any((one["resourceId"], one["appRoleId"]) == (name, role) for one in await self._of(caller, app_id)):
            raise GraphError(400, "Request_BadRequest", "Permission being assigned already exists on the object")
        await self.entra.app_role("POST", tenant=caller.tenant_id, client=app_id, resource=resource, role=role)
        return Made(_assignment(caller.tenant_id, app_id, resource, role))

    async def take(
        self,
        caller: Caller,
        _query: Mapping[str, str],
        _content: Any,  # noqa: ANN401 - JSON
        *,
        name: str,
        assignment: str,
    ) -> None:
        """One role less, named at its API."""
        await self._taken(caller, await self._given(caller, name), assignment)

    async def take_from(
        self,
        caller: Caller,
        _query: Mapping[str, str],
        _content: Any,  # noqa: ANN401 - JSON
        *,
        name: str,
        assignment: str,
    ) -> None:
        """One role less, named at the application that holds it."""
        app_id = await self.principals.application(caller, name)
        await self._taken(caller, await self._of(caller, app_id), assignment)

    async def _taken(self, caller: Caller, there: list[dict[str, Any]], assignment: str) -> None:
        caller.require(SCOPE)
        self.administrators.require(caller, APPLICATION | PRIVILEGED)
        found = next((one for one in there if one["id"] == assignment), None)
        if found is None:
            raise missing(assignment)
        await self.entra.app_role(
            "DELETE",
            tenant=caller.tenant_id,
            client=self.principals.app_id_of(caller, found["principalId"]),
            resource=self.principals.app_id_of(caller, found["resourceId"]),
            role=found["appRoleId"],
        )

    async def _of(self, caller: Caller, app_id: str) -> list[dict[str, Any]]:
        held = (await self.entra.principal(tenant=caller.tenant_id, client=app_id))["app_roles"]
        return [_assignment(caller.tenant_id, app_id, resource, role) for resource, role in held]

    async def _given(self, caller: Caller, name: str) -> list[dict[str, Any]]:
        every = [one for app_id in self.applications for one in await self._of(caller, app_id)]
        return [one for one in every if one["resourceId"] == name]


def _givers(resource: str) -> frozenset[str]:
    return PRIVILEGED if resource in {GRAPH, AAD_GRAPH} else APPLICATION | PRIVILEGED


def _assignment(tenant_id: str, app_id: str, resource: str, role: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{tenant_id} {app_id} {resource} {role}".encode()).digest()
    return {
        "id": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "appRoleId": role,
        "principalId": principal_id(tenant_id, app_id),
        "principalType": "ServicePrincipal",
        "resourceId": principal_id(tenant_id, resource),
    }
