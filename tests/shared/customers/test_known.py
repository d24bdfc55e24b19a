"""What checks have met tells who the customers are, by which domains they go, and which of these is the initial one."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.cloud import PUBLIC, US_GOVERNMENT
from shared.customers.known import KnownCustomers
from shared.customers.result import WORKS, Result
from shared.customers.results import Results
from shared.entra.whose_fault import NOBODY
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTOSO, NORTHWIND = "bbbb0000-0000-4000-8000-000000000001", "bbbb0000-0000-4000-8000-000000000002"


def met(tenant_id: str, domain: str, resource: str = "https://graph.microsoft.com") -> Result:
    return Result(
        consent="partner",
        tenant_id=tenant_id,
        resource=resource,
        customer="Contoso",
        domain=domain,
        first_on=NOON,
        tried_on=NOON,
        good_on=NOON,
        outcome=WORKS,
        number=None,
        whose=NOBODY,
        since=NOON,
    )


def test_a_customer_goes_by_every_domain_that_a_check_has_met_and_is_told_by_the_last() -> None:
    known = KnownCustomers.of(
        [met(CONTOSO, "Contoso.onmicrosoft.com"), met(CONTOSO, ""), met(CONTOSO, "contoso.example")]
    )
    assert known.domains == {"contoso.onmicrosoft.com": CONTOSO, "contoso.example": CONTOSO}
    assert known.customers[CONTOSO].domain == "contoso.example"


def test_the_initial_domain_is_found_whatever_a_later_check_has_met() -> None:
    known = KnownCustomers.of([met(CONTOSO, "Contoso.onmicrosoft.com"), met(CONTOSO, "contoso.example")])
    assert known.initial_domain(CONTOSO, PUBLIC) == "contoso.onmicrosoft.com"
    assert known.initial_domain(CONTOSO, US_GOVERNMENT) == ""
    assert known.initial_domain(NORTHWIND, PUBLIC) == ""


def test_a_domain_of_two_customers_is_nobodys() -> None:
    known = KnownCustomers.of([met(CONTOSO, "both.onmicrosoft.com"), met(NORTHWIND, "BOTH.onmicrosoft.com")])
    assert known.domains == {}
    assert known.initial_domain(CONTOSO, PUBLIC) == ""


def test_one_customer_is_read_alone() -> None:
    results = Results(MemoryRows())
    for one in (met(CONTOSO, "contoso.example"), replace(met(NORTHWIND, "northwind.example"), customer="Northwind")):
        results.put(one, now=NOON)
    assert set(results.known("partner", tenant_id=NORTHWIND).customers) == {NORTHWIND}
    assert set(results.known("partner").customers) == {CONTOSO, NORTHWIND}
