"""The audit records of changes in customers' tenants: what was done there, for which application, by whom."""

from collections.abc import Sequence

from customers_http.change import Change
from customers_http.plan import Row
from customers_http.taking import Item
from shared.audit import Field, record


def consented(change: Change, application_id: str, outcome: str, rows: Sequence[Row] = ()) -> None:
    """Something was granted to the application, or may have been."""
    apis = [f"{row.state.grant.resource}: {row.outcome}" for row in rows]
    record("customer.consented", {**_fields(change, application_id, outcome), "apis": apis})


def roles_assigned(change: Change, application_id: str, outcome: str, told: Sequence[str]) -> None:
    """Roles were assigned to the application itself, or may have been, or were refused."""
    record("customer.consented", {**_fields(change, application_id, outcome), "apis": list(told)})


def consent_removed(change: Change, application_id: str, outcome: str) -> None:
    """All that the application had was taken back, or may have been."""
    record("customer.consent_removed", _fields(change, application_id, outcome))


def _fields(change: Change, application_id: str, outcome: str) -> dict[str, Field]:
    return {
        "tenant": change.tenant_id,
        "consent": change.consent,
        "application_id": application_id,
        "outcome": outcome,
        "operator": change.operator.object_id,
        "correlation_id": change.correlation,
    }


def offboarding(change: Change) -> None:
    """Every token for the customer is stopped from now on, and its tenant is about to be cleaned."""
    record("customer.offboarding", _who(change))


def offboarded(change: Change, application_id: str, outcome: str, items: Sequence[Item]) -> None:
    """What became of all that the applications held in the tenant."""
    told = [f"{one.holding.kind} {one.holding.name}: {one.outcome}" for one in items]
    record("customer.offboarded", {**_fields(change, application_id, outcome), "items": told})


def returned(change: Change) -> None:
    """Tokens are issued for the customer again."""
    record("customer.returned", _who(change))


def _who(change: Change) -> dict[str, Field]:
    return {
        "tenant": change.tenant_id,
        "operator": change.operator.object_id,
        "correlation_id": change.correlation,
    }
