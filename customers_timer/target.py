"""What one try is for: a consent, a customer, a resource; and when it is due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from customers_timer.who import Subject
from shared.cloud import Cloud
from shared.consents.consent import Person
from shared.customers.result import OF_APPLICATION, Result
from shared.entra.resource import Scope, is_resource
from shared.entra.wildcard import host_of, is_wildcard

# What was not answered is due at the next run; what was, after `age`.
UNANSWERED_AGE = timedelta(minutes=50)
# By the tenant and one of its domains: what to ask for, and what the policy calls it.
type ResourcesOf = Callable[[str, str], Mapping[str, str]]
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One consent in force: whose refresh token is exchanged. The application's own part has none, nor a person."""

    consent: str
    lineage: str = ""
    person: Person | None = None
    refresh_token: str = field(repr=False, default="")

    @property
    def is_application(self) -> bool:
        """Whether tokens of the application itself are tried."""
        return self.consent == OF_APPLICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One customer and resource by one consent; `before` is what was known of it, None where nothing was.

    `resource` is a family of the policy, whose identifier is an audience too; `named` is what the policy calls it. Both
    are the same wildcard where the customer's own host is not known. `sources` tell of the customer.
    """

    part: Part
    tenant_id: str
    customer: str
    domain: str
    resource: str
    named: str
    before: Result | None
    sources: Sequence[str] = ()

    @property
    def has_host(self) -> bool:
        """Whether there is anything to ask for."""
        return not is_wildcard(self.resource)

    @property
    def scope(self) -> str:
        """What an exchange asks for."""
        return str(Scope(resource=self.resource, family=self.resource))

    @property
    def tried_on(self) -> datetime:
        """When it was last tried: the longer ago, the sooner is its turn."""
        return self.before.tried_on if self.before else NEVER

    def is_due(self, *, age: timedelta, now: datetime) -> bool:
        """Whether this run is to try it."""
        if self.before is None:
            return True
        wait = UNANSWERED_AGE if self.before.unanswered_since is not None else age
        # A moment in the future, written by a clock that was wrong, must not put it off until then: hence `abs`.
        return abs(now - self.before.tried_on) >= wait


def most_overdue_first(targets: list[Target]) -> list[Target]:
    """Those that were tried longest ago, or never, come first."""
    return sorted(targets, key=lambda target: (target.tried_on, target.tenant_id, target.resource))


def targets_of(
    part: Part, customers: Mapping[str, Subject], resources: ResourcesOf, known: dict[tuple[str, str], Result]
) -> list[Target]:
    """What there is to try of these customers; what was known of it is taken out of `known`."""
    return [
        Target(
            part=part,
            tenant_id=tenant_id,
            customer=one.name,
            domain=one.domain,
            sources=one.sources,
            resource=resource,
            named=named_as,
            before=known.pop((tenant_id, resource), None),
        )
        for tenant_id, one in customers.items()
        for resource, named_as in sorted(resources(tenant_id, one.domain).items())
    ]


def resources_of(named: Iterable[str], domain: str, cloud: Cloud) -> Mapping[str, str]:
    """What to ask for in the tenant with this domain, and what the policy calls it.

    A wildcard is the tenant's own host where the domain tells it; otherwise it stays, and nothing is asked for.
    """
    hosts = {name: host_of(domain, cloud) or name for name in named if is_wildcard(name)}
    return {**{host: name for name, host in hosts.items()}, **{name: name for name in named if is_resource(name)}}
