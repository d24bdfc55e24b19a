"""What the routes of customers work with."""

from collections.abc import Callable
from dataclasses import dataclass

from customers_http.check import Check
from customers_http.customers import Customers
from customers_http.excluding import Excluding
from customers_http.flushing import Flushing
from customers_http.listing import CustomerList
from customers_http.offboarding import Offboarding
from customers_http.status import Status
from shared.callers.operator_check import OperatorCheck
from shared.forgetting import Forgetting
from shared.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What customers' routes work with; `forgetting` is told the tenant in which the application's consent was changed.

    `on_stop` is told that what stops tokens has changed.
    They wait for Partner Center in a pool of their own, a check has its own too, and `reading` is for what was found:
    none waits behind another.
    """

    operator: OperatorCheck
    check: Check
    listing: CustomerList
    customers: Customers
    status: Status
    forgetting: Forgetting
    flushing: Flushing
    excluding: Excluding
    offboarding: Offboarding
    on_stop: Callable[[], None]
    pool: Pool
    reading: Pool
