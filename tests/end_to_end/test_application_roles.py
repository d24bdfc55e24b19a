"""Roles of the application over a running stack: the grant set names them, tokens have them, the check knows."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest

from local.app_roles import APP_ROLES
from local.clock import write_offset
from local.graph.administrators import PRIVILEGED_ROLE_ADMINISTRATOR
from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.person import Person
from local.policy import APPLICATION_GRANTS
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, GRAPH, PARTNER_APPLICATION
from shared.consents.consent import MANAGEMENT_NAME
from tests.clients.python.people import command
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

CHECK = "check_customers"
WANTED = ["Organization.Read.All", "Reports.Read.All"]
PLACE = {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, both applications consented to, and a grant set that names roles of the application."""
    quiet = {f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", CHECK)}
    with running_stack(tmp_path_factory.mktemp("roles") / "state", settings=quiet) as running, Person() as person:
        operator = Workload(state=running, name="operator")
        assert person.consent(operator.link(), ADMIN).is_success
        assert person.consent(operator.link(MANAGEMENT_NAME), ADMIN).is_success
        grants = [
            {**one, "app_roles": WANTED} if one["resource"] == "graph" else one for one in APPLICATION_GRANTS["grants"]
        ]
        write_policy(running, "application-grants", {**APPLICATION_GRANTS, "grants": grants})
        yield running


def with_gdap(state: StackState, *roles: str) -> None:
    details = {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}
    one = relationship(CONTOSO, "Contoso", accessDetails=details)
    Controls(state, state.graph).post("relationships", {"relationships": [one]})


def put(state: StackState) -> dict[str, Any]:
    answer = Workload(state=state, name="provisioning").call("PUT", f"customers/{CONTOSO}/consent?dry_run=false")
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def roles_in_a_token(state: StackState) -> list[str]:
    asked = {"tenant": "contoso", "resource": "graph", "as": "application", "fresh": True}
    token = Workload(state=state, name="reports").call("POST", "token", asked).raise_for_status().json()["access_token"]
    return list(jwt.decode(token, options={"verify_signature": False}).get("roles", []))


def found_by_the_check(state: StackState, *, day: int) -> dict[str, Any]:
    """What the status tells of Contoso and Graph as the application, after a check on that day."""
    write_offset(state.clock_file, timedelta(days=day))
    assert fire_timer(state, function=CHECK) == "Success"
    told = Workload(state=state, name="service-desk").call("GET", f"status?customer={CONTOSO}").json()
    rows = [one for cause in told["failing"] for one in cause["customers"]] + told["works"]
    (row,) = [one for one in rows if one["as"] == "application" and "graph" in one["resource"]]
    return dict(row)


def test_what_the_grant_set_names_is_assigned_and_then_the_tokens_are_good(state: StackState) -> None:
    row = found_by_the_check(state, day=0)
    assert (row["outcome"], row["missing"], row["consent"]) == ("app_roles_missing", WANTED, ".application")
    assert roles_in_a_token(state) == []
    with_gdap(state, CLOUD_APPLICATION_ADMINISTRATOR)
    told = put(state)
    assert (told["outcome"], told["roles"][0]["error"]) == ("refused", "role_assignment_refused")
    with_gdap(state, CLOUD_APPLICATION_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR)
    told = put(state)
    assert (told["roles"][0]["added"], told["complete"]) == (WANTED, True)
    assert roles_in_a_token(state) == WANTED
    assert found_by_the_check(state, day=1)["outcome"] == "works"


def test_a_role_that_somebody_takes_away_is_named_the_next_morning(state: StackState) -> None:
    with_gdap(state, PRIVILEGED_ROLE_ADMINISTRATOR)
    put(state)
    taken = {**PLACE, "role": APP_ROLES[GRAPH]["Reports.Read.All"]}
    Controls(state, state.entra).remove("app-roles", taken)
    row = found_by_the_check(state, day=2)
    assert (row["outcome"], row["missing"]) == ("app_roles_missing", ["Reports.Read.All"])
    done = command(state, "service-desk", "partner-broker", "status", "--customer", "contoso", "--output", "json")
    causes = {cause["cause"]: cause for cause in json.loads(done.stdout)["failing"]}
    assert "app_roles_missing" in causes
    assert put(state)["roles"][0]["added"] == ["Reports.Read.All"]
    assert found_by_the_check(state, day=3)["outcome"] == "works"


def test_the_history_tells_of_the_application_apart_from_consents(state: StackState) -> None:
    with_gdap(state, PRIVILEGED_ROLE_ADMINISTRATOR)
    put(state)
    found_by_the_check(state, day=4)
    desk = Workload(state=state, name="service-desk")
    told = desk.call("GET", f"customers/{CONTOSO}/history?consent=.application").raise_for_status().json()
    assert told["consent"] == ".application"
    assert "works" in {change["outcome"] for change in told["changes"]}
    assert desk.call("GET", f"customers/{CONTOSO}/history?consent=.other").status_code == 400


def test_the_command_shows_roles_beside_scopes(state: StackState) -> None:
    with_gdap(state, PRIVILEGED_ROLE_ADMINISTRATOR)
    for role in WANTED:
        Controls(state, state.entra).remove("app-roles", {**PLACE, "role": APP_ROLES[GRAPH][role]})
    done = command(state, "provisioning", "partner-broker", "customers", "consent", CONTOSO, "--output", "json")
    (row,) = json.loads(done.stdout)
    assert f"graph roles: {' '.join(WANTED)}" in str(row["added"])
