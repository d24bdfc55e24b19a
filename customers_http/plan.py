"""The plan: what becomes of each API, and of all together; a dry run shows it, and a change follows it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customers_http.api_state import ApiState
from customers_http.seeing import told_error
from shared.entra.errors import ServiceMissing
from shared.errors import BrokerError

# What is done, or in a dry run would be.
UNCHANGED, CREATED, EXTENDED, REPLACED = "unchanged", "created", "extended", "replaced"
# What stays undone, and why.
NEEDS_REPLACE, SERVICE_MISSING, UNKNOWN = "needs_replace", "service_missing", "unknown"
# What came out in another way than planned.
ALREADY, INCOMPLETE, REFUSED = "already", "incomplete", "refused"
REMOVED, ABSENT = "removed", "absent"
# An attempt was made, or Partner Center said that there was no need.
TRIED = frozenset({CREATED, EXTENDED, REPLACED, ALREADY, INCOMPLETE, REFUSED})
# The worst comes first: one of these of any API is what is told of all.
TROUBLES = (UNKNOWN, REFUSED, INCOMPLETE, NEEDS_REPLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One API: what it is planned or has come to, what that adds and what it loses."""

    state: ApiState
    outcome: str
    added: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    error: BrokerError | None = None

    def became(self, outcome: str, error: BrokerError | None = None) -> "Row":
        """The row after the attempt, with nothing added."""
        return replace(self, outcome=outcome, added=(), error=error)

    def fields(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """As an operator reads it; `missing` is what was lacking before."""
        told: dict[str, Any] = {
            "resource": self.state.grant.resource,
            "application_id": self.state.grant.application_id,
            "scopes": list(self.state.grant.scopes),
            "missing": list(self.state.lacks),
            "there": list(self.state.there),
            "added": list(self.added),
            "lost": list(self.lost),
            "outcome": self.outcome,
        }
        facts = {**facts, "resource": self.state.grant.resource}
        return {**told, **told_error(self.error, facts)} if self.error else told


def planned(states: Sequence[ApiState], *, can_extend: bool, may_replace: bool) -> list[Row]:
    """What becomes of each API; replacing one replaces all, since Partner Center takes back all at once."""
    rows = [_planned(state, can_extend=can_extend) for state in states]
    if not may_replace or not any(row.outcome == NEEDS_REPLACE for row in rows):
        return rows
    return [_replaced(row) for row in rows]


def whole_outcome(rows: Sequence[Row]) -> str:
    """What is told of all: the worst there is, else the most that was done."""
    outcomes = {row.outcome for row in rows}
    trouble = next((one for one in TROUBLES if one in outcomes), None)
    if trouble:
        return trouble
    if REPLACED in outcomes:
        return REPLACED
    if CREATED in outcomes:
        return EXTENDED if any(row.state.is_granted for row in rows) else CREATED
    return EXTENDED if EXTENDED in outcomes else UNCHANGED


def is_complete(rows: Sequence[Row]) -> bool:
    """Whether the customer has all of the grant set that it can have: a service that is not there is no failure."""
    return not any(row.outcome in TROUBLES for row in rows)


def is_ended(before: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether nothing is left to make of what a replacement has begun; `before` are the rows as they were planned.

    What was refused in a replacement is asked for once more by the next request, and if refused again let go.
    """
    refused = {REFUSED} if any(row.outcome == REPLACED for row in before) else set()
    return refused.union({UNKNOWN, INCOMPLETE, NEEDS_REPLACE}).isdisjoint(row.outcome for row in rows)


def digest(tenant_id: str, rows: Sequence[Row]) -> str:
    """What names a plan: of the same digest, the same is there, added and lost."""
    return digest_told(tenant_id, [row.fields({}) for row in rows])


def digest_told(tenant_id: str, grants: Sequence[Mapping[str, Any]], roles: Sequence[Mapping[str, Any]] = ()) -> str:
    """The same of `grants` as an answer tells them, and of the `roles` of the application itself beside them."""
    told = [[one["application_id"], sorted(one["there"]), one["added"], one["lost"]] for one in grants]
    beside = [[one["resource"], sorted(one["there"]), sorted(one["added"]), sorted(one["missing"])] for one in roles]
    content = [tenant_id, sorted(told), *([sorted(beside)] if beside else [])]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def what_removing_does(states: Sequence[ApiState]) -> str:
    """What taking all back comes to: one API that has anything is enough to tell."""
    if any(state.is_granted or state.beside for state in states):
        return REMOVED
    return ABSENT if all(state.is_known for state in states) else UNKNOWN


def _planned(state: ApiState, *, can_extend: bool) -> Row:
    if not state.is_known:
        return Row(state=state, outcome=UNKNOWN, error=state.error)
    if not state.lacks:
        return Row(state=state, outcome=UNCHANGED)
    if isinstance(state.error, ServiceMissing):
        return Row(state=state, outcome=SERVICE_MISSING, error=state.error)
    if not state.is_granted:
        return Row(state=state, outcome=CREATED, added=state.lacks)
    if can_extend and state.granted:
        return Row(state=state, outcome=EXTENDED, added=state.lacks)
    return Row(state=state, outcome=NEEDS_REPLACE)


def _replaced(row: Row) -> Row:
    if row.outcome in {SERVICE_MISSING, UNKNOWN, CREATED}:
        return replace(row, lost=row.state.beside)
    is_empty = not row.state.is_granted
    outcome = UNCHANGED if is_empty else REPLACED
    return replace(row, outcome=outcome, added=row.state.lacks, lost=row.state.beside)
