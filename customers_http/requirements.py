"""What has to be so before anything is changed in a customer's tenant."""

from collections.abc import Sequence

from customers_http.case import Case
from customers_http.plan import REPLACED, UNKNOWN, Row, digest
from shared.customers.errors import GrantsUnseen, PlanOutdated


def require_known(rows: Sequence[Row]) -> None:
    """Raise why nothing can be told of any API; where something can, that is done and the rest is named."""
    errors = [row.error for row in rows if row.outcome == UNKNOWN and row.error is not None]
    if errors and len(errors) == len(rows):
        raise errors[0]


def require_shown(case: Case, rows: Sequence[Row]) -> None:
    """Raise unless a replacement, and whatever somebody was shown, is just what a dry run has shown."""
    change, plan = case.change, digest(case.change.tenant_id, rows)
    if change.replace and case.seen.standing is None:
        raise GrantsUnseen
    if any(row.outcome == REPLACED for row in rows) and change.plan != plan:
        raise PlanOutdated
    if change.shown and change.shown != plan:
        raise PlanOutdated
