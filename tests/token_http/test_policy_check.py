"""The dry run of the policy: it answers as the policy would decide, and knows no more than the policy."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import CHINA, PUBLIC, Cloud
from shared.errors import InvalidRequest
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, HOME_ID, OTHER_ID, caller, document, request, row
from token_http.policy_check import answer, parse
from token_http.policy_document import compile_policy
from token_http.refusals import NotPermitted

ASKED = {"caller": CALLER_ID, "tenant": "contoso", "resource": "graph"}
REFUSED = {"allowed": False, "as": "user", "permission": None, "tenant_id": None}
ROWS = [row(), row(caller=None, role="Reports", tenants=["*"]), row(tenants=["home"], consents=["backup"])]
POLICY = compile_policy({"policy-1": document(*ROWS)}, home_tenant=HOME_ID, cloud=PUBLIC)


def told(asked: Mapping[str, object], cloud: Cloud = PUBLIC) -> dict[str, Any]:
    """The answer to a question, as the route gives it."""
    question = parse(asked, cloud)
    try:
        return answer(question, POLICY.check(question.principal, question.request, own=HOME_ID))
    except NotPermitted:
        return answer(question, None)


def test_what_a_row_allows_is_answered_with_the_row_and_the_tenant() -> None:
    found = told(ASKED)
    assert found == {"allowed": True, "as": "user", "permission": "policy-1[0]", "tenant_id": CONTOSO_ID}


def test_roles_count_as_if_the_caller_had_them() -> None:
    asked = {**ASKED, "caller": OTHER_ID, "tenant": CONTOSO_ID}
    assert told(asked) == REFUSED
    assert told({**asked, "roles": ["Reports"]})["permission"] == "policy-1[1]"


def test_an_object_id_is_the_same_in_any_case() -> None:
    assert told({**ASKED, "caller": CALLER_ID.upper()})["allowed"]


def test_a_scope_asks_as_well_as_a_resource() -> None:
    asked = {"caller": CALLER_ID, "tenant": "contoso", "scope": "https://graph.microsoft.com/User.Read"}
    assert told(asked)["allowed"]


def test_a_short_name_means_the_resource_of_the_brokers_own_cloud() -> None:
    assert told(ASKED, CHINA) == REFUSED


@settings(deadline=None, max_examples=100)
@given(
    who=st.sampled_from([CALLER_ID, OTHER_ID]),
    roles=st.lists(st.sampled_from(["Reports", "Other"]), max_size=2),
    tenant=st.sampled_from(["contoso", "home", CONTOSO_ID, HOME_ID, "nobody"]),
    resource=st.sampled_from(["graph", "arm"]),
    consent=st.sampled_from(["partner", "backup"]),
)
def test_the_answer_is_what_the_policy_decides_for_that_caller(
    *, who: str, roles: list[str], tenant: str, resource: str, consent: str
) -> None:
    asked = {"caller": who, "roles": roles, "tenant": tenant, "resource": resource, "consent": consent}
    found = told(asked)
    try:
        decided = POLICY.check(caller(who, *roles), request(tenant, resource, consent=consent), own=HOME_ID)
    except NotPermitted:
        assert found == REFUSED
    else:
        assert found == {
            "allowed": True,
            "as": "user",
            "permission": decided.permission,
            "tenant_id": decided.tenant_id,
        }


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"caller": ""}, "caller"),
        ({"caller": "reports"}, "caller"),
        ({"caller": f"{CALLER_ID}\n"}, "caller"),
        ({"caller": None}, "caller"),
        ({"roles": [["Reports"]]}, "roles"),
        ({"roles": [None]}, "roles"),
        ({"roles": ["Reports"] * 101}, "roles"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": None}, "tenant"),
        ({"consent": "Partner"}, "consent"),
        ({"resource": "nonsense"}, "resource"),
        ({"resource": None}, "exactly one"),
        ({"scope": "https://graph.microsoft.com/.default"}, "exactly one"),
        ({"resource": None, "scope": "User.Read"}, "scope"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(changed: dict[str, object], named: str) -> None:
    fields = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    with pytest.raises(InvalidRequest, match=named):
        parse(fields, PUBLIC)
