"""The customers' pages in process: what checks have found in memory, and a visit that has passed the door."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import azure.functions as func

from console_http import customers
from console_http.customer_acts import deed_page
from console_http.deeds import Deed
from console_http.dependencies import Dependencies, Pools
from console_http.door import Door
from console_http.session import Session
from console_http.visit import Shown, Visit
from customers_http.matrix import Matrix
from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ
from shared.customers.standings import Standings
from shared.pages.page import Page
from tests.customers_http.test_status import NOON, Desk

SESSION = Session.begun(object_id="ada", username="ada@f.example", roles=frozenset({CUSTOMERS_READ}), now=NOON)
MANAGER = Session.begun(object_id="ada", username="ada@f.example", roles=frozenset({CUSTOMERS_MANAGE}), now=NOON)


@dataclass(slots=True)
class CustomersDesk:
    """`desk` keeps results; `matrix` reads them; pages are shown as the door shows them to who may look."""

    desk: Desk = field(default_factory=Desk)
    pages: dict[str, Shown] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    session: Session = SESSION

    @property
    def matrix(self) -> Matrix:
        """Nothing is kept yet."""
        return Matrix(status=self.desk.status, standings=Standings(self.desk.rows))

    def show(self, path: str = "console/customers", tenant: str = "", **parameters: str) -> Page:
        """The page at this path."""
        customers.declare(cast("Door", self), self._dependencies())
        request = func.HttpRequest(
            "GET", f"/api/{path}", params=parameters, route_params={"tenant": tenant}, body=b"", headers={}
        )
        visit = self._visit(request)

        async def shown() -> Page:
            page = await self.pages[path](visit)
            assert isinstance(page, Page)
            return page

        # In a thread of its own: a browser's tests run in an event loop that goes on.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(shown())).result()

    def show_one(self, tenant: str, **parameters: str) -> Page:
        """One customer's page."""
        return self.show("console/customers/{tenant}", tenant, **parameters)

    def show_deed(self, deed: Deed) -> Page:
        """The page of an act, whose customer stands as it is."""
        one = self.matrix.customer(deed.tenant, deed.consent)
        request = func.HttpRequest("GET", "/api/console", params={}, route_params={}, body=b"", headers={})
        return deed_page(self._visit(request), deed, one, self._dependencies())

    def _dependencies(self) -> Dependencies:
        return cast("Dependencies", SimpleNamespace(pools=Pools(), customers=self.matrix, clock=self.desk.status.clock))

    def _visit(self, request: func.HttpRequest) -> Visit:
        operator = self.session.as_operator("client")
        return Visit(session=self.session, operator=operator, request=request, correlation="c", form={})

    def page(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """As Door.page."""

        def decorate(show: Shown) -> Shown:
            self.pages[path], self.roles[path] = show, roles
            return show

        return decorate
