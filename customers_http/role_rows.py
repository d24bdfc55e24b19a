"""Roles of the application in a customer's tenant as rows: what is wanted, there and added; what is told of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customers_http.plan import EXTENDED, TROUBLES, UNCHANGED
from customers_http.seeing import told_error
from shared.errors import BrokerError

DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """The app roles of one API, or with `application_id` empty the directory roles, by names.

    `missing` is what lacked before. Nothing is ever lost here: roles beyond the grant set are left alone.
    """

    resource: str
    application_id: str = ""
    wanted: tuple[str, ...]
    there: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    outcome: str = UNCHANGED
    error: BrokerError | None = None

    def became(self, outcome: str, error: BrokerError | None = None, added: tuple[str, ...] = ()) -> "RoleRow":
        """The row with what came of it."""
        return replace(self, outcome=outcome, error=error, added=added)

    def fields(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """As an operator reads it."""
        api = {"application_id": self.application_id} if self.application_id else {}
        told: dict[str, Any] = {
            "resource": self.resource,
            **api,
            "roles": list(self.wanted),
            "missing": list(self.missing),
            "there": list(self.there),
            "added": list(self.added),
            "lost": [],
            "outcome": self.outcome,
        }
        facts = {**facts, **({"resource": self.resource} if self.application_id else {})}
        return {**told, **told_error(self.error, facts)} if self.error else told

    def audited(self) -> list[str]:
        """What a record tells of it: each role that was added, and what did not come out."""
        added = [f"{self.resource} role {name}: {EXTENDED}" for name in self.added]
        return added + ([f"{self.resource} roles: {self.outcome}"] if self.outcome in TROUBLES else [])


def with_roles(outcome: str, rows: Sequence[RoleRow]) -> str:
    """What is told of all, where `outcome` is what came of the scopes: the worst, else that something was added."""
    outcomes = {outcome, *(row.outcome for row in rows)}
    trouble = next((one for one in TROUBLES if one in outcomes), None)
    if trouble:
        return trouble
    return EXTENDED if outcome == UNCHANGED and EXTENDED in outcomes else outcome


def has_all_roles(rows: Sequence[RoleRow]) -> bool:
    """Whether the application has all roles that it can have there."""
    return not any(row.outcome in TROUBLES for row in rows)
