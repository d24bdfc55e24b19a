"""POST /api/policy/lint on the running host: findings for operators, and for nobody else."""

import json

import httpx
import pytest

from local.policy import REPORTS_POLICY
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO

GOOD = json.dumps(REPORTS_POLICY)


def lint(stack: StackState, content: object, who: str = "operator") -> httpx.Response:
    return Workload(state=stack, name=who).call("POST", "policy/lint", content)


def test_a_good_document_is_valid_and_a_broken_one_is_named_with_its_place(stack: StackState) -> None:
    assert lint(stack, {"documents": {"policy-1": GOOD}}).json() == {"valid": True, "findings": []}
    broken = json.dumps({"permissions": [{"caller": "nobody"}]})
    answer = lint(stack, {"documents": {"policy-1": GOOD, "policy-2": broken}}).json()
    assert not answer["valid"]
    (finding,) = [finding for finding in answer["findings"] if finding["kind"] == "invalid"]
    assert (finding["place"], "policy-2[0]" in finding["sentence"]) == ("policy-2", True)


def test_a_row_twice_is_worth_a_second_look_and_still_valid(stack: StackState) -> None:
    answer = lint(stack, {"documents": {"policy-1": GOOD, "policy-2": GOOD}}).json()
    assert answer["valid"]
    assert {finding["kind"] for finding in answer["findings"]} == {"shadowed"}


def test_a_domain_in_a_row_is_looked_up_and_the_id_to_write_is_told(stack: StackState) -> None:
    row = {**REPORTS_POLICY["permissions"][0], "tenants": ["contoso.onmicrosoft.com"]}
    answer = lint(stack, {"documents": {"policy-1": json.dumps({"permissions": [row]})}}).json()
    (sentence,) = [finding["sentence"] for finding in answer["findings"] if finding["kind"] == "unknown"]
    assert CONTOSO in sentence


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"documents": {}},
        {"documents": []},
        {"documents": {"policy": GOOD}},
        {"documents": {"../policy-1": GOOD}},
        {"documents": {"policy-1": REPORTS_POLICY}},
        {"documents": {f"policy-{number}": "{}" for number in range(11)}},
        {"documents": {"policy-1": GOOD}, "apply": True},
    ],
    ids=["nothing", "none", "a list", "no number", "a path", "no text", "too many", "an unknown field"],
)
def test_what_are_no_documents_is_refused(stack: StackState, content: object) -> None:
    answer = lint(stack, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_a_document_larger_than_a_secret_can_be_is_refused(stack: StackState) -> None:
    answer = lint(stack, {"documents": {"policy-1": " " * 70_000}})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_who_may_read_the_policy_alone_may_lint(stack: StackState) -> None:
    assert lint(stack, {"documents": {"policy-1": GOOD}}, "auditor").json() == {"valid": True, "findings": []}


@pytest.mark.parametrize("who", ["reports", "stranger", "provisioning"])
def test_only_operators_who_may_read_may_lint(stack: StackState, who: str) -> None:
    answer = lint(stack, {"documents": {"policy-1": GOOD}}, who)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
