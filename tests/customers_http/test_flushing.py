"""A customer is forgotten: for whom, how far that reaches, what the answer and the record say, and when by itself."""

import asyncio
import json
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from customers_http.flushing import Flushing
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO, PARTNER_TENANT
from shared.budget import Budget
from shared.customers.errors import TooManyFlushes
from shared.errors import BrokerError
from shared.forgetting import Forgetting
from shared.marks import Marks
from shared.pool import Pool
from shared.rows import Rows
from shared.rows_errors import RowsUnavailable
from tests.consent_http.rig import OPERATOR
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WITHIN = timedelta(seconds=30)


def flushed(rows: Rows, forgotten: list[str], *, budget: Budget | None = None) -> dict[str, object]:
    def forget(tenant_ids: Collection[str]) -> None:
        forgotten.extend(tenant_ids)

    marks = Marks(rows, max_age=WITHIN, clock=lambda: NOON)
    forgetting = Forgetting(marks, forget=forget, every=WITHIN, pool=Pool("marks", threads=1), clock=lambda: NOON)
    flushing = Flushing(
        forgetting=forgetting, reaches_all=rows.is_shared, within=WITHIN, budget=budget or Budget(1, seconds=60)
    )
    return asyncio.run(flushing.run(CONTOSO, operator=OPERATOR, correlation="correlation-1"))


def record(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    (line,) = caplog.messages
    told: dict[str, object] = json.loads(line)
    return told


def test_with_a_table_that_all_share_it_reaches_every_instance(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    forgotten: list[str] = []
    told = flushed(MemoryRows(), forgotten)
    assert told == {"tenant": CONTOSO, "reaches": "every_instance", "within_seconds": 30}
    assert forgotten == [CONTOSO]
    assert record(caplog) == {
        "event": "customer.flushed",
        "tenant": CONTOSO,
        "reaches": "every_instance",
        "outcome": "flushed",
        "operator": OPERATOR.object_id,
        "correlation_id": "correlation-1",
    }


def test_with_a_table_that_is_away_this_instance_has_forgotten_and_says_that_it_is_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "broker.audit")
    rows, forgotten = MemoryRows(), list[str]()
    rows.away = True
    with pytest.raises(RowsUnavailable) as refused:
        flushed(rows, forgotten)
    assert forgotten == [CONTOSO]
    assert isinstance(refused.value, BrokerError)
    assert "Only the instance that answered" in refused.value.happened
    told = record(caplog)
    assert (told["reaches"], told["outcome"]) == ("this_instance", "results_unavailable")


def test_beyond_so_many_a_minute_nothing_is_marked_and_the_answer_says_when_to_come_again() -> None:
    """Every instance reads each mark again and again for an hour."""
    now, rows, forgotten = [100.0], MemoryRows(), list[str]()
    budget = Budget(2, seconds=60, monotonic=lambda: now[0])
    for _ in range(2):
        flushed(rows, forgotten, budget=budget)
        now[0] += 10.5
    with pytest.raises(TooManyFlushes) as refused:
        flushed(rows, forgotten, budget=budget)
    assert (refused.value.status, refused.value.retry_after, refused.value.transient) == (429, 39, True)
    assert forgotten == [CONTOSO] * 2
    now[0] += 39
    flushed(rows, forgotten, budget=budget)
    assert forgotten == [CONTOSO] * 3


@pytest.mark.parametrize("tenant", ["contoso", PARTNER_TENANT, "%2e%2e", f"{CONTOSO}x"])
def test_only_a_customers_tenant_is_forgotten(stack: StackState, tenant: str) -> None:
    answer = Workload(state=stack, name="provisioning").call("POST", f"customers/{tenant}/flush")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
