"""What a page is told of the policy's rows: every part of each, under the names that people know."""

from shared.cloud import PUBLIC
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, HOME_ID, NORTHWIND_ID, Scene, document, row
from token_http.policy import Policy
from token_http.policy_document import compile_policy
from token_http.policy_source import PolicySource
from token_http.row_facts import MOST_ROWS, Names, row_facts, rows_of_consent


def policy_of(*rows: object) -> Policy:
    scene = Scene()
    scene.write_policy(*rows)
    return PolicySource(scene.policies, home_tenant=HOME_ID, cloud=PUBLIC).read()


def test_a_row_is_told_with_the_names_of_the_policy_and_short_names_of_resources() -> None:
    found = policy_of(row(tenants=["northwind", CONTOSO_ID, "home", "*"], resources=["graph", "https://a.example"]))
    (told,) = (row_facts(one, Names.of(found)) for one in found.permissions)
    assert told == {
        "row": "policy-1[0]",
        "caller": CALLER_ID,
        "role": None,
        "as": "user",
        "consents": ["partner"],
        "home": True,
        "any_customer": True,
        "tenants": [{"tenant": CONTOSO_ID, "name": "contoso"}, {"tenant": NORTHWIND_ID, "name": "northwind"}],
        "resources": ["graph", "https://a.example"],
    }


def test_a_row_of_the_application_itself_is_of_no_consent() -> None:
    text = document(row(**{"as": "application"}, consents=None)).replace("{", '{"schema": 2, ', 1)
    found = compile_policy({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC)
    assert row_facts(found.permissions[0], Names.of(found))["as"] == "application"
    assert row_facts(found.permissions[0], Names.of(found))["consents"] == []
    assert rows_of_consent(found, "application") == {"rows": [], "found": 0}


def test_a_consent_is_told_of_its_own_rows_and_of_no_more_than_a_page_shows() -> None:
    rows = [row(name=str(number)) for number in range(MOST_ROWS + 5)]
    found = rows_of_consent(policy_of(row(consents=["other"]), *rows), "partner")
    assert (len(found["rows"]), found["found"]) == (MOST_ROWS, MOST_ROWS + 5)
    assert found["rows"][0]["row"] == "policy-1[1] 0"


def test_a_row_whose_names_are_contradicted_allows_no_tenant_and_says_so() -> None:
    scene = Scene()
    scene.policies.put("policy-2", document(tenants={"contoso": NORTHWIND_ID}), tags={})
    found = PolicySource(scene.policies, home_tenant=HOME_ID, cloud=PUBLIC).read()
    told = row_facts(found.permissions[0], Names.of(found))
    assert (told["tenants"], told["home"], told["any_customer"]) == ([], False, False)
