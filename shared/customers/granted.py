"""What an application has in a tenant, as the tenant's directory tells it: every grant and every app role.

Sources: learn, graph/api/serviceprincipal-list-oauth2permissiongrants, serviceprincipal-list-approleassignments,
directoryobject-getbyids, oauth2permissiongrant-get, oauth2permissiongrant-update.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from shared.customers.errors import GraphRefused, GraphUnavailable
from shared.customers.graph import Graph
from shared.entra.tokens import AccessToken

EVERYBODY = "AllPrincipals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Delegated scopes of one API, for everybody of the tenant or for one person; `id` is what a change names."""

    id: str
    application_id: str
    for_everybody: bool
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An app role of an API, by the id of the role."""

    application_id: str
    role_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that an application has in one tenant; nothing where it is not known there."""

    grants: Sequence[Granted] = ()
    roles: Sequence[Role] = ()

    def grant_of(self, application_id: str) -> Granted | None:
        """What everybody's grant of this API is; of several the first, with what all of them hold."""
        found = [one for one in self.grants if one.for_everybody and one.application_id == application_id]
        return replace(found[0], scopes=reduce(union, (one.scopes for one in found))) if found else None

    def beside(self, application_id: str) -> tuple[str, ...]:
        """What Partner Center cannot make again of this API: grants of single persons, and app roles."""
        persons = [one for one in self.grants if not one.for_everybody and one.application_id == application_id]
        return (
            *(f"{scope} (of one person)" for one in persons for scope in one.scopes),
            *(f"app role {one.role_id}" for one in self.roles if one.application_id == application_id),
        )

    @property
    def apis(self) -> tuple[str, ...]:
        """The application ids of all APIs that are there, each once."""
        granted = [one.application_id for one in self.grants]
        return tuple(dict.fromkeys([*granted, *(one.application_id for one in self.roles)]))


def standing_of(graph: Graph, token: AccessToken, application_id: str, *, correlation: str) -> Standing:
    """What the application has in the token's tenant; may block, raises GraphRefused or GraphUnavailable."""
    path = f"servicePrincipals(appId='{application_id}')?$select=id"
    principal = graph.one(token, path, correlation=correlation)
    if principal is None:
        return Standing()
    try:
        base = f"servicePrincipals/{principal['id']}"
        grants = list(graph.every(token, f"{base}/oauth2PermissionGrants", correlation=correlation))
        if any(one["clientId"] != principal["id"] for one in grants):
            raise GraphUnavailable("It told of the grants of another application.")
        roles = list(graph.every(token, f"{base}/appRoleAssignments", correlation=correlation))
        apis = _application_ids(graph, token, [one["resourceId"] for one in (*grants, *roles)], correlation)
        return Standing(
            grants=[_granted(one, apis) for one in grants],
            roles=[Role(application_id=apis[one["resourceId"]], role_id=str(one["appRoleId"])) for one in roles],
        )
    except (LookupError, TypeError) as error:
        raise GraphUnavailable("Its answer could not be read.") from error


def extend(
    graph: Graph, token: AccessToken, granted: Granted, scopes: Sequence[str], *, correlation: str
) -> tuple[str, ...]:
    """Add scopes to a grant, and say what it then is: nothing that is there goes, whoever has put it there.

    What is sent is what it then is, so it is read again just before: somebody may have added to it meanwhile.
    """
    path = f"oauth2PermissionGrants/{granted.id}"
    standing = graph.one(token, path, correlation=correlation)
    if standing is None:
        raise GraphRefused("The grant was taken away meanwhile.")
    if standing.get("id") != granted.id:
        raise GraphUnavailable("It told of another grant.")
    whole = union(str(standing.get("scope") or "").split(), scopes)
    graph.change(token, path, {"scope": " ".join(whole)}, correlation=correlation)
    return whole


def union(there: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """Both, what is there first; a scope in other letters is the same scope."""
    held = {scope.lower() for scope in there}
    return (*there, *(scope for scope in more if scope.lower() not in held))


def lacking(there: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """What is wanted and not there."""
    return union(there, wanted)[len(there) :]


def _application_ids(graph: Graph, token: AccessToken, objects: Sequence[str], correlation: str) -> dict[str, str]:
    """The application id of each API's service principal."""
    if not objects:
        return {}
    asked = {"ids": sorted(set(objects)), "types": ["servicePrincipal"]}
    found = graph.ask(token, "directoryObjects/getByIds?$select=id,appId", asked, correlation=correlation)
    return {one["id"]: str(one["appId"]).lower() for one in found["value"]}


def _granted(item: Mapping[str, Any], apis: Mapping[str, str]) -> Granted:
    return Granted(
        id=str(item["id"]),
        application_id=apis[item["resourceId"]],
        for_everybody=item["consentType"] == EVERYBODY,
        scopes=tuple(str(item.get("scope") or "").split()),
    )
