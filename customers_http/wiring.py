"""How customers' routes are put together: Partner Center, the grant set, and the check."""

from collections.abc import Callable

import azure.functions as func

import customers_http
from customers_http.check import Check
from customers_http.customers import Customers
from customers_http.status import Status
from shared.customers.partner_center import PartnerCenter
from shared.customers.results import Results
from shared.pool import Pool
from shared.services import Services

CHECK_THREADS, CUSTOMERS_THREADS, STATUS_THREADS = 8, 4, 4


def wire(services: Services, *, on_change: Callable[[str], None]) -> list[func.Blueprint]:
    """The routes of customers; `on_change` hears each tenant in which the application's consent was changed."""
    settings, authority, store = services.settings, services.authority, services.store
    customers = Customers(
        settings=settings,
        authority=authority,
        store=store,
        policy_vault=services.policy_vault,
        partner_center=PartnerCenter(services.outbound, url=settings.partner_center_url),
    )
    dependencies = customers_http.Dependencies(
        operator=services.operator,
        check=Check(settings=settings, authority=authority, store=store, pool=Pool("check", threads=CHECK_THREADS)),
        customers=customers,
        status=Status(
            store=store, credential=services.credential, results=Results(services.rows), clock=services.clock
        ),
        on_change=on_change,
        pool=Pool("customers", threads=CUSTOMERS_THREADS),
        reading=Pool("status", threads=STATUS_THREADS),
    )
    return customers_http.blueprints(dependencies)
