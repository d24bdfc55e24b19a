"""What has to be so before anything is changed in a customer's tenant."""

from collections.abc import Sequence
from dataclasses import replace

from customers_http.case import Case
from customers_http.management_consent import Manager
from customers_http.plan import REPLACED, UNKNOWN, Row, digest, digest_told
from customers_http.role_granting import RoleGranting
from customers_http.role_rows import RoleRow
from shared.customers.errors import GrantsUnseen, PlanOutdated


def require_known(rows: Sequence[Row]) -> None:
    """Raise why nothing can be told of any API; where something can, that is done and the rest is named."""
    errors = [row.error for row in rows if row.outcome == UNKNOWN and row.error is not None]
    if errors and len(errors) == len(rows):
        raise errors[0]


def require_shown(case: Case, rows: Sequence[Row], roles: Sequence[RoleRow]) -> None:
    """Raise unless a replacement, and whatever somebody was shown, is just what a dry run has shown.

    `roles` are what a dry run tells now of the application's own, where somebody was shown them.
    """
    change = case.change
    if change.replace and case.seen.standing is None:
        raise GrantsUnseen
    if change.shown:
        grants, beside = [row.fields({}) for row in rows], [row.fields({}) for row in roles]
        if change.shown != digest_told(change.tenant_id, grants, beside):
            raise PlanOutdated
    elif any(row.outcome == REPLACED for row in rows) and change.plan != digest(change.tenant_id, rows):
        raise PlanOutdated


def roles_now(roles: RoleGranting, case: Case, manager: Manager) -> list[RoleRow]:
    """What a dry run tells of the roles now, for whoever acts on what one has shown; else nothing."""
    if not case.change.shown:
        return []
    return roles.follow(replace(case, change=replace(case.change, dry_run=True)), manager)
