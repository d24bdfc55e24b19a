"""How a customer's delegation stands: the relationships of one customer together, and when somebody has to be told."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.clock import to_text
from shared.customers.relationships import ENDED, Relationship
from shared.customers.roles import named

# Days left at which an end is told, once each.
THRESHOLDS = (30, 14, 7, 1)
DAY = timedelta(days=1)
NEVER = datetime.min.replace(tzinfo=UTC)
# Told once too: no relationship with a needed role is left.
GONE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """All relationships with one customer, at least one."""

    tenant_id: str
    relationships: Sequence[Relationship]

    @property
    def name(self) -> str:
        """The customer's name, as one of them tells it."""
        return next((one.name for one in self.relationships if one.name), "")

    @property
    def active(self) -> Sequence[Relationship]:
        """Those that let people in now."""
        return [one for one in self.relationships if one.is_active]

    @property
    def needed(self) -> Sequence[Relationship]:
        """Those whose end matters: with a role for consenting, or all where none ever had one."""
        return [one for one in self.relationships if one.lets_consent] or self.relationships

    @property
    def ends(self) -> datetime | None:
        """The latest end among the active ones that matter."""
        return max((one.ends for one in self._lasting if one.ends), default=None)

    @property
    def extends(self) -> bool:
        """Whether one of these is extended by itself."""
        return any(one.extends for one in self._lasting)

    @property
    def status(self) -> str:
        """`active`, or how the last of those that matter stands."""
        if self._lasting:
            return "active"
        return max(self.needed, key=lambda one: (one.status in ENDED, one.ends or NEVER)).status

    @property
    def _lasting(self) -> Sequence[Relationship]:
        return [one for one in self.needed if one.is_active]

    def days_left(self, now: datetime) -> int | None:
        """Whole days, begun ones too; None while one extends itself, or nobody says when it ends."""
        if self.extends or self.ends is None:
            return None
        return math.ceil((self.ends - now) / DAY)

    def fields(self) -> dict[str, Any]:
        """As an operator reads it: the end, and the roles of all that is active."""
        roles = {role for one in self.active for role in one.roles}
        return {
            "status": self.status,
            "ends": to_text(self.ends) if self.ends else None,
            "auto_extends": self.extends,
            "roles": named(roles),
        }


def delegations_of(relationships: Iterable[Relationship]) -> Mapping[str, Delegation]:
    """Tenant id -> how it stands with that customer."""
    found: dict[str, list[Relationship]] = defaultdict(list)
    for one in relationships:
        found[one.tenant_id].append(one)
    return {tenant: Delegation(tenant_id=tenant, relationships=several) for tenant, several in found.items()}


def alarm_of(delegation: Delegation, *, warned: int | None, now: datetime) -> int | None:
    """The threshold to tell of now: days left, or GONE when nothing that is needed is left; None for nothing new.

    `warned` is the lowest that was told of this customer before. Whoever keeps it forgets it once nothing is near,
    so that the next end is told anew: `is_calm`.
    """
    if delegation.status in ENDED:
        return None if warned == GONE else GONE
    left = delegation.days_left(now)
    if delegation.status != "active" or left is None:
        return None
    reached = min((threshold for threshold in THRESHOLDS if left <= threshold), default=None)
    return reached if reached is not None and (warned is None or reached < warned) else None


def is_calm(delegation: Delegation, now: datetime) -> bool:
    """Whether nothing is near its end: what was told before is to be forgotten."""
    left = delegation.days_left(now)
    return delegation.status == "active" and (left is None or left > max(THRESHOLDS))
