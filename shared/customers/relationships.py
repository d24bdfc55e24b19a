"""Delegated admin relationships (GDAP) as Microsoft Graph tells them to the partner.

Sources: learn, graph/api/resources/delegatedadminrelationship and delegatedadminrelationship-list-accessassignments.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.customers.access import Actor
from shared.customers.customer import printable, tenant_id_of
from shared.customers.errors import GraphUnavailable, RelationshipsUnseen
from shared.customers.graph import Graph
from shared.customers.management import RELATIONSHIPS
from shared.customers.roles import CONSENTING
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

LIST = "tenantRelationships/delegatedAdminRelationships"
PAGE = 300
ACTIVE = "active"
# On their way to the end, or there.
ENDED = frozenset({"terminationrequested", "terminating", "terminated", "expiring", "expired"})
# Microsoft made these when partners moved from DAP: they carry roles that nobody asked for, and end by themselves.
MICROSOFT_LED = "MLT_"
# Of the documented values this alone extends; PT0S and P0D do not.
EXTENDING = "P180D"
READING = frozenset({RELATIONSHIPS.lower(), "delegatedadminrelationship.readwrite.all"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """One relationship with one customer; `status` in lower case, `roles` by their ids."""

    id: str
    tenant_id: str
    name: str
    status: str
    ends: datetime | None
    extends: bool
    roles: frozenset[str]

    @property
    def is_active(self) -> bool:
        """Whether it lets anybody in now."""
        return self.status == ACTIVE

    @property
    def lets_consent(self) -> bool:
        """Whether it carries a role with which application consents can be made."""
        return bool(self.roles & CONSENTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipReader:
    """Reads all relationships of the partner; may block."""

    graph: Graph
    graph_scope: str

    def read(self, partner: Actor, management: Actor | None, *, correlation: str) -> list[Relationship]:
        """By the management application, else by the partner application if it may.

        Raises RelationshipsUnseen, or what the authority or Graph refuses.
        """
        token = self.token(partner, management)
        path = f"{LIST}?$top={PAGE}"
        return relationships_of(self.graph.every(token, path, correlation=correlation))

    def token(self, partner: Actor, management: Actor | None) -> AccessToken:
        """A token of the partner's own tenant that may read relationships; raises RelationshipsUnseen."""
        met: BrokerError | None = None
        for actor in (management, partner):
            if actor is None:
                continue
            try:
                token = actor.token(self.graph_scope)
            except BrokerError as error:
                met = met or error
                continue
            if {scope.rpartition("/")[2].lower() for scope in token.scope.split()} & READING:
                return token
        if met is not None and met.transient:
            raise met
        raise RelationshipsUnseen("" if management else "There is no management application, or it has no consent.")


def relationships_of(items: Iterable[Mapping[str, Any]]) -> list[Relationship]:
    """What can be used of them: neither Microsoft's own transitions, nor those that no customer has approved yet."""
    try:
        found = [_relationship(item) for item in items if not str(item.get("displayName")).startswith(MICROSOFT_LED)]
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise GraphUnavailable("Its answer could not be read.") from error
    return [one for one in found if one.tenant_id]


def _relationship(item: Mapping[str, Any]) -> Relationship:
    customer, details = item.get("customer") or {}, item.get("accessDetails") or {}
    return Relationship(
        id=str(item["id"]),
        tenant_id=tenant_id_of(customer["tenantId"]) if customer.get("tenantId") else "",
        name=printable(str(customer.get("displayName") or "")),
        status=str(item["status"]).lower(),
        ends=_moment(item.get("endDateTime")),
        extends=item.get("autoExtendDuration") == EXTENDING,
        roles=frozenset(str(role["roleDefinitionId"]).lower() for role in details.get("unifiedRoles") or ()),
    )


def _moment(text: Any) -> datetime | None:  # noqa: ANN401 - JSON
    if not text:
        return None
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
