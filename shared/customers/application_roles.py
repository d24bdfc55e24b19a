"""Roles of an application itself in a customer's tenant: what APIs define, what is assigned, and one assignment more.

Sources: learn, graph/api/serviceprincipal-get, serviceprincipal-list-approleassignments,
serviceprincipal-post-approleassignedto, rbacapplication-list-roleassignments, rbacapplication-post-roleassignments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.customers.errors import GraphUnavailable
from shared.customers.graph import Graph
from shared.entra.tokens import AccessToken
from shared.setting_values import GUID

APPLICATION, WHOLE_TENANT = "Application", "/"
DIRECTORY = "roleManagement/directory/roleAssignments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API as the tenant has it: its object, and the app roles that applications may have, value -> id."""

    object_id: str
    roles: Mapping[str, str]

    def role(self, value: str) -> str | None:
        """The id of an app role; in other letters it is the same role."""
        return next((role for known, role in self.roles.items() if known.lower() == value.lower()), None)

    def named(self, role: str) -> str:
        """What an app role is called, which is its id where the API does not tell."""
        return next((value for value, known in self.roles.items() if known == role), role)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRoles:
    """Reads and assigns, in the tenant of the token; may block, raises GraphRefused or GraphUnavailable."""

    graph: Graph
    token: AccessToken
    correlation: str

    def principal(self, application_id: str) -> str | None:
        """The application's own object; None where the tenant does not know it."""
        found = self._object(application_id, "id,appId")
        return _guid(found["id"]) if found else None

    def api(self, application_id: str) -> Api | None:
        """An API; None where the tenant has it not."""
        found = self._object(application_id, "id,appId,appRoles")
        try:
            defined = [one for one in found["appRoles"] if _is_for_applications(one)] if found else []
            roles = {str(one["value"]): _guid(one["id"]) for one in defined}
            return Api(object_id=_guid(found["id"]), roles=roles) if found else None
        except (LookupError, TypeError, AttributeError) as error:
            raise GraphUnavailable("Its answer could not be read.") from error

    def held(self, principal: str) -> Mapping[str, frozenset[str]]:
        """The ids of the app roles that were assigned to an application, by the object of their API."""
        held: dict[str, set[str]] = {}
        path = f"servicePrincipals/{principal}/appRoleAssignments"
        try:
            for one in self.graph.every(self.token, path, correlation=self.correlation):
                if one["principalId"] != principal:
                    raise GraphUnavailable("It told of the roles of another application.")
                held.setdefault(str(one["resourceId"]), set()).add(str(one["appRoleId"]))
        except (LookupError, TypeError) as error:
            raise GraphUnavailable("Its answer could not be read.") from error
        return {api: frozenset(roles) for api, roles in held.items()}

    def assign(self, principal: str, api: Api, role: str) -> None:
        """One app role more: by the API's own list, as Microsoft recommends."""
        content = {"principalId": principal, "resourceId": api.object_id, "appRoleId": role}
        path = f"servicePrincipals/{api.object_id}/appRoleAssignedTo"
        self.graph.add(self.token, path, content, correlation=self.correlation)

    def appointed(self, principal: str) -> frozenset[str]:
        """The ids of the directory roles that an application holds in the whole tenant."""
        path = f"{DIRECTORY}?$filter=principalId eq '{principal}'"
        try:
            found = list(self.graph.every(self.token, path, correlation=self.correlation))
            if any(one["principalId"] != principal for one in found):
                raise GraphUnavailable("It told of the roles of another application.")
            whole = (one for one in found if one["directoryScopeId"] == WHOLE_TENANT)
            return frozenset(str(one["roleDefinitionId"]).lower() for one in whole)
        except (LookupError, TypeError) as error:
            raise GraphUnavailable("Its answer could not be read.") from error

    def appoint(self, principal: str, role: str) -> None:
        """One directory role more, in the whole tenant."""
        content = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": WHOLE_TENANT}
        self.graph.add(self.token, DIRECTORY, content, correlation=self.correlation)

    def _object(self, application_id: str, fields: str) -> Mapping[str, Any] | None:
        path = f"servicePrincipals(appId='{application_id}')?$select={fields}"
        found = self.graph.one(self.token, path, correlation=self.correlation)
        if found is not None and str(found.get("appId")).lower() != application_id:
            raise GraphUnavailable("It told of another application.")
        return found


def _is_for_applications(role: Mapping[str, Any]) -> bool:
    is_given = APPLICATION in role["allowedMemberTypes"] and role.get("isEnabled") is not False
    return is_given and bool(role["value"])


def _guid(told: object) -> str:
    """An id as it becomes part of an address."""
    if not isinstance(told, str) or not GUID.fullmatch(told.lower()):
        raise GraphUnavailable("Its answer could not be read.")
    return told
