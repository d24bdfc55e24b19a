"""All that an application holds in a tenant, item by item, with what takes each away and which role that needs.

Sources: learn, graph/api/serviceprincipal-get, serviceprincipal-list-approleassignments,
serviceprincipal-delete-approleassignedto, rbacapplication-list-roleassignments, unifiedroleassignment-delete,
serviceprincipal-list-oauth2permissiongrants, oauth2permissiongrant-delete, serviceprincipal-delete.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.cloud import APPLICATION_IDS
from shared.customers import roles
from shared.customers.application_roles import DIRECTORY
from shared.customers.errors import GraphUnavailable
from shared.customers.graph import Graph
from shared.entra.tokens import AccessToken

# In the order in which they are taken away. What a principal held comes back with it where somebody restores it, which
# a tenant may for 30 days: so it goes last.
APP_ROLE, DIRECTORY_ROLE, GRANT, CONSENT, PRINCIPAL = (
    "app_role",
    "directory_role",
    "delegated_grant",
    "partner_center_consent",
    "service_principal",
)
KINDS = (APP_ROLE, DIRECTORY_ROLE, GRANT, CONSENT, PRINCIPAL)
PRIVILEGED, APPLICATION = "Privileged Role Administrator", "Cloud Application Administrator"
# The least role that takes each away. Of app roles, those of Microsoft Graph are the privileged one's to give.
NEEDS: Mapping[str, str] = {
    APP_ROLE: APPLICATION,
    DIRECTORY_ROLE: PRIVILEGED,
    GRANT: APPLICATION,
    CONSENT: APPLICATION,
    PRINCIPAL: APPLICATION,
}
# What stands in a path is an id, whatever an answer says.
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_NAMES = {known: name for name, known in APPLICATION_IDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One thing: `path` is what a DELETE takes away, `name` as people know it, `needs` the role of who may."""

    kind: str
    path: str
    name: str
    needs: str


def holdings_of(graph: Graph, token: AccessToken, application_id: str, *, correlation: str) -> Sequence[Holding]:
    """What the application holds in the token's tenant, in the order in which it goes; nothing where it is unknown.

    May block; raises GraphRefused or GraphUnavailable, and so tells all of it or nothing.
    """
    path = f"servicePrincipals(appId='{application_id}')?$select=id,appId"
    principal = graph.one(token, path, correlation=correlation)
    if principal is None:
        return ()
    try:
        if str(principal["appId"]).lower() != application_id:
            raise GraphUnavailable("It told of another application.")
        name = _id(principal["id"])
        base, filtered = f"servicePrincipals/{name}", f"{DIRECTORY}?$filter=principalId eq '{name}'"
        app_roles = list(graph.every(token, f"{base}/appRoleAssignments", correlation=correlation))
        directory_roles = list(graph.every(token, filtered, correlation=correlation))
        grants = list(graph.every(token, f"{base}/oauth2PermissionGrants", correlation=correlation))
        _require_own(name, app_roles, directory_roles, grants)
        apis = _apis(graph, token, {str(one["resourceId"]) for one in (*app_roles, *grants)}, correlation)
        return (
            *(_app_role(one, apis) for one in app_roles),
            *(_directory_role(one) for one in directory_roles),
            *(_grant(one, apis) for one in grants),
            Holding(kind=PRINCIPAL, path=base, name=application_id, needs=NEEDS[PRINCIPAL]),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise GraphUnavailable("Its answer could not be read.") from error


def _require_own(
    name: str,
    app_roles: Sequence[Mapping[str, Any]],
    directory_roles: Sequence[Mapping[str, Any]],
    grants: Sequence[Mapping[str, Any]],
) -> None:
    """Raise unless all are this application's: what another one holds is not to be taken away."""
    owners = {one["principalId"] for one in (*app_roles, *directory_roles)} | {one["clientId"] for one in grants}
    if owners - {name}:
        raise GraphUnavailable("It told of what another application holds.")


def _apis(
    graph: Graph, token: AccessToken, objects: set[str], correlation: str
) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Of each API by its object id: its short name or application id, and its app roles (id -> value)."""
    found: dict[str, tuple[str, Mapping[str, str]]] = {}
    for one in sorted(objects):
        api = graph.one(token, f"servicePrincipals/{_id(one)}?$select=appId,appRoles", correlation=correlation) or {}
        application_id = str(api.get("appId", one)).lower()
        known = {str(role["id"]): str(role.get("value") or role["id"]) for role in api.get("appRoles") or ()}
        found[one] = _NAMES.get(application_id, application_id), known
    return found


def _app_role(item: Mapping[str, Any], apis: Mapping[str, tuple[str, Mapping[str, str]]]) -> Holding:
    (api, known), role = apis[str(item["resourceId"])], str(item["appRoleId"])
    path = f"servicePrincipals/{_id(item['resourceId'])}/appRoleAssignedTo/{_id(item['id'])}"
    needs = f"{APPLICATION}, or {PRIVILEGED}" if api == "graph" else NEEDS[APP_ROLE]
    return Holding(kind=APP_ROLE, path=path, name=f"{api}: {known.get(role, role)}", needs=needs)


def _directory_role(item: Mapping[str, Any]) -> Holding:
    role = str(item["roleDefinitionId"]).lower()
    path = f"{DIRECTORY}/{_id(item['id'])}"
    return Holding(kind=DIRECTORY_ROLE, path=path, name=roles.NAMES.get(role, role), needs=NEEDS[DIRECTORY_ROLE])


def _grant(item: Mapping[str, Any], apis: Mapping[str, tuple[str, Mapping[str, str]]]) -> Holding:
    api, _ = apis[str(item["resourceId"])]
    of_one = " (of one person)" if item["consentType"] == "Principal" else ""
    name = f"{api}: {item.get('scope') or ''}".strip() + of_one
    return Holding(kind=GRANT, path=f"oauth2PermissionGrants/{_id(item['id'])}", name=name, needs=NEEDS[GRANT])


def _id(text: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise GraphUnavailable("Its answer could not be read.")
    return text
