"""What the plans of all consents came to; one that cannot be made keeps no other from being made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from customers_timer.bounds import Bounds
from customers_timer.plan import Plan
from customers_timer.target import Target
from customers_timer.watch import Look
from shared.crew import Crew, Task
from shared.customers.results import NewCustomer
from shared.errors import BrokerError

UNFINISHED = "unfinished"


@dataclass(slots=True, kw_only=True)
class Found:
    """`names` are all consents; `looks` is what was seen beside the customers; whoever has used them clears them."""

    names: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def new(self) -> list[NewCustomer]:
        """The customers who came, by all consents."""
        return [one for plan in self.plans for one in plan.new]

    def listed(self) -> frozenset[str] | None:
        """The partner's customers, as all sources told them to some consent; None where a source was silent."""
        told = [plan.listed for plan in self.plans if plan.listed is not None]
        return frozenset().union(*told) if told else None

    def add(self, name: str, plan: Plan, bounds: Bounds) -> None:
        """The plan of one consent."""
        self.plans.append(plan)
        self.targets += plan.targets
        plan.targets.clear()
        self.looks += plan.looks
        plan.looks.clear()
        self.silent += [f"{name} {source} {code}" for source, code in sorted(plan.silent.items())]
        if plan.is_unlisted:
            self.unlisted.append(name)
            bounds.reasons |= set(plan.silent.values())


def found_by(crew: Crew, tasks: Mapping[str, Task[Plan]], bounds: Bounds, found: Found | None = None) -> Found:
    """What came of the plans under way, by consent; `bounds` hears of those that could not be made.

    With `found` they are added to it.
    """
    found = found or Found()
    found.names += tasks
    for name, task in tasks.items():
        try:
            found.add(name, crew.outcome(task), bounds)
        except BrokerError as error:
            bounds.failed(name, error)
            bounds.reasons.add(error.code)
            found.ended.append(name)
        except TimeoutError:
            bounds.reasons.add(UNFINISHED)
            found.ended.append(name)
    return found
