"""How the check of customers is put together: what there is to check, one try, and one run over all."""

from collections.abc import Callable
from functools import partial

import azure.functions as func

import customers_timer
from customers_timer.application_plan import ApplicationPlanner
from customers_timer.attempt import Attempts, Probe
from customers_timer.consent_recheck import InForce
from customers_timer.newcomers import MakeConsent, Newcomers
from customers_timer.pace import Pace
from customers_timer.person_look import PersonLook
from customers_timer.plan import Planner, ReachOf
from customers_timer.probe import OrganizationProbe
from customers_timer.recheck import Recheck
from customers_timer.run import CheckRun
from customers_timer.watch import Watch
from customers_timer.work import GrantOf
from shared.customers.access import Actors
from shared.customers.application_grants import Grant, GrantSets
from shared.customers.coverage import grant_of
from shared.customers.exclusions import Exclusions
from shared.customers.grant_sets import any_grant_set, read_grant_sets
from shared.customers.graph import Graph
from shared.customers.membership import Membership
from shared.customers.partner_center import PartnerCenter
from shared.customers.relationships import RelationshipReader
from shared.customers.results import Results
from shared.customers.sources import CustomerSources
from shared.customers.standings import Standings
from shared.customers.worries import Worries
from shared.entra.application_credential import SECRET
from shared.services import Services


def wire(
    services: Services, *, read_reach: Callable[[], ReachOf], grant: MakeConsent, forget: Callable[[str], None]
) -> list[func.Blueprint]:
    """The timer; `read_reach` reads the access policy, and says of each consent how far it reaches.

    `grant` makes the application's consent in the tenant of a customer who came, where the setting wants that; then
    `forget` has what instances remember of the tenant forgotten.
    """
    settings, results = services.settings, Results(services.rows)
    sources = _sources(services)
    run = CheckRun(
        planner=_planner(services, sources, results),
        own=_application_planner(services, results),
        attempts=_attempts(services),
        results=results,
        standings=Standings(services.rows),
        read_reach=read_reach,
        read_grants=partial(_read_grants, services),
        sweep=services.marks.sweep,
        watch=_watch(services, sources).look,
        newcomers=Newcomers(grant=grant if settings.check.consents_new else None, forget=forget),
        stops=services.stops,
        pace=lambda: Pace(float(settings.check.per_second)),
        age=settings.check.age,
        clock=services.clock,
    )
    return [customers_timer.blueprint(customers_timer.Dependencies(check=run))]


def _planner(services: Services, sources: CustomerSources, results: Results) -> Planner:
    settings = services.settings
    return Planner(
        home_tenant=settings.home_tenant,
        cloud=settings.cloud,
        application=services.applications.partner,
        store=services.store,
        find=lambda partner, correlation: sources.found(partner, correlation=correlation),
        results=results,
        exclusions=Exclusions(services.rows),
        stops=services.stops,
        clock=services.clock,
    )


def _application_planner(services: Services, results: Results) -> ApplicationPlanner:
    settings = services.settings
    return ApplicationPlanner(
        home_tenant=settings.home_tenant,
        cloud=settings.cloud,
        results=results,
        exclusions=Exclusions(services.rows),
        stops=services.stops,
        shows_secret=services.credential.kind == SECRET,
        clock=services.clock,
    )


def recheck_of(services: Services) -> Recheck:
    """What tries one customer again because an operator asks."""
    return Recheck(
        store=services.store,
        results=Results(services.rows),
        exclusions=Exclusions(services.rows),
        stops=services.stops,
        attempts=_attempts(services),
        read_grants=partial(_read_grants, services),
        clock=services.clock,
    )


def _attempts(services: Services) -> Attempts:
    return Attempts(
        authority=services.applications.partner.authority,
        clock=services.clock,
        probe=_probe(services),
        in_force=InForce(services.store, services.stops, max_age=services.settings.memory_age.total_seconds()),
    )


def _sources(services: Services) -> CustomerSources:
    settings = services.settings
    return CustomerSources(
        actors=Actors(settings=settings, applications=services.applications, store=services.store),
        center=PartnerCenter(services.outbound, url=settings.partner_center_url),
        reader=RelationshipReader(
            graph=Graph(services.outbound, url=settings.graph_url), graph_scope=settings.cloud.graph_scope
        ),
    )


def _watch(services: Services, sources: CustomerSources) -> Watch:
    person = PersonLook(
        actors=sources.actors,
        center=sources.center,
        reader=sources.reader,
        membership=Membership(graph=sources.reader.graph),
        clock=services.clock,
    )
    age = services.settings.check.age
    return Watch(worries=Worries(services.rows), person=person, age=age, clock=services.clock)


def _probe(services: Services) -> Probe:
    settings = services.settings
    if not settings.check.probes:
        return lambda _token, _target: None
    return OrganizationProbe(services.outbound, url=settings.graph_url, family=settings.cloud.family)


def _read_grants(services: Services) -> GrantOf:
    """What the grant set of a customer asks for, resource by resource; where none was made, nothing."""
    vault, cloud = services.policy_vault, services.settings.cloud
    sets = read_grant_sets(vault, cloud) if any_grant_set(vault) else GrantSets()

    def of(tenant_id: str, resource: str) -> Grant | None:
        return grant_of(sets.for_customer(tenant_id), resource, cloud)

    return of
