"""Whether a person has the roles of a relationship: by the security groups that hold them, and who is in these.

Sources: learn, graph/api/delegatedadminrelationship-list-accessassignments and user-checkmembergroups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from shared.consents.consent import Person
from shared.customers.errors import GraphUnavailable
from shared.customers.graph import Graph
from shared.customers.relationships import LIST, Relationship
from shared.entra.tokens import AccessToken

# So many group ids does one question take.
MOST_GROUPS = 20
GROUP, DELETED = "securityGroup", frozenset({"deleting", "deleted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Roles of one relationship, held by one group."""

    group_id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What one person has by groups; may block."""

    graph: Graph

    def roles_of(
        self,
        person: Person,
        relationships: Iterable[Relationship],
        token: AccessToken,
        *,
        home_tenant: str,
        correlation: str,
    ) -> Mapping[str, frozenset[str] | None] | None:
        """Relationship id -> the person's roles by it; None of one that could not be read.

        None for a person of another tenant (CONSENT_TENANTS): who lives in a customer's tenant needs no relationship.
        """
        if person.tenant_id != home_tenant:
            return None
        ids = [one.id for one in relationships if one.is_active]
        held = self._assignments(ids, token, correlation)
        groups = sorted({one.group_id for several in held.values() for one in several or ()})
        mine = self._groups_of(person, groups, token, correlation)
        return {name: None if several is None else _roles(several, mine) for name, several in held.items()}

    def _assignments(
        self, ids: Sequence[str], token: AccessToken, correlation: str
    ) -> dict[str, Sequence[Assignment] | None]:
        paths = {f"{LIST}/{name}/accessAssignments": name for name in ids}
        answers = self.graph.batch(token, list(paths), correlation=correlation)
        try:
            return {
                paths[path]: None if answer is None else [_assignment(one) for one in answer["value"] if _counts(one)]
                for path, answer in answers.items()
            }
        except (LookupError, TypeError, AttributeError) as error:
            raise GraphUnavailable("Its answer could not be read.") from error

    def _groups_of(self, person: Person, groups: Sequence[str], token: AccessToken, correlation: str) -> frozenset[str]:
        found: set[str] = set()
        path = f"users/{person.object_id}/checkMemberGroups"
        for some in batched(groups, MOST_GROUPS, strict=False):
            content = self.graph.ask(token, path, {"groupIds": list(some)}, correlation=correlation)
            found.update(str(one).lower() for one in content.get("value") or ())
        return frozenset(found)


def _roles(assignments: Sequence[Assignment], groups: frozenset[str]) -> frozenset[str]:
    return frozenset(role for one in assignments if one.group_id in groups for role in one.roles)


def _counts(item: Mapping[str, Any]) -> bool:
    is_group = item["accessContainer"].get("accessContainerType", GROUP) == GROUP
    return is_group and str(item.get("status")).lower() not in DELETED


def _assignment(item: Mapping[str, Any]) -> Assignment:
    roles = (item.get("accessDetails") or {}).get("unifiedRoles") or ()
    return Assignment(
        group_id=str(item["accessContainer"]["accessContainerId"]).lower(),
        roles=frozenset(str(role["roleDefinitionId"]).lower() for role in roles),
    )
