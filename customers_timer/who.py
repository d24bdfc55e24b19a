"""Whom one consent is checked for: the customers that the sources tell, those of a silent source, the policy's own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.customers.access import Actor
from shared.customers.customer import printable
from shared.customers.delegation import Delegation
from shared.customers.result import Result
from shared.customers.sources import PARTNER_CENTER, POLICY, SOURCES, Found, Known
from shared.entra.authority_errors import is_of_credential
from shared.entra.whose_fault import CONSENT, PERSON, whose_fault
from shared.errors import BrokerError

# The partner's customers in the name of a person, and the correlation id of the request; raises nothing.
type FindCustomers = Callable[[Actor, str], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One customer to be checked: its name and one of its domains, "" for what is not known, and who tells of it."""

    name: str
    domain: str
    sources: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Customers by tenant; `failures` has the code of what each silent source met, `is_told` whether one spoke."""

    customers: Mapping[str, Subject]
    failures: Mapping[str, str] = field(default_factory=dict)
    is_told: bool = False
    delegations: Mapping[str, Delegation] = field(default_factory=dict)


def who_by_list(found: Found, known: Mapping[str, Subject], named: Sequence[str]) -> Who:
    """By a person of the partner's own; `known` was checked before, `named` are the tenants of the policy's rows.

    Raises what is the consent's, the person's or the application's own: no customer could be tried either.
    """
    met = found.failures.get(PARTNER_CENTER)
    if met is not None and _ends_all(met):
        raise met
    listed = {one.customer.tenant_id: _subject(one, known.get(one.customer.tenant_id)) for one in found.customers}
    # Whom a silent source told of is there still, as far as anybody knows.
    kept = {tenant: one for tenant, one in known.items() if set(one.sources) & found.failures.keys()}
    return Who(
        customers={**named_by_policy(named, known), **kept, **listed},
        failures={source: error.code for source, error in found.failures.items()},
        is_told=len(found.failures) < len(SOURCES),
        delegations=found.delegations,
    )


def who_by_policy(known: Mapping[str, Subject], named: Sequence[str]) -> Who:
    """By a person of another tenant, who has no customers: the tenants that the policy names, and those known."""
    return Who(customers={**named_by_policy(named, known), **known})


def known_of(results: Iterable[Result]) -> dict[str, Subject]:
    """Customers as earlier runs kept them, by tenant; at first one source alone was asked."""
    known: dict[str, Subject] = {}
    for one in results:
        domain = one.domain or _domain(known.get(one.tenant_id))
        known[one.tenant_id] = Subject(name=one.customer, domain=domain, sources=one.sources or (PARTNER_CENTER,))
    return known


def named_by_policy(named: Sequence[str], known: Mapping[str, Subject]) -> dict[str, Subject]:
    """The tenants that rows of the policy name."""
    nobody = Subject(name="", domain="", sources=())
    return {tenant: replace(known.get(tenant, nobody), sources=(POLICY,)) for tenant in named}


def _subject(told: Known, known: Subject | None) -> Subject:
    """What is told; a domain that was told once is not forgotten."""
    customer = told.customer
    domain = printable(customer.domain) or _domain(known)
    return Subject(name=printable(customer.name or customer.domain), domain=domain, sources=tuple(told.sources))


def _domain(known: Subject | None) -> str:
    return known.domain if known else ""


def _ends_all(error: BrokerError) -> bool:
    return whose_fault(error) in {CONSENT, PERSON} or is_of_credential(error)
