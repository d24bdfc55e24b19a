"""Two hosts on one vault: what is withdrawn on one gives nothing there from then on, on the other within seconds."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from local.clock import read_offset, write_offset
from local.person import Person
from local.policy import REPORTS_POLICY
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from tests.end_to_end.hosts import another_host
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

# The setting's default, and a second for good measure.
MEMORY_AGE = timedelta(seconds=31)
# Long enough to see a request wait, to withdraw, and to see the other host serve.
HELD_SECONDS, GLIMPSE = 4.0, 0.02


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackState, StackState]]:
    folder = tmp_path_factory.mktemp("withdrawal") / "state"
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(folder, keeps_ledger=True, settings=quiet) as one, another_host(one) as other:
        rows = [{**row, "resources": ["graph", "arm", "exchange"]} for row in REPORTS_POLICY["permissions"]]
        write_policy(one, "policy-1", {**REPORTS_POLICY, "permissions": rows})
        yield one, other.state


@pytest.fixture
def consented(hosts: tuple[StackState, StackState]) -> tuple[StackState, StackState]:
    """Both hosts, with a consent that both have used."""
    with Person() as person:
        assert person.consent(Workload(state=hosts[0], name="operator").link(), ADMIN).is_success
    for state in hosts:
        wait(state)
        assert outcome(state, "exchange") == "issued"
    return hosts


def wait(state: StackState) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + MEMORY_AGE)


def outcome(state: StackState, resource: str) -> str:
    answer = Workload(state=state, name="reports").token("contoso", resource)
    code: str = "issued" if answer.is_success else answer.json()["code"]
    return code


def withdraw(state: StackState) -> None:
    Workload(state=state, name="operator").call("DELETE", "consents/partner").raise_for_status()


def test_a_token_on_its_way_at_the_withdrawal_goes_to_nobody_and_the_other_host_stops_within_its_memorys_age(
    consented: tuple[StackState, StackState],
) -> None:
    one, other = consented
    entra = Controls(one, one.entra)
    entra.clear("requests")
    entra.post("faults", {"method": "POST", "path": ".*/token", "delay": HELD_SECONDS, "times": 2})
    with ThreadPoolExecutor(2) as asking:
        waiting = [asking.submit(outcome, one, resource) for resource in ("graph", "arm")]
        while sum(count for (method, _), count in entra.requests().items() if method == "POST") < 2:
            time.sleep(GLIMPSE)
        withdraw(one)
        assert not any(one.done() for one in waiting), "both are still on their way"
        assert [one.result() for one in waiting] == ["consent_withdrawn", "consent_withdrawn"]
    assert outcome(one, "exchange") == "consent_withdrawn", "a cached token too"
    assert outcome(other, "exchange") in {"issued", "consent_withdrawn"}
    wait(other)
    assert outcome(other, "exchange") == "consent_withdrawn"


def test_a_row_that_is_taken_out_while_a_token_is_on_its_way_stops_it(
    consented: tuple[StackState, StackState],
) -> None:
    one, _ = consented
    entra = Controls(one, one.entra)
    entra.clear("requests")
    entra.post("faults", {"method": "POST", "path": ".*/token", "delay": HELD_SECONDS})
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(outcome, one, "graph")
        while not sum(count for (method, _), count in entra.requests().items() if method == "POST"):
            time.sleep(GLIMPSE)
        write_policy(one, "policy-1", {**REPORTS_POLICY, "permissions": []})
        wait(one)
        assert not waiting.done(), "it is still on its way"
        assert waiting.result() == "not_permitted"
