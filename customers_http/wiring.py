"""How customers' routes are put together: Partner Center, Graph, the grant sets, and the check."""

from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func

import customers_http
from customers_http.blame import Blame
from customers_http.change import Change
from customers_http.check import Check
from customers_http.customer_acts import CustomerActs
from customers_http.customers import Customers
from customers_http.ending import offboarding_beside
from customers_http.excluding import Excluding
from customers_http.flushing import FLUSHES_A_MINUTE, Flushing
from customers_http.granting import Granting
from customers_http.listing import CustomerList
from customers_http.management_consent import ManagementConsent
from customers_http.matrix import Matrix
from customers_http.replacing import Replacing
from customers_http.role_granting import RoleGranting
from customers_http.seeing import Seeing
from customers_http.status import Status
from shared.budget import Budget
from shared.callers.assertion import Principal
from shared.customers.access import Actors
from shared.customers.exclusions import Exclusions
from shared.customers.graph import Graph
from shared.customers.partner_center import PartnerCenter
from shared.customers.relationships import RelationshipReader
from shared.customers.replacements import Replacements
from shared.customers.results import Results
from shared.customers.sources import CustomerSources
from shared.customers.standings import Standings
from shared.customers.worries import Worries
from shared.forgetting import Forgetting
from shared.pool import Pool
from shared.services import Services

# Who made a consent that no operator asked for, as records tell it: the function.
CHECK = Principal(
    object_id="check_customers", application_id="", roles=frozenset(), scopes=frozenset(), is_application=True
)
CHECK_THREADS, CUSTOMERS_THREADS, STATUS_THREADS, EXCLUSION_THREADS = 8, 4, 4, 2


def wire(
    services: Services, *, forgetting: Forgetting, check: Check, on_stop: Callable[[], None]
) -> list[func.Blueprint]:
    """The routes of customers; `forgetting` hears each tenant in which the application's consent was changed.

    `check` is what tries consents. `on_stop` has what stops tokens read anew: a customer was offboarded, or comes back.
    """
    settings, applications, store = services.settings, services.applications, services.store
    center = PartnerCenter(services.outbound, url=settings.partner_center_url)
    graph = Graph(services.outbound, url=settings.graph_url)
    actors = Actors(settings=settings, applications=applications, store=store)
    customers = customers_of(services, actors, center, graph)
    dependencies = customers_http.Dependencies(
        operator=services.operator,
        check=check,
        listing=CustomerList(
            sources=CustomerSources(
                actors=actors,
                center=center,
                reader=RelationshipReader(graph=graph, graph_scope=settings.cloud.graph_scope),
            ),
            exclusions=Exclusions(services.rows),
            clock=services.clock,
        ),
        customers=customers,
        status=_status(services),
        forgetting=forgetting,
        flushing=Flushing(
            forgetting=forgetting,
            reaches_all=services.rows.is_shared,
            within=settings.memory_age,
            budget=Budget(FLUSHES_A_MINUTE, seconds=60),
        ),
        excluding=excluding_of(services),
        offboarding=offboarding_beside(customers, center=center, graph=graph, graph_scope=settings.cloud.graph_scope),
        on_stop=on_stop,
        pool=Pool("customers", threads=CUSTOMERS_THREADS),
        reading=Pool("status", threads=STATUS_THREADS),
    )
    return customers_http.blueprints(dependencies)


def granter(services: Services) -> Callable[[str, str, str], str]:
    """Makes the application's consent in one customer's tenant, by the broker itself: the check's newcomers."""
    settings = services.settings
    customers = customers_of(
        services,
        Actors(settings=settings, applications=services.applications, store=services.store),
        PartnerCenter(services.outbound, url=settings.partner_center_url),
        Graph(services.outbound, url=settings.graph_url),
    )

    def grant(tenant_id: str, consent: str, correlation: str) -> str:
        change = Change(
            tenant_id=tenant_id,
            consent=consent,
            dry_run=False,
            replace=False,
            plan="",
            operator=CHECK,
            correlation=correlation,
        )
        return str(customers.grant(change)["outcome"])

    return grant


def customers_of(services: Services, actors: Actors, center: PartnerCenter, graph: Graph) -> Customers:
    """What changes consents in customers' tenants."""
    scope = services.settings.cloud.graph_scope
    seeing = Seeing(graph=graph, graph_scope=scope, client_id=services.settings.partner_client_id)
    granting = Granting(center=center, graph=graph)
    replacements = Replacements(services.rows, clock=services.clock)
    return Customers(
        actors=actors,
        policy_vault=services.policy_vault,
        exclusions=Exclusions(services.rows),
        stops=services.stops,
        clock=services.clock,
        seeing=seeing,
        granting=granting,
        replacing=Replacing(granting=granting, seeing=seeing, replacements=replacements),
        replacements=replacements,
        management=ManagementConsent(center=center, graph=graph, graph_scope=scope),
        roles=RoleGranting(graph=graph, client_id=services.settings.partner_client_id),
    )


def acts_of(services: Services, *, forgetting: Forgetting) -> CustomerActs:
    """What a person does on a customer's page of the console, in threads that hold up no operator's route."""
    settings = services.settings
    return CustomerActs(
        customers=customers_of(
            services,
            Actors(settings=settings, applications=services.applications, store=services.store),
            PartnerCenter(services.outbound, url=settings.partner_center_url),
            Graph(services.outbound, url=settings.graph_url),
        ),
        excluding=excluding_of(services),
        forgetting=forgetting,
        home_tenant=settings.home_tenant,
        pool=Pool("console-customers", threads=CUSTOMERS_THREADS),
        rows=Pool("console-exclusions", threads=EXCLUSION_THREADS),
    )


def excluding_of(services: Services) -> Excluding:
    """What keeps customers out and lets them in."""
    store, results = services.store, Results(services.rows)

    def knows(tenant_id: str) -> bool:
        return any(list(results.all(entry.name, tenant_id=tenant_id, limit=1)) for entry in store.all().entries)

    return Excluding(exclusions=Exclusions(services.rows), clock=services.clock, knows=knows)


def status_of(services: Services) -> Callable[[], Mapping[str, Any]]:
    """What tells how everything is doing at a glance, as `GET /api/status` does, and what people look at beside it."""
    return _status(services).overview


def matrix_of(services: Services) -> Matrix:
    """What tells which customer works with which resource, for pages that people look at."""
    return Matrix(status=_status(services), standings=Standings(services.rows))


def blame_of(services: Services) -> Callable[[str], Mapping[str, Any]]:
    """What tells when customers' tenants refused a consent on its own account."""
    return Blame(results=Results(services.rows), clock=services.clock).of


def check_of(services: Services) -> Check:
    """What tries whether a consent reaches a tenant and a resource, in threads of its own."""
    return Check(
        settings=services.settings,
        applications=services.applications,
        store=services.store,
        pool=Pool("check", threads=CHECK_THREADS),
    )


def _status(services: Services) -> Status:
    return Status(
        store=services.store,
        credential=services.credential,
        results=Results(services.rows),
        worries=Worries(services.rows),
        exclusions=Exclusions(services.rows),
        clock=services.clock,
    )
