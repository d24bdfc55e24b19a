"""What there is to check of the application's own tokens, at whomever the consents' plans and the policy's rows name.

No person's rights bound these tokens, so none is asked for whom an operator has stopped or offboarded, or who has left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers_timer.plan import Plan
from customers_timer.target import Part, ResourcesOf, resources_of, targets_of
from customers_timer.who import Subject, known_of, named_by_policy
from shared.application_stops import ApplicationStops
from shared.clock import Clock
from shared.cloud import Cloud
from shared.customers.exclusions import Exclusions
from shared.customers.reach import Reach
from shared.customers.result import OF_APPLICATION
from shared.customers.results import Results
from shared.customers.sources import SOURCES
from shared.entra.wildcard import is_sharepoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPlanner:
    """Makes the plan of the application's own part; may block. `shows_secret`: SharePoint would take none of them."""

    home_tenant: str
    cloud: Cloud
    results: Results
    exclusions: Exclusions
    stops: ApplicationStops
    shows_secret: bool
    clock: Clock

    def plan(self, reach: Reach, others: Sequence[Plan]) -> Plan:
        """The plan, beside those of the consents; raises what the tables raise."""
        known = {(found.tenant_id, found.resource): found for found in self.results.all(OF_APPLICATION)}
        stops = self.stops.read()
        if stops.is_stopped:
            # What was known stays as it was.
            return Plan(customers=0, targets=[], gone=[], new=[])
        subjects, excluded = known_of(known.values()), self.exclusions.in_force(self.clock())
        known = {key: found for key, found in known.items() if key[0] not in excluded}
        outside = {self.home_tenant, *excluded, *stops.left, *stops.offboarded}
        customers = self._customers(reach, others, subjects)
        inside = {tenant: one for tenant, one in sorted(customers.items()) if tenant not in outside}
        targets = targets_of(Part(consent=OF_APPLICATION), inside, self._resources(reach), known)
        # Customers are counted by the consents' own plans.
        return Plan(customers=0, targets=targets, gone=list(known.values()), new=[], excluded=frozenset(excluded))

    def _customers(self, reach: Reach, others: Sequence[Plan], known: dict[str, Subject]) -> dict[str, Subject]:
        found = {tenant: one for plan in others for tenant, one in plan.subjects.items()}
        # Whom a silent source told of is there still, as far as anybody knows.
        is_whole = any(plan.listed is not None for plan in others)
        kept = {} if is_whole else {tenant: one for tenant, one in known.items() if set(one.sources) & set(SOURCES)}
        return {**named_by_policy(list(reach.by_tenant), known), **kept, **found}

    def _resources(self, reach: Reach) -> ResourcesOf:
        def of(tenant_id: str, domain: str) -> Mapping[str, str]:
            found = resources_of(reach.resources(tenant_id), domain, self.cloud)
            if not self.shows_secret:
                return found
            return {one: named for one, named in found.items() if not is_sharepoint(one, self.cloud)}

        return of
