"""Entra ID's own roles as they are assigned to applications, in the whole tenant.

Sources: learn, graph/api/rbacapplication-list-roleassignments, rbacapplication-post-roleassignments,
unifiedroleassignment-delete. That a second one like it is refused with 400 is how the field reports it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.entra_door import EntraDoor
from local.graph.access import Caller
from local.graph.administrators import PRIVILEGED, Administrators
from local.graph.answers import Made, page_of
from local.graph.principals import Principals, principal_id
from local.graph.refusals import GraphError, missing

LIST = "roleManagement/directory/roleAssignments"
SCOPE = "RoleManagement.ReadWrite.Directory"
READING = ("RoleManagement.Read.Directory", "RoleManagement.Read.All", SCOPE, "Directory.Read.All")
FILTER = re.compile(r"principalId eq '([0-9a-f-]{36})'")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WHOLE_TENANT = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRoles:
    """What is assigned is Entra ID's to know, and nothing is kept here; `url` is where Graph answers."""

    principals: Principals
    entra: EntraDoor
    administrators: Administrators
    applications: tuple[str, ...]
    url: str

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", LIST, self.every),
            ("POST", LIST, self.assign),
            ("DELETE", rf"{LIST}/(?P<name>[A-Za-z0-9_-]{{43}}-1)", self.take),
        ]

    async def every(self, caller: Caller, query: Mapping[str, str], _content: Any) -> Any:  # noqa: ANN401 - JSON
        """A page of them, of one principal if so filtered."""
        caller.require(*READING)
        wanted = FILTER.fullmatch(query.get("$filter", ""))
        if "$filter" in query and wanted is None:
            raise GraphError(400, "Request_UnsupportedQuery", "Unsupported Query.")
        there = await self._all(caller)
        shown = [one for one in there if wanted is None or one["principalId"] == wanted.group(1)]
        return page_of(shown, query, f"{self.url}/v1.0/{LIST}")

    async def assign(self, caller: Caller, _query: Mapping[str, str], content: Any) -> Made:  # noqa: ANN401 - JSON
        """One more; refused where it is there already."""
        caller.require(SCOPE)
        self.administrators.require(caller, PRIVILEGED)
        role = str(content.get("roleDefinitionId")) if isinstance(content, dict) else ""
        if not GUID.fullmatch(role) or content.get("directoryScopeId") != WHOLE_TENANT:
            raise GraphError(400, "Request_BadRequest", "One or more properties are invalid.")
        app_id = await self.principals.application(caller, str(content.get("principalId")))
        made = _assignment(caller.tenant_id, app_id, role)
        if made in await self._all(caller):
            text = "A conflicting object with one or more of the specified property values is present in the directory."
            raise GraphError(400, "Request_BadRequest", text)
        await self.entra.directory_role("POST", tenant=caller.tenant_id, client=app_id, role=role)
        return Made(made)

    async def take(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> None:  # noqa: ANN401 - JSON
        """One less."""
        caller.require(SCOPE)
        self.administrators.require(caller, PRIVILEGED)
        found = next((one for one in await self._all(caller) if one["id"] == name), None)
        if found is None:
            raise missing(name)
        app_id = self.principals.app_id_of(caller, found["principalId"])
        role = found["roleDefinitionId"]
        await self.entra.directory_role("DELETE", tenant=caller.tenant_id, client=app_id, role=role)

    async def _all(self, caller: Caller) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for app_id in self.applications:
            told = await self.entra.principal(tenant=caller.tenant_id, client=app_id)
            found.extend(_assignment(caller.tenant_id, app_id, role) for role in told["directory_roles"])
        return found


def _assignment(tenant_id: str, app_id: str, role: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{tenant_id} {app_id} {role}".encode()).digest()
    return {
        "id": f"{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-1",
        "principalId": principal_id(tenant_id, app_id),
        "roleDefinitionId": role,
        "directoryScopeId": WHOLE_TENANT,
    }
