"""An edit of the policy on a running broker: what it takes away and gives, and by when."""

from datetime import timedelta

from local.clock import read_offset, write_offset
from local.person import Person
from local.policy import REPORTS_POLICY
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from tests.conftest import StackMaker
from tests.token_http.over_http import write_policy

# The setting's default, and a second for good measure.
MEMORY_AGE = timedelta(seconds=31)


def wait(state: StackState) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + MEMORY_AGE)


def outcome(state: StackState) -> str:
    answer = Workload(state=state, name="reports").token("contoso", "graph")
    code: str = "issued" if answer.is_success else answer.json()["code"]
    return code


def test_a_removed_row_bites_within_half_a_minute_and_a_restored_one_serves_again(make_stack: StackMaker) -> None:
    """Even of a token that is cached: the policy is evaluated for each request."""
    with make_stack() as state, Person() as person:
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        assert outcome(state) == "issued"
        write_policy(state, "policy-1", {**REPORTS_POLICY, "permissions": []})
        wait(state)
        assert outcome(state) == "not_permitted"
        write_policy(state, "policy-1", REPORTS_POLICY)
        wait(state)
        assert outcome(state) == "issued"


def test_a_broken_edit_leaves_the_last_good_document_in_force_and_is_reported(make_stack: StackMaker) -> None:
    with make_stack() as state, Person() as person:
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        assert outcome(state) == "issued"
        write_policy(state, "policy-1", {**REPORTS_POLICY, "permissons": []})
        wait(state)
        assert outcome(state) == "issued"
        assert "policy.document_invalid" in state.log_file("host").read_text()


def test_a_second_document_adds_what_the_first_does_not_have(make_stack: StackMaker) -> None:
    intruder = {**REPORTS_POLICY["permissions"][0], "caller": "eeee0000-1111-4222-8333-444444440003"}
    with make_stack() as state, Person() as person:
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        stranger = Workload(state=state, name="intruder")
        assert stranger.token("contoso", "graph").json()["code"] == "not_permitted"
        write_policy(state, "policy-2", {**REPORTS_POLICY, "permissions": [intruder]})
        wait(state)
        assert stranger.token("contoso", "graph").is_success
        assert outcome(state) == "issued"
