"""What the routes of customers work with."""

from collections.abc import Callable
from dataclasses import dataclass

from customers_http.check import Check
from customers_http.customers import Customers
from shared.callers.operator_check import OperatorCheck
from shared.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What customers' routes work with; `on_change` is told the tenant in which the application's consent was changed.

    They wait for Partner Center in a pool of their own, and a check has its own too: neither waits behind the other.
    """

    operator: OperatorCheck
    check: Check
    customers: Customers
    on_change: Callable[[str], None]
    pool: Pool
