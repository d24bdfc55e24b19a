"""Operators keep a customer out of checks, consents and alarms until a day, and let it in again."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.audit import record
from shared.callers.assertion import Principal
from shared.clock import Clock, to_text
from shared.customers.exclusions import Exclusion, Exclusions
from shared.errors import BrokerError, InvalidRequest

FIELDS: Mapping[str, type] = {"reason": str, "until": str}
REASON = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f]{1,200}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Nothing is forgotten for good: whoever means longer says so again.
LONGEST = timedelta(days=366)
EXCLUDED, INCLUDED, ABSENT = "excluded", "included", "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluding:
    """Every method may block, and is audited with who did it.

    `knows` says whether a check has met a tenant. One that none has met may be kept out all the same: a customer who
    leaves, or comes, is kept out before anything looks there. The answer says so, since an id may be mistyped.
    """

    exclusions: Exclusions
    clock: Clock
    knows: Callable[[str], bool]

    def exclude(
        self, tenant_id: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """Keep a customer out; raises InvalidRequest for a reason or a day that is none."""
        exclusion = Exclusion(
            tenant_id=tenant_id,
            reason=self._reason(fields),
            until=self._until(fields),
            by=operator.object_id,
            made_on=self.clock(),
        )
        self.exclusions.put(exclusion)
        told = {"tenant": tenant_id, "reason": exclusion.reason, "until": exclusion.until.isoformat()}
        record("customer.excluded", {**told, "operator": operator.object_id, "correlation_id": correlation})
        return {**exclusion_told(exclusion), "known": self._known(tenant_id), "outcome": EXCLUDED}

    def include(self, tenant_id: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Let a customer in again; where nothing keeps it out, nothing is done."""
        was_out = self.exclusions.take_back(tenant_id)
        if was_out:
            told = {"tenant": tenant_id, "operator": operator.object_id, "correlation_id": correlation}
            record("customer.included", told)
        return {"tenant": tenant_id, "outcome": INCLUDED if was_out else ABSENT}

    def _known(self, tenant_id: str) -> bool | None:
        """None where nobody can tell now: it is kept out already."""
        try:
            return self.knows(tenant_id)
        except BrokerError:
            return None

    def _reason(self, fields: Mapping[str, Any]) -> str:
        reason = str(fields.get("reason", ""))
        if not REASON.fullmatch(reason) or not reason.isprintable():
            raise InvalidRequest("reason: why it is kept out, in 1 to 200 printable characters.")
        return reason.strip()

    def _until(self, fields: Mapping[str, Any]) -> date:
        text, today = str(fields.get("until", "")), self.clock().date()
        try:
            until = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            until = None
        if until is None or not today <= until <= today + LONGEST:
            raise InvalidRequest("until: the last day it is kept out (2026-12-31), from today to a year from now.")
        return until


def exclusion_told(exclusion: Exclusion) -> dict[str, Any]:
    """As an operator reads it."""
    return {
        "tenant": exclusion.tenant_id,
        "reason": exclusion.reason,
        "until": exclusion.until.isoformat(),
        "by": exclusion.by,
        "made_on": to_text(exclusion.made_on),
    }
