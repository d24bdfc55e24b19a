"""An operator has everything forgotten that is remembered of a customer: tokens, and what was refused there."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from shared.audit import record
from shared.budget import Budget
from shared.callers.assertion import Principal
from shared.customers.errors import TooManyFlushes
from shared.errors import BrokerError
from shared.forgetting import Forgetting

EVERY_INSTANCE, THIS_INSTANCE = "every_instance", "this_instance"
FLUSHES_A_MINUTE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushing:
    """`reaches_all`: whether the instances share the rows by which they tell each other; `within`: how soon.

    `budget` is how many this instance marks in a minute, since every instance reads each mark again and again.
    """

    forgetting: Forgetting
    reaches_all: bool
    within: timedelta
    budget: Budget

    @property
    def reach(self) -> dict[str, Any]:
        """Which instances hear of it, and within how many seconds."""
        within = round(self.within.total_seconds()) if self.reaches_all else 0
        return {"reaches": EVERY_INSTANCE if self.reaches_all else THIS_INSTANCE, "within_seconds": within}

    async def run(self, tenant_id: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Whom it reaches, and within how many seconds; raises what the rows raise: then it reached this instance.

        Raises TooManyFlushes: then nothing was forgotten.
        """
        left = self.budget.take()
        if left:
            raise TooManyFlushes(retry_after=ceil(left))
        told = {"operator": operator.object_id, "correlation_id": correlation}
        try:
            await self.forgetting.everywhere(tenant_id)
        except BrokerError as error:
            record("customer.flushed", {"tenant": tenant_id, "reaches": THIS_INSTANCE, "outcome": error.code, **told})
            detail = f"{error.detail} Only the instance that answered has forgotten the customer.".strip()
            raise type(error)(detail, retry_after=error.retry_after) from error
        reaches = self.reach["reaches"]
        record("customer.flushed", {"tenant": tenant_id, "reaches": reaches, "outcome": "flushed", **told})
        return {"tenant": tenant_id, **self.reach}
