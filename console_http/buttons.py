"""What the forms of a customer's page need: whether this person may press them, and an id for each."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from console_http.dependencies import Dependencies
from console_http.visit import Visit
from shared.callers.assertion import CUSTOMERS_MANAGE

CHECK, PLAN, CONSENT, EXCLUDE, INCLUDE = "check", "plan", "consent", "exclude", "include"
KINDS = frozenset({CHECK, PLAN, CONSENT, EXCLUDE, INCLUDE})
LONGEST_EXCLUSION = timedelta(days=366)


def buttons(visit: Visit, dependencies: Dependencies) -> dict[str, Any]:
    """As the templates take it; who may only read gets no buttons."""
    today = dependencies.clock().date()
    return {
        "may_act": may_act(visit),
        "ids": {kind: new_id() for kind in KINDS},
        "days": {"first": today.isoformat(), "last": (today + LONGEST_EXCLUSION).isoformat()},
    }


def may_act(visit: Visit) -> bool:
    """Whether this person may press a button."""
    return CUSTOMERS_MANAGE in visit.session.roles


def new_id() -> str:
    """What tells one form from all others."""
    return secrets.token_hex(16)


def id_after(deed_id: str) -> str:
    """The id of the form that follows what a deed has shown: always the same, so that it is followed once."""
    return hashlib.sha256(f"after {deed_id}".encode()).hexdigest()[:32]
