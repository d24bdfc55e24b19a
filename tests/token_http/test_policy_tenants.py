"""Whoever writes a domain or a company into a row is told the id to write there, if it may know who is a customer."""

import asyncio
from collections.abc import Mapping

import pytest

from shared.callers.assertion import Principal
from shared.cloud import PUBLIC
from shared.customers.customer import Customer
from shared.customers.known import KnownCustomers
from shared.errors import AuthorityUnavailable, BrokerError
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, HOME_ID, NORTHWIND_ID, Scene, caller, document, row
from token_http.policy_lint import lint
from token_http.policy_tenants import MOST_DOMAINS, Led, Unresolved, led, unresolved
from token_http.tenant_names import TenantNames

CUSTOMERS = KnownCustomers(
    customers={
        one.tenant_id: one
        for one in (
            Customer(tenant_id=CONTOSO_ID, name="Contoso Ltd", domain="contoso.example"),
            Customer(tenant_id=NORTHWIND_ID, name="Northwind", domain=""),
            Customer(tenant_id=CALLER_ID, name="northwind", domain=""),
        )
    },
    domains={"contoso.example": CONTOSO_ID},
)
READER = "Customers.Read"


def said(tenant: str, known: Led | None) -> list[str]:
    found = lint({"policy-1": document(row(tenants=["contoso", tenant]))}, home_tenant=HOME_ID, cloud=PUBLIC, led=known)
    assert [one.kind for one in found if one.place == "policy-1"] == ["invalid"], "no row may name a tenant so"
    assert {(one.kind, one.place) for one in found[1:]} <= {("unknown", "policy-1[0]")}
    return [one.sentence for one in found[1:]]


def looked_up(
    tenants: list[str], *roles: str, owners: Mapping[str, str | BrokerError] | None = None
) -> tuple[Led, list[str]]:
    async def all_of_it() -> tuple[Led, list[str]]:
        scene = Scene(known=CUSTOMERS)
        scene.owners = {**(owners or {})}
        asked = [Unresolved(place="policy-1[0]", tenant=one, consents=frozenset({"partner"})) for one in tenants]
        who: Principal = caller(CALLER_ID, *roles)
        return await led(scene.issuer.domains, asked, operator=who, home_tenant=HOME_ID), scene.looked_up

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("tenant", ["contoso.example", "Contoso.Example", "CONTOSO LTD", " contoso ltd "])
def test_a_domain_or_a_company_of_a_known_customer_leads_to_its_id(tenant: str) -> None:
    known, asked = looked_up([tenant], READER)
    (sentence,) = said(tenant, known)
    assert CONTOSO_ID in sentence
    assert asked == [], "what is known is not looked up"


def test_a_domain_is_looked_up_where_no_customer_is_known_by_it() -> None:
    known, asked = looked_up(["northwind.example"], owners={"northwind.example": NORTHWIND_ID})
    assert asked == ["northwind.example"]
    (sentence,) = said("Northwind.Example", known)
    assert NORTHWIND_ID in sentence


def test_who_may_not_read_customers_is_not_told_by_a_company_that_one_is() -> None:
    known, _ = looked_up(["Contoso Ltd", "Nobody Ltd"], "Consent.Read")
    (one,), (other,) = said("Contoso Ltd", known), said("Nobody Ltd", known)
    assert CONTOSO_ID not in one
    assert "Customers.Read" in one
    assert one.replace("Contoso Ltd", "Nobody Ltd") == other


def test_of_companies_of_one_name_all_are_told() -> None:
    known, _ = looked_up(["Northwind"], READER)
    text = document(row(tenants=["Northwind"]), tenants={})
    found = lint({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC, led=known)
    assert NORTHWIND_ID in found[-1].sentence
    assert CALLER_ID in found[-1].sentence


def test_a_domain_of_the_partners_own_is_home() -> None:
    known, _ = looked_up(["partner.example"], owners={"partner.example": HOME_ID})
    (sentence,) = said("partner.example", known)
    assert "`home`" in sentence
    assert HOME_ID not in sentence


def test_what_leads_nowhere_and_what_could_not_be_looked_up_are_told_apart() -> None:
    known, _ = looked_up(
        ["away.example", "nobody.example", "Nobody Ltd"], READER, owners={"away.example": AuthorityUnavailable()}
    )
    (away,), (nobody,), (company,) = (said(one, known) for one in ("away.example", "nobody.example", "Nobody Ltd"))
    assert "could not be looked up" in away
    assert "is no domain" in nobody
    assert "is no domain" in company


def test_of_hundreds_of_domains_the_authority_is_asked_for_a_few() -> None:
    known, asked = looked_up([f"c{number}.example" for number in range(100)], READER)
    assert len(asked) == len(known.owners) == MOST_DOMAINS


def test_offline_only_a_domain_is_said_to_be_one() -> None:
    (sentence,) = said("contoso.example", None)
    assert "partner-broker policy lint" in sentence
    assert said("Contoso Ltd", None) == []


def test_every_row_is_read_for_names_that_lead_nowhere_and_ids_and_names_of_the_policy_are_none() -> None:
    rows = [
        row(tenants=["a.example", CONTOSO_ID, "*", "HOME", "Contoso", "theirs"]),
        row(tenants=["a.example"], consents=["b"]),
    ]
    found = unresolved(
        {"policy-1": document(*rows), "policy-2": "{"}, TenantNames(ids={}, given={"policy-3": {"theirs": CONTOSO_ID}})
    )
    assert [(one.place, one.tenant, one.consents) for one in found] == [
        ("policy-1[0]", "a.example", frozenset({"partner"})),
        ("policy-1[1]", "a.example", frozenset({"b"})),
    ]


@pytest.mark.parametrize(
    "rows", [["x"], [{}], [{"tenants": "contoso"}], [{"tenants": [1, ""], "consents": 7}]], ids=str
)
def test_rows_of_another_shape_have_no_names(rows: list[object]) -> None:
    assert unresolved({"policy-1": document(*rows)}, TenantNames()) == []
