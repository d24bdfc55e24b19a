"""A consent's page in process: a life by hand in a vault in memory, and visits that have passed the door."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import azure.functions as func

from consent_http.desk import Desk
from consent_http.link import Links
from consent_http.link_standing import Standings
from consent_http.operators import Operators
from consent_http.pools import Pools as ConsentPools
from console_http import consent_acts, consents
from console_http.consents import consent_page, parts_of
from console_http.dependencies import Consents, Dependencies, Pools
from console_http.door import Door
from console_http.session import Session
from console_http.visit import Onward, Shown, Visit
from customers_http.blame import Blame
from local.world import ADMIN, PARTNER_TENANT, SECOND_ADMIN, User
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ
from shared.cloud import PUBLIC
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import Health
from shared.consents.history import Histories
from shared.consents.store import ConsentStore
from shared.customers.result import Result
from shared.customers.results import Results
from shared.pages.page import Page
from shared.pages.templates import Templates
from shared.seal import Seals
from shared.settings import read_settings
from shared.vault_errors import VaultUnavailable
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault
from tests.shared.samples import ENVIRONMENT
from token_http.policy_source import PolicySource
from token_http.row_facts import rows_of_consent

BEGINNING = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
READER, MANAGER = frozenset({CONSENT_READ}), frozenset({CONSENT_READ, CONSENT_MANAGE})
PATH = "console/consents/{name}"


def run[T](awaitable: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a browser's tests run in an event loop that goes on."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(awaitable)).result()


async def _coroutine(shown: Awaitable[Page | Onward]) -> Page | Onward:
    return await shown


class ConsentsDesk:
    """The vaults, the results and the clock are in the test's hand; `checked` is what a check answers."""

    def __init__(self, **environment: str) -> None:
        self.now = BEGINNING
        self.vault, self.policies, self.rows = (
            MemoryVault(clock=self.clock),
            MemoryVault(clock=self.clock),
            MemoryRows(),
        )
        self.store, self.results = ConsentStore(self.vault), Results(self.rows)
        self.settings = read_settings({**ENVIRONMENT, **environment})
        self.changed: list[str] = []
        self.checked: Mapping[str, Any] = {}
        self.asked: list[Mapping[str, Any]] = []
        self.shown: dict[str, Shown] = {}
        self.acts: dict[str, Shown] = {}
        self.roles: dict[str, tuple[str, ...]] = {}
        dependencies = SimpleNamespace(pools=Pools(), consents=self.consents, settings=self.settings, clock=self.clock)
        for part in (consents, consent_acts):
            part.declare(cast("Door", self), cast("Dependencies", dependencies))

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    @property
    def consents(self) -> Consents:
        standings = Standings(self.vault, self.store, clock=self.clock)
        links = Links(Seals(self.vault, clock=self.clock), public_url=self.settings.public_url, clock=self.clock)
        operators = Operators(
            settings=self.settings,
            store=self.store,
            standings=standings,
            links=links,
            credential=FixedCredential(["secret"]),
            clock=self.clock,
        )
        desk = Desk(
            operators=operators,
            restoration=cast("Any", None),  # it exchanges: tests of it have an Entra ID
            histories=Histories(self.vault),
            on_change=self.changed.append,
            pools=ConsentPools(),
        )
        return Consents(
            desk=desk,
            check=cast("Any", SimpleNamespace(audited=self.audited)),
            rows=self.policy_rows,
            blame=Blame(results=self.results, clock=self.clock).of,
        )

    async def audited(self, name: str, fields: Mapping[str, Any], **who: object) -> Mapping[str, Any]:
        self.asked.append({"name": name, **fields, **who})
        return {"consent": name, "pairs": [self.checked]}

    async def policy_rows(self, consent: str) -> Mapping[str, Any]:
        source = PolicySource(self.policies, home_tenant=PARTNER_TENANT, cloud=PUBLIC)
        return rows_of_consent(source.read(), consent)

    def page(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """As Door.page."""

        def decorate(show: Shown) -> Shown:
            self.shown[path], self.roles[path] = show, roles
            return show

        return decorate

    def act(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """As Door.act."""

        def decorate(show: Shown) -> Shown:
            self.acts[path], self.roles[path] = show, roles
            return show

        return decorate

    def show(
        self,
        name: str = "partner",
        roles: frozenset[str] = MANAGER,
        *,
        told: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Page:
        """The page, to somebody with these roles, after an act that came to `told`."""
        visit = self.visit(name, roles, told=told, query=query)
        page = run(_coroutine(self.shown[PATH](visit)))
        assert isinstance(page, Page)
        return page

    def translated(self, templates: Templates, told: Mapping[str, Any]) -> Page:
        """The same page in another language."""
        visit, parts = (
            self.visit("partner", MANAGER, told=told),
            parts_of(self.consents, "partner", pool=Pools().looking),
        )
        return consent_page(visit, run(parts), settings=self.settings, now=self.now, templates=templates)

    def press(self, act: str, form: Mapping[str, str] | None = None, *, name: str = "partner") -> Mapping[str, Any]:
        """What the button's act comes to; it leads back to the page of this name."""
        onward = run(_coroutine(self.acts[f"{PATH}/{act}"](self.visit(name, MANAGER, form=form))))
        assert isinstance(onward, Onward)
        assert onward.path == f"/api/console/consents/{name}"
        return onward.told

    def visit(
        self,
        name: str,
        roles: frozenset[str],
        *,
        told: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Visit:
        """Somebody whom the door has let in."""
        session = Session.begun(object_id=ADMIN.object_id, username=ADMIN.username, roles=roles, now=self.now)
        url, parameters = f"/api/console/consents/{name}", query or {}
        request = func.HttpRequest("GET", url, params=parameters, route_params={"name": name}, body=b"", headers={})
        return Visit(
            session=session,
            operator=session.as_operator("client"),
            request=request,
            correlation="c",
            form=form or {},
            told=told or {},
        )

    # A consent's life.

    def give(self, name: str = "partner", *, lineage: str = "l1", user: User = ADMIN, proven: bool = True) -> None:
        """A person consents now."""
        person = Person(tenant_id=PARTNER_TENANT, object_id=user.object_id, username=user.username)
        self.store.store_consent(
            Consent(
                name=name,
                lineage=lineage,
                refresh_token="refresh-token",
                person=person,
                scope="https://api.partnercenter.microsoft.com/user_impersonation",
                mfa="yes",
                link_id="link",
                consented_on=self.now,
            )
        )
        if proven:
            self.renew(name, lineage=lineage)

    def renew(self, name: str = "partner", *, lineage: str = "l1", **health: Any) -> None:  # noqa: ANN401 - the fields of a health
        """The timer stores a newer token now."""
        given = Health(lineage=lineage, renewed_on=self.now, proven_on=self.now, mfa="yes")
        renewal = Renewal(lineage=lineage, refresh_token="newer-token")
        self.store.store_renewal(name, renewal, replace(given, **health), over=self.store.renewal(name))

    def live(self, days: int, name: str = "partner", *, lineage: str = "l1") -> None:
        """So many days pass in which all is well."""
        for day in range(1, days + 1):
            self.pass_time(DAY)
            renewal = self.store.renewal(name)
            assert renewal is not None
            if day % 7 == 0:
                self.renew(name, lineage=lineage)
            else:
                stored_on = self.now - (day % 7) * DAY
                health = Health(lineage=lineage, renewed_on=stored_on, proven_on=self.now, mfa="yes")
                self.store.mark(name, renewal.version, replace(health, previous=renewal.previous))

    def fail(self, status: str, name: str = "partner", *, lineage: str = "l1", days: int = 2, **why: Any) -> None:  # noqa: ANN401 - the same
        """Entra ID refuses it for so many days, up to now."""
        renewal, since = self.store.renewal(name), self.now
        self.pass_time(days * DAY)
        assert renewal is not None
        health = Health(
            lineage=lineage,
            renewed_on=since - DAY,
            proven_on=since,
            mfa="yes",
            status=status,
            failures=3,
            failing_since=since,
            failed_on=self.now,
            **why,
        )
        self.store.mark(name, renewal.version, health)

    def withdraw(self, name: str = "partner") -> None:
        """An operator withdraws now."""
        self.store.withdraw(name, by="operator", on=self.now)

    def blame(self, number: int, outcome: str, whose: str, *, said: int | None = None) -> None:
        """A check of customers meets this now in a tenant."""
        result = Result(
            consent="partner",
            tenant_id=f"bbbb0000-0000-4000-8000-{number:012}",
            resource="https://graph.microsoft.com",
            customer=f"Customer {number}",
            first_on=self.now,
            tried_on=self.now,
            good_on=None,
            outcome=outcome,
            number=said,
            whose=whose,
            since=self.now,
        )
        self.results.put(result, now=self.now)

    def fails(self, _operation: str, _name: str) -> None:
        """As a vault that does not answer."""
        raise VaultUnavailable

    def write_policy(self, text: str) -> None:
        """The policy is this document."""
        self.policies.put("policy-1", text, tags={})


def a_long_life() -> ConsentsDesk:
    """A consent that was given, withdrawn, restored, refused and given anew by somebody else."""
    desk = ConsentsDesk()
    desk.give()
    desk.live(40)
    desk.withdraw()
    desk.pass_time(3 * DAY)
    restored = replace(desk.store.ended_by(desk.store.newest_act("partner")), lineage="l2")  # type: ignore[arg-type]
    desk.store.store_consent(restored)
    desk.renew(lineage="l2")
    desk.live(20, lineage="l2")
    desk.blame(1, "account_refused", "person", said=50057)
    desk.blame(2, "account_refused", "person", said=50057)
    desk.fail("lost", lineage="l2", days=4, error="new_consent_needed", authority_code=50173)
    desk.pass_time(DAY)
    desk.give(lineage="l3", user=SECOND_ADMIN)
    desk.live(23, lineage="l3")
    return desk
