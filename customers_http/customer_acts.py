"""What a person does on a customer's page: by the services of the operators' routes, bound to what was shown."""

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers_http.change import GRANTING, PLAN, Change, read_change, read_tenant
from customers_http.customers import Customers
from customers_http.excluding import Excluding
from customers_http.following import followed
from customers_http.plan import digest_told
from shared.callers.assertion import Principal
from shared.customers.errors import PlanOutdated
from shared.errors import InvalidRequest
from shared.forgetting import Forgetting
from shared.pool import Pool

# Seconds: so late, another look might outlast the request; whoever pressed looks anew.
STILL_TIME = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerActs:
    """Each is audited with `operator`; `pool` waits for Partner Center and Graph, `rows` for the tables alone."""

    customers: Customers
    excluding: Excluding
    forgetting: Forgetting
    home_tenant: str
    pool: Pool
    rows: Pool

    async def plan(
        self, tenant: str, consent: str, *, replace: bool, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """What making the application's consent would come to; `shown` names it."""
        change = self._change(tenant, consent, operator, correlation, replace=str(replace).lower())
        told = await followed(change, self.customers.grant, pool=self.pool, forgetting=self.forgetting)
        shown = digest_told(change.tenant_id, told["grants"], told["roles"])
        return {**told, "replace": replace, "shown": shown, "outdated": False}

    async def consent(
        self, tenant: str, consent: str, *, replace: bool, shown: str, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """Make it as it was shown; where that is not what it would come to now, the new plan, and nothing is done."""
        if not PLAN.fullmatch(shown):
            raise InvalidRequest("shown: what the dry run has shown.")
        given = {"replace": str(replace).lower(), "dry_run": "false", "plan": shown}
        change = dataclasses.replace(self._change(tenant, consent, operator, correlation, **given), shown=shown)
        began = time.monotonic()
        try:
            return await followed(change, self.customers.grant, pool=self.pool, forgetting=self.forgetting)
        except PlanOutdated:
            if time.monotonic() - began > STILL_TIME:
                raise
            told = await self.plan(tenant, consent, replace=replace, operator=operator, correlation=correlation)
            return {**told, "outdated": True}

    async def exclude(
        self, tenant: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """Keep the customer out until a day."""
        tenant_id = read_tenant(tenant, home_tenant=self.home_tenant)
        return await self.rows.run(
            lambda: self.excluding.exclude(tenant_id, fields, operator=operator, correlation=correlation)
        )

    async def include(self, tenant: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Let it in again."""
        tenant_id = read_tenant(tenant, home_tenant=self.home_tenant)
        return await self.rows.run(
            lambda: self.excluding.include(tenant_id, operator=operator, correlation=correlation)
        )

    def _change(self, tenant: str, consent: str, operator: Principal, correlation: str, **given: str) -> Change:
        return read_change(
            tenant,
            {"consent": consent, **given},
            GRANTING,
            home_tenant=self.home_tenant,
            operator=operator,
            correlation=correlation,
        )
