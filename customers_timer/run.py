"""One run of the check: every customer and resource that is due, the most overdue first, within bounds; the report."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from customers_timer.application_plan import ApplicationPlanner
from customers_timer.attempt import Attempts
from customers_timer.bounds import Bounds
from customers_timer.found import UNFINISHED, Found, found_by
from customers_timer.newcomers import DONE_WITHIN, Newcomers, told_consented
from customers_timer.pace import Pace
from customers_timer.plan import Plan, Planner, ReachOf
from customers_timer.report import Report, recorded
from customers_timer.tally import Tally
from customers_timer.target import most_overdue_first
from customers_timer.watch import Look, Watched
from customers_timer.work import GrantOf, Queue, Work
from shared.application_stops import ApplicationStops
from shared.clock import Clock
from shared.consents.stored_consent import Listing
from shared.crew import Crew, Limits, Task
from shared.customers.reach import Reach
from shared.customers.result import OF_APPLICATION
from shared.customers.results import Results
from shared.customers.standings import Standings
from shared.errors import BrokerError
from shared.subject import APPLICATION
from shared.vault_errors import VaultUnavailable

READERS, WORKERS = 8, 16
# Seconds until the plan of a consent is waited for no more; and for the application's own, which asks the tables alone.
PLANNED_BY, OWN_PLANNED_IN = 180.0, 30.0
# So many rows of customers who have gone are taken away in one run.
MOST_REMOVED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A run reads what is due from the results, so it can be cut anywhere and the next one carries on.

    `read_reach` reads the access policy, `read_grants` the grant set; `age` is when a result is due again. `sweep`
    takes away what else has ended in the tables, `watch` looks at delegations and persons, `stops` hears who is a
    customer, `standings` keeps a snapshot of all for who looks.
    """

    planner: Planner
    own: ApplicationPlanner
    attempts: Attempts
    results: Results
    standings: Standings
    read_reach: Callable[[], ReachOf]
    read_grants: Callable[[], GrantOf]
    sweep: Callable[[], object]
    watch: Callable[[Sequence[Look], str], Watched]
    stops: ApplicationStops
    pace: Callable[[], Pace]
    newcomers: Newcomers
    age: timedelta
    clock: Clock
    limits: Limits = field(default_factory=Limits)

    def run(self) -> Report:
        """Do what is due; raises what reading consents, policy and grant set raises, and nothing else.

        It ends within `limits.end`, whatever hangs.
        """
        began, limits = self.clock(), self.limits
        bounds, tally, pace = Bounds(until=began + timedelta(seconds=limits.begin)), Tally(), self.pace()
        with (
            Crew(READERS, seconds=min(PLANNED_BY, limits.begin)) as readers,
            Crew(WORKERS, seconds=limits.consents) as workers,
            Crew(1, seconds=limits.consents) as watchers,
            Crew(1, seconds=min(PLANNED_BY + DONE_WITHIN, limits.begin)) as consenter,
            Crew(1, seconds=limits.end) as tidier,
        ):
            listing, reach_of, grant_of = self._read(readers)
            correlation = str(uuid.uuid4())
            found = self._planned(readers, listing, reach_of, bounds=bounds, correlation=correlation)
            watching = watchers.begin(partial(self.watch, found.looks, correlation))
            consenting = consenter.begin(partial(self.newcomers.consent, found.new, correlation))
            consented = _beside(consenter, consenting, tally) or {}
            tally.known((target.before for target in found.targets), began)
            queue = self._queue(found, began, consented)
            many = len(queue)
            work = Work(
                queue=queue,
                attempts=self.attempts,
                results=self.results,
                grant_of=grant_of,
                bounds=bounds,
                pace=pace,
                tally=tally,
                clock=self.clock,
            )
            for task in [workers.begin(work.run) for _ in range(WORKERS)]:
                _waited_for(workers, task)
            watched = _beside(watchers, watching, tally) or Watched(unseen=[UNFINISHED])
            report = self._report(began, found, work, due=many, watched=watched, consented=consented)
            is_kept = _waited_for(tidier, tidier.begin(partial(self._tidied, found, report, reach_of(APPLICATION))))
        recorded(report, is_kept=is_kept)
        return report

    def _queue(self, found: Found, began: datetime, consented: Collection[str]) -> Queue:
        """What is due. Only what is tried is held on to, and of this no more than is still to be tried."""
        due = most_overdue_first([one for one in found.targets if one.is_due(age=self.age, now=began)])
        found.targets.clear()
        # Entra ID takes a while to know a consent everywhere: where one was just made is tried last.
        due.sort(key=lambda one: one.tenant_id in consented)
        return Queue(due)

    def _read(self, crew: Crew) -> tuple[Listing, ReachOf, GrantOf]:
        tasks = crew.begin(self.planner.store.all), crew.begin(self.read_reach), crew.begin(self.read_grants)
        try:
            return crew.outcome(tasks[0]), crew.outcome(tasks[1]), crew.outcome(tasks[2])
        except TimeoutError as error:
            raise VaultUnavailable("What there is to check could not be read in time.") from error

    def _planned(self, crew: Crew, listing: Listing, reach_of: ReachOf, *, bounds: Bounds, correlation: str) -> Found:
        """The plans of all consents in force."""
        tasks: dict[str, Task[Plan]] = {}
        for entry in listing.entries:
            name, reach = entry.name, reach_of(entry.name)
            is_used = not entry.withdrawn and bool(reach.everywhere or reach.by_tenant)
            planning = partial(self.planner.plan, name, reach, correlation=correlation)
            tasks[name] = crew.begin(planning if is_used else partial(self.planner.farewell, name))
        found = found_by(crew, tasks, bounds)
        # In a time of its own: a consent whose customers are waited for in vain ends its own part alone.
        with Crew(1, seconds=min(OWN_PLANNED_IN, self.limits.begin)) as planner:
            own = planner.begin(partial(self.own.plan, reach_of(APPLICATION), list(found.plans)))
            found = found_by(planner, {OF_APPLICATION: own}, bounds, found)
        for plan in found.plans:
            plan.subjects.clear()
        return found

    def _report(
        self, began: datetime, found: Found, work: Work, *, due: int, watched: Watched, consented: Mapping[str, str]
    ) -> Report:
        return Report(
            began_on=began,
            ended_on=self.clock(),
            consents=sum(1 for plan in found.plans if plan.customers) + len(found.ended),
            ended=found.ended,
            unlisted=found.unlisted,
            silent=found.silent,
            excluded=len(frozenset().union(*(plan.excluded for plan in found.plans))),
            customers=sum(plan.customers for plan in found.plans),
            due=due,
            left=due - work.tally.done,
            new=[one.customer or one.tenant_id for one in found.new],
            removed=min(MOST_REMOVED, sum(len(plan.gone) for plan in found.plans)),
            per_second=work.pace.per_second,
            reasons=sorted(work.bounds.reasons),
            tally=work.tally,
            watched=watched,
            consented=told_consented(found.new, consented),
        )

    def _tidied(self, found: Found, report: Report, reach: Reach) -> bool:
        """Keep the summary, then what else is to be remembered or forgotten; whether all of it could be."""
        now = self.clock()
        # Those that fail come first: they are seen.
        gone = sorted((one for plan in found.plans for one in plan.gone), key=lambda one: not one.is_failing(now))
        try:
            self.results.put_run(report.began_on, report.summary())
            for plan in found.plans:
                for one in plan.new[:MOST_REMOVED]:
                    self.results.add_new(one)
            for result in gone[:MOST_REMOVED]:
                self.results.remove(result, now=now)
            self.results.sweep(now)
            self.planner.exclusions.sweep(now)
            self.sweep()
            listed = found.listed()
            if listed is not None:
                self.stops.seen(listed, reaches=lambda tenant_id: bool(reach.resources(tenant_id)))
            self.standings.renew(found.names, now)
        except BrokerError:
            return False  # found again by the next run; the record says so
        return True


def _waited_for[T](crew: Crew, task: Task[T]) -> T | None:
    """What came of it; None when it has not ended in time: its calls are bounded, and end by themselves."""
    try:
        return crew.outcome(task)
    except TimeoutError:
        return None


def _beside[T](crew: Crew, task: Task[T], tally: Tally) -> T | None:
    """What came of work beside the tries, None for nothing; whatever fails in it, these and the report come."""
    try:
        return _waited_for(crew, task)
    except Exception as error:  # noqa: BLE001 - as of each customer's try
        tally.broken.add(type(error).__name__)
        return None
