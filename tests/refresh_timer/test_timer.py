"""The timer on the running stack: a vault that fails for one consent, and an alarm that fails the invocation."""

import json
from datetime import timedelta
from typing import Any

from local.clock import read_offset, write_offset
from local.person import Person
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, SECOND_ADMIN
from tests.conftest import StackMaker
from tests.local_control import Controls

NAMES = ("first", "second", "third")


def give(state: StackState, *names: str) -> Workload:
    """Consents of these names, and the operator who watches them."""
    operator = Workload(state=state, name="operator")
    for name in names:
        with Person() as person:
            page = person.consent(operator.link(name), SECOND_ADMIN if name == "second" else ADMIN)
        assert "Your consent is stored" in page.text
    return operator


def days_pass(state: StackState, days: int) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + timedelta(days=days))


def shown(operator: Workload, name: str) -> dict[str, Any]:
    found: dict[str, Any] = operator.call("GET", f"consents/{name}").raise_for_status().json()
    return found


def run_records(state: StackState, event: str) -> list[dict[str, Any]]:
    lines = [line for line in state.log_file("host").read_text().splitlines() if f'"{event}"' in line]
    return [json.loads(line[line.index("{") :]) for line in lines]


def last_run(state: StackState) -> dict[str, Any]:
    return run_records(state, "refresh.run")[-1]


def test_a_vault_that_fails_to_store_one_consent_stores_the_others_and_that_one_in_the_next_run(
    make_stack: StackMaker,
) -> None:
    with make_stack() as state:
        operator = give(state, *NAMES)
        before = {name: shown(operator, name)["renewed_on"] for name in NAMES}
        vault = Controls(state, state.token_vault)
        vault.post("faults", {"method": "PUT", "path": "/secrets/renewal-second/?", "times": -1, "status": 503})
        days_pass(state, 8)
        assert fire_timer(state) == "Success"
        assert (last_run(state)["outcome_stored"], last_run(state)["outcome_transient"]) == (2, 1)
        vault.clear("faults")
        stored = {name: shown(operator, name)["renewed_on"] != before[name] for name in NAMES}
        assert stored == {"first": True, "second": False, "third": True}
        assert shown(operator, "second")["status"] == "ok"
        assert fire_timer(state) == "Success"
        assert (last_run(state)["due"], last_run(state)["outcome_stored"]) == (1, 1)
        assert shown(operator, "second")["renewed_on"] != before["second"]


def test_a_lost_consent_fails_the_invocation_once_and_the_others_are_proven(make_stack: StackMaker) -> None:
    with make_stack() as state:
        operator = give(state, *NAMES)
        Controls(state, state.entra).post("revoke", {"user": SECOND_ADMIN.object_id})
        days_pass(state, 2)
        assert fire_timer(state) == "Failure"
        told_of_the_run = {"consents": 3, "due": 3, "newly_lost": ["second"], "outcome_lost": 1, "outcome_proven": 2}
        assert told_of_the_run.items() <= last_run(state).items()
        # The host keeps what the handler's own thread logs, and nothing that a pool's does.
        told = {record["consent"]: record["outcome"] for record in run_records(state, "refresh.consent")}
        assert told == {"first": "proven", "second": "lost", "third": "proven"}
        assert shown(operator, "second")["status"] == "lost"
        assert "link" in shown(operator, "second")["remedy"]
        days_pass(state, 1)
        assert fire_timer(state) == "Success"
        assert last_run(state)["newly_lost"] == []
