"""What the measured check tries: Microsoft Graph by one consent, and nothing as the application itself."""

from bench.tenants import HOME
from customers_timer.application_plan import ApplicationPlanner
from shared.application_stops import ApplicationStops
from shared.clock import utc_now
from shared.cloud import PUBLIC
from shared.customers.exclusions import Exclusions
from shared.customers.reach import Reach
from shared.customers.results import Results
from shared.subject import APPLICATION, Subject

GRAPH = "https://graph.microsoft.com"


def reach(consent: Subject) -> Reach:
    """As the access policy would say it."""
    return Reach(everywhere=frozenset() if consent is APPLICATION else frozenset({GRAPH}), by_tenant={})


def application_planner(results: Results, exclusions: Exclusions, stops: ApplicationStops) -> ApplicationPlanner:
    """The planner of the application's own part, which finds nothing to do."""
    return ApplicationPlanner(
        home_tenant=HOME,
        cloud=PUBLIC,
        results=results,
        exclusions=exclusions,
        stops=stops,
        shows_secret=True,
        clock=utc_now,
    )
