"""What the routes of consent work with, and the one way they learn who an operator is."""

from collections.abc import Callable
from dataclasses import dataclass

import azure.functions as func

from consent_http.check import Check
from consent_http.customers import Customers
from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.operators import Operators
from consent_http.restoring import Restoration
from shared.callers.assertion import AssertionVerifier, Principal, bearer
from shared.pool import Pool
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What consent works with; `on_change` is told the name of each consent that a person has changed.

    `on_customer_change` is told the customer's tenant in which the application's consent was changed.

    Acts wait for the authority, and customers' routes for Partner Center, each in a pool of its own: a withdrawal and a
    page wait behind neither.
    """

    settings: Settings
    verifier: AssertionVerifier
    flow: ConsentFlow
    device: DeviceFlow
    imports: Import
    operators: Operators
    restoration: Restoration
    check: Check
    customers: Customers
    on_change: Callable[[str], None]
    on_customer_change: Callable[[str], None]
    pool: Pool
    acts_pool: Pool
    customers_pool: Pool
    assertions: Pool

    async def operator(self, req: func.HttpRequest, role: str) -> Principal:
        """The operator who asks, if it has `role`; raises NotAuthenticated or RoleMissing."""
        unverified_assertion = bearer(req.headers.get("Authorization"))
        return await self.assertions.run(lambda: self.verifier.operator(unverified_assertion, role))
