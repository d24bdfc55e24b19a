"""A caller who is refused is told its own rows that are near, few of them, and nothing of anybody else's."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.callers.assertion import Principal
from shared.cloud import PUBLIC
from tests.token_http.samples import (
    CALLER_ID,
    CONTOSO_ID,
    HOME_ID,
    NORTHWIND_ID,
    OTHER_ID,
    caller,
    document,
    request,
    row,
)
from token_http.message import TokenRequest
from token_http.policy import Policy
from token_http.policy_document import compile_policy
from token_http.refusals import NotPermitted

SHORT = {PUBLIC.canonical(name): name for name in PUBLIC.resources}
UNTOLD = f"The caller is {CALLER_ID}."


def policy(*rows: object, tenants: Mapping[str, object] | None = None) -> Policy:
    compiled = compile_policy({"policy-1": document(*rows, tenants=tenants)}, home_tenant=HOME_ID, cloud=PUBLIC)
    return replace(compiled, names=SHORT)


def refusal(found: Policy, asked: TokenRequest, principal: Principal | None = None) -> str:
    """What the caller is told beside its own id."""
    with pytest.raises(NotPermitted) as refused:
        found.check(principal or caller(), asked, own=HOME_ID)
    with pytest.raises(NotPermitted) as at_once:
        found.possible(principal or caller(), asked)
    assert at_once.value.detail == refused.value.detail, "whatever is known of the consent"
    assert refused.value.detail.startswith(f"The caller is {(principal or caller()).object_id}.")
    return refused.value.detail.removeprefix(UNTOLD).strip()


def test_who_has_no_row_is_told_what_everybody_was() -> None:
    others = policy(row(caller=OTHER_ID), row(caller=None, role="Reader"))
    assert refusal(policy(), request()) == ""
    assert refusal(others, request()) == ""


@pytest.mark.parametrize(
    ("changed", "asked", "told"),
    [
        ({}, request("northwind"), "You may ask for 'graph' in 'contoso'."),
        ({}, request(NORTHWIND_ID), "You may ask for 'graph' in 'contoso'."),
        ({}, request("contoso", "arm"), "You may ask for 'graph' in 'contoso'."),
        ({}, request(CONTOSO_ID, "arm"), f"You may ask for 'graph' in '{CONTOSO_ID}'."),
        ({}, request(consent="backup"), "You may ask for 'graph' in 'contoso' with the consent 'partner'."),
        ({"tenants": [CONTOSO_ID]}, request("home"), "You may ask for 'graph' in 'contoso'."),
        ({"tenants": ["home"]}, request("contoso", "arm"), "You may ask for 'graph' in 'home'."),
        ({"tenants": ["*"]}, request("home"), "You may ask for 'graph' in 'any customer'."),
        ({"resources": ["https://x.example"]}, request(), "You may ask for 'https://x.example' in 'contoso'."),
    ],
)
def test_one_who_is_refused_is_told_what_it_may_ask_for(
    changed: Mapping[str, object], asked: TokenRequest, told: str
) -> None:
    tenants = {"contoso": CONTOSO_ID, "northwind": NORTHWIND_ID}
    rows = [row(**{"caller": CALLER_ID, **changed})]
    # A name is known for an id that a row has by itself, if the row has it by that name too.
    if changed.get("tenants") == [CONTOSO_ID]:
        told = told.replace("contoso", CONTOSO_ID)
    assert refusal(policy(*rows, tenants=tenants), asked) == told


def test_at_most_three_are_told_the_nearest_first() -> None:
    far = [row(resources=["exchange"], consents=[f"other-{number}"]) for number in range(50)]
    near = [row(resources=["arm"]), row(tenants=["northwind"], resources=["graph"])]
    told = refusal(policy(*far, *near), request("contoso", "keyvault"))
    assert told.startswith("You may ask for 'arm' in 'contoso'; for 'exchange' in 'contoso' with the consent 'other-0'")
    assert told.count("; for ") == 2


def test_a_row_of_a_role_is_ones_own_who_has_it() -> None:
    found = policy(row(caller=None, role="Reader"))
    for asked in (request("northwind"), request("contoso", "arm")):
        assert refusal(found, asked, caller(CALLER_ID, "Reader")) == "You may ask for 'graph' in 'contoso'."
        assert refusal(found, asked, caller(CALLER_ID, "Writer")) == ""


def test_a_row_of_many_tenants_is_told_in_short() -> None:
    tenants = {f"customer-{number:03}": f"bbbb0000-0000-4000-8000-{number:012}" for number in range(300)}
    told = refusal(policy(row(tenants=list(tenants)), tenants=tenants), request("elsewhere"))
    assert told == "You may ask for 'graph' in 'customer-000', 'customer-001', 'customer-002' and 297 more."


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([CALLER_ID, OTHER_ID]),
            st.sampled_from(["partner", "backup"]),
            st.sampled_from(["contoso", "northwind"]),
            st.sampled_from(["graph", "arm"]),
        ),
        max_size=8,
    )
)
def test_nothing_of_another_callers_rows_changes_what_one_is_told(rows: list[tuple[str, str, str, str]]) -> None:
    written = [
        row(caller=whose, consents=[consent], tenants=[tenant], resources=[resource])
        for whose, consent, tenant, resource in rows
    ]
    own = [one for one in written if one["caller"] == CALLER_ID]
    asked = request("contoso", "keyvault")
    assert refusal(policy(*written), asked) == refusal(policy(*own), asked)
