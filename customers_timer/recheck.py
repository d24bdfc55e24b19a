"""One customer tried again because somebody asks: what runs try there, each result kept as a run keeps it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from customers_timer.attempt import Attempts
from customers_timer.target import Part, Target
from customers_timer.work import GrantOf
from shared.application_stops import ApplicationStops
from shared.audit import Field, record
from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.consents.store import ConsentStore
from shared.customers.exclusions import Exclusions
from shared.customers.offboarded import CustomerOffboarded
from shared.customers.patience import is_over, within
from shared.customers.result import OF_APPLICATION, Result
from shared.customers.results import Results

# What begins in time ends some twenty seconds later at the latest (shared/outbound.py).
SECONDS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """Tries what is known of one customer, one resource after the other; may block."""

    store: ConsentStore
    results: Results
    exclusions: Exclusions
    stops: ApplicationStops
    attempts: Attempts
    read_grants: Callable[[], GrantOf]
    clock: Clock
    seconds: float = SECONDS

    def again(self, tenant_id: str, consent: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """How many were tried and work, and how many there was no time for.

        Raises CustomerOffboarded, CustomerExcluded, what is the consent's or the application's own, and what the rows
        raise.
        """
        if self.stops.is_offboarded(tenant_id):
            raise CustomerOffboarded
        self.exclusions.require_none(tenant_id, self.clock())
        known = list(self.results.all(consent, tenant_id=tenant_id))
        if not known:
            return {"tenant": tenant_id, "tried": 0, "works": 0, "left": 0}
        with within(self.seconds):
            found = list(self._tried(consent, known))
        works = sum(one.works and one.unanswered_since is None for one in found)
        fields: dict[str, Field] = {"consent": consent, "pairs": len(found), "works": works == len(known)}
        record("consent.checked", {**fields, "operator": operator.object_id, "correlation_id": correlation})
        return {"tenant": tenant_id, "tried": len(found), "works": works, "left": len(known) - len(found)}

    def _tried(self, consent: str, known: list[Result]) -> Iterator[Result]:
        part, grant_of = self._part(consent), self.read_grants()
        for before in known:
            if is_over():
                return
            target = _target(part, before)
            if target.has_host:
                result, _ = self.attempts.tried(target, grant_of(target.tenant_id, target.resource))
            else:
                result = self.attempts.untried(target)
            self.results.put(result, now=self.clock())
            yield result

    def _part(self, consent: str) -> Part:
        if consent == OF_APPLICATION:
            return Part(consent=consent)
        served = self.store.load(consent)
        return Part(
            consent=consent,
            lineage=served.consent.lineage,
            person=served.consent.person,
            refresh_token=served.refresh_token,
        )


def _target(part: Part, before: Result) -> Target:
    return Target(
        part=part,
        tenant_id=before.tenant_id,
        customer=before.customer,
        domain=before.domain,
        resource=before.resource,
        named=before.resource,
        before=before,
        sources=before.sources,
    )
