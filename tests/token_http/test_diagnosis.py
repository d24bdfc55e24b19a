"""GET /api/diagnosis on the running host: every part good, and each part bad when that part is broken on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.person import Person
from local.policy import REPORTS_POLICY
from local.stack import host_environment, running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, DEFAULT_WORLD
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

PARTS = [
    *("settings", "identity", "token_vault", "policy_vault", "results", "authority"),
    *("credential", "policy", "consents", "partner_center"),
]
OK, BAD_REQUEST, FORBIDDEN = 200, 400, 403
FIREWALL = {"error": {"code": "Forbidden", "message": "x", "innererror": {"code": "ForbiddenByFirewall"}}}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own with a consent: its parts are broken one after the other."""
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(tmp_path_factory.mktemp("diagnosis") / "state", settings=quiet) as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


def diagnosed(state: StackState, query: str = "") -> dict[str, dict[str, Any]]:
    answer = Workload(state=state, name="operator").call("GET", f"diagnosis{query}")
    assert answer.status_code == OK
    content = answer.json()
    found = {part["part"]: part for part in content["parts"]}
    assert list(found) == PARTS
    assert content["good"] is all(part["state"] != "bad" for part in found.values())
    return found


def states(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The parts that are not good."""
    return {name: part["state"] for name, part in found.items() if part["state"] != "good"}


@contextmanager
def ordered(state: StackState, part: str, kind: str, **order: object) -> Iterator[None]:
    controls = Controls(state, getattr(state, part))
    controls.post(kind, {"times": -1, **order})
    try:
        yield
    finally:
        controls.clear(kind)


def test_all_is_good_and_says_what_registrations_are_compared_with(state: StackState) -> None:
    found = diagnosed(state)
    assert states(found) == {}
    assert found["settings"]["facts"]["public_url"] == state.host
    assert found["identity"]["facts"]["object_id"] == DEFAULT_WORLD.identity("broker").object_id
    assert found["policy"]["facts"]["documents"] == ["policy-1"]
    assert found["consents"]["facts"] == {"partner": "ok"}
    assert found["credential"]["facts"]["kind"] == "federated"


def test_a_table_of_results_that_cannot_be_read_is_bad_and_nothing_else_is(state: StackState) -> None:
    assert diagnosed(state)["results"]["facts"]["shared"] is False
    file = Path.from_uri(host_environment(state)["RESULTS_URL"])
    kept = file.read_bytes()
    file.write_bytes(b"no database " * 100)
    try:
        found = diagnosed(state)
    finally:
        file.write_bytes(kept)
    assert states(found) == {"results": "bad"}
    assert (found["results"]["code"], found["results"]["act"]["name"]) == ("results_unavailable", "retry")


def test_a_closed_vault_is_bad_and_what_lies_in_it_is_not_blamed_on_others(state: StackState) -> None:
    with ordered(state, "token_vault", "faults", path=".*", status=403, body=FIREWALL):
        found = diagnosed(state)
    assert states(found) == {
        "token_vault": "bad",
        "consents": "bad",
        "credential": "not_tried",
        "partner_center": "not_tried",
    }
    assert (found["token_vault"]["code"], found["token_vault"]["act"]["name"]) == (
        *("vault_network_refused", "vault.network"),
    )


def test_an_authority_that_is_away_leaves_consents_untried(state: StackState) -> None:
    with ordered(state, "entra", "faults", path=".*", status=503):
        found = diagnosed(state)
    assert states(found) == {
        "authority": "bad",
        "credential": "not_tried",
        "consents": "not_tried",
        "partner_center": "not_tried",
    }


def test_an_expired_secret_is_the_credentials_and_no_consents_fault(state: StackState) -> None:
    with ordered(state, "entra", "errors", code=7000222, error="invalid_client"):
        found = diagnosed(state)
    assert (found["credential"]["state"], "AADSTS7000222" in found["credential"]["says"]) == ("bad", True)
    assert found["consents"]["state"] == "not_tried"


def test_a_dead_refresh_token_is_the_consents_fault_and_the_credential_is_good(state: StackState) -> None:
    with ordered(state, "entra", "errors", code=50173, error="invalid_grant"):
        found = diagnosed(state)
    assert states(found) == {"consents": "bad", "partner_center": "not_tried"}
    assert found["consents"]["act"] == {"name": "consent.link", "parameters": {"consent": "partner"}}


def test_partner_center_that_refuses_is_told_apart(state: StackState) -> None:
    with ordered(state, "partner_center", "faults", path=".*", status=403):
        assert states(diagnosed(state)) == {"partner_center": "bad"}


def test_a_broken_document_of_the_policy_is_named(state: StackState) -> None:
    try:
        write_policy(state, "policy-1", {"permissions": [{}]})
        found = diagnosed(state)
    finally:
        write_policy(state, "policy-1", REPORTS_POLICY)
    assert states(found) == {"policy": "bad"}
    assert (found["policy"]["says"].startswith("policy-1: invalid"), found["policy"]["act"]["name"]) == (
        *(True, "policy.correct"),
    )


def test_another_consent_that_nobody_gave_is_not_tried_while_others_are_well(state: StackState) -> None:
    found = diagnosed(state, "?consent=spare")
    assert found["consents"]["code"] == "consent_absent"
    assert states(found) == dict.fromkeys(("credential", "consents", "partner_center"), "not_tried")


@pytest.mark.parametrize("who", ["reports", "stranger", "provisioning"])
def test_nobody_else_is_told_anything(state: StackState, who: str) -> None:
    answer = Workload(state=state, name=who).call("GET", "diagnosis")
    assert (answer.status_code, answer.json()["code"]) == (FORBIDDEN, "role_missing")


@pytest.mark.parametrize("query", ["?consent=A/b", "?other=1"])
def test_what_cannot_be_asked_is_refused(state: StackState, query: str) -> None:
    assert Workload(state=state, name="operator").call("GET", f"diagnosis{query}").status_code == BAD_REQUEST


def test_a_diagnosis_holds_no_token_and_no_secret(state: StackState) -> None:
    text = Workload(state=state, name="operator").call("GET", "diagnosis").text
    assert "eyJ" not in text
    assert "refresh_token" not in text
