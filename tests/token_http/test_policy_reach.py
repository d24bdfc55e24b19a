"""How far a consent reaches by the policy: what somebody may ask for in customers' tenants, whoever it is."""

import json

from shared.cloud import PUBLIC
from tests.customers_timer.scene import ARM, GRAPH, HOME, tenant
from token_http.policy import Policy
from token_http.policy_document import compile_policy

CALLERS = ("eeee0000-0000-4000-8000-000000000001", "eeee0000-0000-4000-8000-000000000002")


def policy(*rows: dict[str, object]) -> Policy:
    document = {"tenants": {"contoso": tenant(1)}, "permissions": [{"caller": CALLERS[0], **row} for row in rows]}
    return compile_policy({"policy-1": json.dumps(document)}, home_tenant=HOME, cloud=PUBLIC)


def test_rows_for_any_customer_and_rows_for_one_add_up() -> None:
    reach = policy(
        {"consents": ["partner"], "tenants": ["*"], "resources": ["graph"]},
        {"caller": CALLERS[1], "consents": ["partner"], "tenants": ["contoso"], "resources": ["arm", "keyvault"]},
    ).reach("partner")
    assert reach.resources(tenant(1)) == {GRAPH, ARM, "https://vault.azure.net"}
    assert reach.resources(tenant(2)) == {GRAPH}
    assert set(reach.by_tenant) == {tenant(1)}


def test_home_and_other_consents_are_not_reached() -> None:
    written = policy(
        {"consents": ["partner"], "tenants": ["home"], "resources": ["partnercenter"]},
        {"consents": ["other"], "tenants": ["*"], "resources": ["graph"]},
    )
    reach = written.reach("partner")
    assert (reach.everywhere, dict(reach.by_tenant)) == (frozenset(), {})
    assert written.reach("other").everywhere == {GRAPH}


def test_the_spellings_of_a_resource_are_one() -> None:
    """Each would be tried for itself otherwise, in every customer's tenant."""
    spellings = ["graph", f"{GRAPH}/", "00000003-0000-0000-c000-000000000000", GRAPH.upper()]
    assert policy({"consents": ["partner"], "tenants": ["*"], "resources": spellings}).reach("partner").everywhere == {
        GRAPH
    }
