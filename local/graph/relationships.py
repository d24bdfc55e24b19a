"""Delegated admin relationships (GDAP) with their access assignments, and who is in which group.

Sources: learn, graph/api/resources/delegatedadminrelationship, delegatedadminrelationship-list-accessassignments,
user-checkmembergroups.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.graph.access import Caller
from local.graph.refusals import GraphError, missing
from local.world import PARTNER_TENANT, User, World

READING = ("DelegatedAdminRelationship.Read.All", "DelegatedAdminRelationship.ReadWrite.All")
ADMIN_AGENTS = "9999aaaa-1111-4222-8333-444444440001"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
LARGEST_PAGE, MOST_GROUPS = 300, 20
LIST = "tenantRelationships/delegatedAdminRelationships"


class Relationships:
    """One with each customer that delegates, unless others are ordered; people who administer are in one group."""

    def __init__(self, world: World, *, url: str) -> None:
        self._world = world
        self._url = url
        self._ordered: list[dict[str, Any]] | None = None

    def operations(self) -> list[tuple[str, str, Any]]:
        """Method, pattern of the path, and what answers."""
        return [
            ("GET", LIST, self.every),
            ("GET", rf"{LIST}/(?P<name>[^/]+)/accessAssignments", self.assignments),
            ("POST", r"users/(?P<name>[0-9a-f-]{36})/checkMemberGroups", self.groups),
        ]

    async def order(self, request: Request) -> Response:
        """POST `{"relationships": [...]}` as Graph writes them, in place of the usual ones; DELETE: those again.

        `assignments` of one are its access assignments; without, the admin agents hold its roles.
        """
        self._ordered = (await request.json())["relationships"] if request.method == "POST" else None
        return Response(status_code=204)

    async def every(self, caller: Caller, query: Mapping[str, str], _content: Any) -> Any:  # noqa: ANN401 - JSON
        """A page of them."""
        _require_partner(caller)
        size, begin = int(query.get("$top", "100")), int(query.get("$skiptoken", "0"))
        if not 1 <= size <= LARGEST_PAGE:
            raise GraphError(400, "BadRequest", "The limit of '300' for Top query has been exceeded.")
        shown = self._all()[begin : begin + size]
        page: dict[str, Any] = {
            "value": [{key: value for key, value in one.items() if key != "assignments"} for one in shown]
        }
        if begin + size < len(self._all()):
            page["@odata.nextLink"] = f"{self._url}/v1.0/{LIST}?$top={size}&$skiptoken={begin + size}"
        return page

    async def assignments(self, caller: Caller, _query: Mapping[str, str], _content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """Which groups hold which roles of one relationship."""
        _require_partner(caller)
        found = next((one for one in self._all() if one["id"] == name), None)
        if found is None:
            raise missing(name)
        return {"value": found.get("assignments", [_assignment(found)])}

    async def groups(self, caller: Caller, _query: Mapping[str, str], content: Any, *, name: str) -> Any:  # noqa: ANN401 - JSON
        """Of these groups, those that the person is in, directly or not."""
        caller.require("Directory.Read.All", "GroupMember.Read.All")
        person = next((user for user in self._world.users if user.object_id == name), None)
        if person is None:
            raise missing(name)
        if not 0 < len(content["groupIds"]) <= MOST_GROUPS:
            raise GraphError(400, "Request_BadRequest", "Too many group ids.")
        return {"value": [one for one in content["groupIds"] if one == ADMIN_AGENTS and person.administers_customers]}

    def roles_of(self, person: User, tenant_id: str) -> frozenset[str]:
        """The roles that a person of the partner has in a customer's tenant, by whichever relationship is active."""
        active = [one for one in self._all() if one["status"] == "active" and one["customer"]["tenantId"] == tenant_id]
        assignments = [each for one in active for each in one.get("assignments", [_assignment(one)])]
        groups = {ADMIN_AGENTS} if person.administers_customers and person.tenant_id == PARTNER_TENANT else set()
        return frozenset(
            role["roleDefinitionId"]
            for each in assignments
            if each["accessContainer"]["accessContainerId"] in groups and each["status"] == "active"
            for role in each["accessDetails"]["unifiedRoles"]
        )

    def _all(self) -> list[dict[str, Any]]:
        if self._ordered is not None:
            return self._ordered
        return [
            relationship(tenant.id, tenant.name)
            for tenant in self._world.tenants
            if tenant.delegates_to_partner and not tenant.later
        ]


def relationship(tenant_id: str, name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An active relationship with a year to go, otherwise as said."""
    end = datetime.now(UTC) + timedelta(days=365)
    usual = {
        "id": f"{tenant_id}-{ADMIN_AGENTS}",
        "displayName": f"Administration of {name}",
        "duration": "P730D",
        "autoExtendDuration": "P180D",
        "customer": {"tenantId": tenant_id, "displayName": name},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": CLOUD_APPLICATION_ADMINISTRATOR}]},
        "status": "active",
        "endDateTime": f"{end:%Y-%m-%dT%H:%M:%S}Z",
    }
    return {**usual, **changes}


def _assignment(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"assignment-of-{found['id']}",
        "status": "active",
        "accessContainer": {"accessContainerId": ADMIN_AGENTS, "accessContainerType": "securityGroup"},
        "accessDetails": found["accessDetails"],
    }


def _require_partner(caller: Caller) -> None:
    caller.require(*READING)
    if caller.tenant_id != PARTNER_TENANT:
        raise GraphError(403, "Forbidden", "The tenant is not a partner.")
