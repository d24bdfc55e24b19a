"""A caller is told the tenants that its rows allow, by the names that are known, and nobody else's."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC
from shared.customers.customer import Customer
from shared.customers.known import KnownCustomers
from shared.errors import InvalidRequest
from tests.token_http.samples import CONTOSO_ID, HOME_ID, NORTHWIND_ID, OTHER_ID, caller, document, request, row
from token_http.policy import Policy
from token_http.policy_document import compile_policy
from token_http.refusals import NotPermitted
from token_http.tenants import PAGE, answer, parse

GUEST_ID = "aaaa0000-0000-4000-8000-000000000009"


def customer(tenant_id: str, name: str = "", domain: str = "") -> Customer:
    return Customer(tenant_id=tenant_id, name=name, domain=domain)


def known(*customers: Customer) -> KnownCustomers:
    return KnownCustomers(customers={one.tenant_id: one for one in customers})


def policy(*rows: object, tenants: Mapping[str, object] | None = None) -> Policy:
    text = json.dumps({"schema": 2, **json.loads(document(*rows, tenants=tenants))})
    return compile_policy({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC)


AS_APPLICATION: Mapping[str, Any] = {"as": "application"}


def application(**changed: object) -> dict[str, object]:
    return row(consents=None, **{"as": "application", **changed})


def told(found: Policy, customers: KnownCustomers | None = None, *, own: str = HOME_ID, **query: str) -> dict[str, Any]:
    return answer(found, caller(), parse(query), own=own, known=customers or known())


def test_a_row_is_told_by_its_tenants_with_names_domains_and_resources() -> None:
    found = policy(row(resources=["graph"]), row(tenants=["contoso", "northwind"], resources=["https://x.example"]))
    listed = told(found, known(customer(CONTOSO_ID, "Contoso Ltd", "contoso.example")))
    assert listed == {
        "as": "user",
        "tenants": [
            {
                "tenant": CONTOSO_ID,
                "name": "contoso",
                "domain": "contoso.example",
                "company": "Contoso Ltd",
                "resources": ["https://graph.microsoft.com", "https://x.example"],
            },
            {
                "tenant": NORTHWIND_ID,
                "name": "northwind",
                "domain": None,
                "company": None,
                "resources": ["https://x.example"],
            },
        ],
        "any_customer": False,
        "next": None,
    }


def test_others_rows_and_other_consents_are_not_told() -> None:
    found = policy(row(caller=OTHER_ID), row(caller=None, role="Reports"), row(consents=["backup"]))
    assert told(found) == {"as": "user", "tenants": [], "any_customer": False, "next": None}
    assert [one["tenant"] for one in told(found, consent="backup")["tenants"]] == [CONTOSO_ID]


def test_a_row_for_any_customer_lists_those_that_are_known_but_for_the_partners_own_and_the_consents() -> None:
    customers = known(*(customer(one) for one in (CONTOSO_ID, NORTHWIND_ID, HOME_ID, GUEST_ID)))
    listed = told(policy(row(tenants=["*"])), customers, own=GUEST_ID)
    assert ([one["tenant"] for one in listed["tenants"]], listed["any_customer"]) == ([CONTOSO_ID, NORTHWIND_ID], True)
    assert told(policy(row()), customers)["tenants"][0]["tenant"] == CONTOSO_ID


def test_home_is_the_consents_own_tenant_and_called_so() -> None:
    (listed,) = told(policy(row(tenants=["home"])), own=GUEST_ID)["tenants"]
    assert (listed["tenant"], listed["name"]) == (GUEST_ID, "home")


def test_many_come_in_pages() -> None:
    ids = [f"cccc0000-0000-4000-8000-{number:012}" for number in range(PAGE + 3)]
    customers, found = known(*(customer(one) for one in ids)), policy(row(tenants=["*"]))
    first = told(found, customers)
    second = told(found, customers, after=first["next"])
    assert (len(first["tenants"]), len(second["tenants"]), second["next"]) == (PAGE, 3, None)
    assert [one["tenant"] for one in first["tenants"] + second["tenants"]] == ids


def test_what_rows_for_the_application_allow_is_told_apart_from_tokens_of_a_consent() -> None:
    found = policy(row(), application(tenants=["northwind"], resources=["exchange"]), application(tenants=["home"]))
    listed = told(found, None, **AS_APPLICATION)
    assert listed["as"] == "application"
    assert {one["name"]: one["tenant"] for one in listed["tenants"]} == {"home": HOME_ID, "northwind": NORTHWIND_ID}
    assert [one["tenant"] for one in told(found)["tenants"]] == [CONTOSO_ID]


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"consent": "Partner"},
        {"tenant": "contoso"},
        {"as": "nobody"},
        {"as": "application", "consent": "partner"},
    ],
    ids=str,
)
def test_a_question_that_is_wrong_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        parse(query)


IDS = [CONTOSO_ID, NORTHWIND_ID, HOME_ID, GUEST_ID]


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.sampled_from([CONTOSO_ID, NORTHWIND_ID, GUEST_ID, "home", "*"]), min_size=1, max_size=3),
            st.lists(st.sampled_from(["graph", "arm"]), min_size=1, unique=True),
        ),
        max_size=4,
    ),
    own=st.sampled_from([HOME_ID, GUEST_ID]),
    is_application=st.booleans(),
)
def test_what_is_told_is_what_the_policy_would_allow(
    rows: list[tuple[list[str], list[str]]], own: str, *, is_application: bool
) -> None:
    make, whose = (application, AS_APPLICATION) if is_application else (row, {})
    own = HOME_ID if is_application else own
    rows = [
        (tenants, resources)
        for tenants, resources in rows
        if not is_application or {*tenants} <= {"home"} or "home" not in tenants
    ]
    found = replace(
        policy(*[make(tenants=tenants, resources=resources) for tenants, resources in rows]),
        consent_tenants=frozenset({GUEST_ID}),
    )
    page = told(found, known(*map(customer, IDS)), own=own, **whose)
    listed = {one["tenant"]: one["resources"] for one in page["tenants"]}
    for tenant_id in IDS:
        for resource in ("graph", "arm"):
            try:
                found.check(caller(), request(tenant_id, resource, **whose), own=own)
                is_allowed = True
            except NotPermitted:
                is_allowed = False
            assert (PUBLIC.canonical(resource) in listed.get(tenant_id, [])) == is_allowed
