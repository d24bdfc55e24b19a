"""The recorded exchanges of the PowerShell module: the running stack answers as its Pester tests take for granted."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.stack import identity_environment
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, GRAPH, NORTHWIND, PARTNER_APPLICATION
from tests.clients.powershell.contracts import Contract, contracts, differences, filled
from tests.consent_http.rig import old_token
from tests.local_control import Controls
from token_http.module_table import MODULES

CONTRACTS = list(contracts())
SHORT = "northwind short of a scope"
EXCLUDED, EXCLUSION = "excluded northwind", f"customers/{NORTHWIND}/exclusion"
DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def names(state: StackState) -> dict[str, str]:
    """What the recordings leave open, on this stack."""
    reports, platform = Workload(state=state, name="reports"), identity_environment(state, "reports")
    return {
        "broker": state.host,
        "entra": state.entra,
        "identity endpoint": platform["IDENTITY_ENDPOINT"],
        "identity header": platform["IDENTITY_HEADER"],
        "caller": reports.assertion(),
        "caller's token for ARM": reports.assertion("https://management.azure.com"),
        "caller without permission": Workload(state=state, name="intruder").assertion(),
        "operator": Workload(state=state, name="operator").assertion(),
        "provisioning": Workload(state=state, name="provisioning").assertion(),
        "refresh token": old_token(state, ADMIN),
        "day": DAY,
        "assertion": Workload(state=state, name="broker").assertion("api://AzureADTokenExchange"),
    }


@contextmanager
def given(state: StackState, circumstance: str) -> Iterator[None]:
    """What a recording presupposes; no other test asks for its token of arm, which the broker would remember."""
    undo = arranged(state, circumstance)
    try:
        yield
    finally:
        undo()


def arranged(state: StackState, circumstance: str) -> Callable[[], object]:
    """Orders it; returns what undoes it."""
    what, _, consent = circumstance.partition(" ")
    assert circumstance in {"authority away", SHORT, EXCLUDED} or what in {"", "checked", "imported", "withdrawn"}
    entra, operator = Controls(state, state.entra), Workload(state=state, name="operator")
    provisioning = Workload(state=state, name="provisioning")
    if circumstance == "authority away":
        entra.post("faults", {"method": "POST", "path": ".*/token", "times": -1, "status": 503})
        return lambda: entra.clear("faults")
    if circumstance == SHORT:
        graph = {"tenant": NORTHWIND, "client": PARTNER_APPLICATION, "resource": GRAPH}
        entra.remove("consents", graph)
        entra.post("consents", {**graph, "scopes": ["Directory.Read.All"]})
        return lambda: entra.clear("consents")
    if circumstance == EXCLUDED:
        checked(state, provisioning)
        provisioning.call("PUT", EXCLUSION, {"reason": "another one", "until": DAY}).raise_for_status()
        return lambda: provisioning.call("DELETE", EXCLUSION).raise_for_status()
    if what == "checked":
        checked(state, provisioning)
    elif consent:
        operated(state, operator, "POST", f"{consent}/import", json={"refresh_token": old_token(state, ADMIN)})
        if what == "withdrawn":
            operated(state, operator, "DELETE", consent)
    return lambda: None


def checked(state: StackState, provisioning: Workload) -> None:
    # What was tried today is not due again, and a run of nothing tells other counts.
    if provisioning.call("GET", "status").json()["last_run"] is None:
        assert fire_timer(state, function="check_customers") == "Success"


def operated(state: StackState, operator: Workload, method: str, path: str, **body: Any) -> None:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {operator.assertion()}"}
    url = f"{state.host}/api/consents/{path}"
    httpx.request(method, url, headers=headers, timeout=60, trust_env=False, **body).raise_for_status()


def send(state: StackState, request: dict[str, Any]) -> httpx.Response:
    return httpx.request(
        request["method"],
        request["url"],
        params=request.get("query"),
        headers=request["headers"],
        json=request.get("json"),
        data=request.get("form"),
        timeout=60,
        trust_env=False,
        verify=ssl.create_default_context(cafile=state.ca_file),
    )


@pytest.mark.parametrize(
    "contract", [one for one in CONTRACTS if one.held_to == "stack"], ids=lambda contract: contract.name
)
def test_the_running_stack_answers_as_recorded(state: StackState, contract: Contract) -> None:
    with given(state, contract.given):
        answer = send(state, filled(contract.request, names(state)))
    headers = {name: answer.headers.get(name) for name in contract.answer["headers"]}
    found = {"status": answer.status_code, "headers": headers, "json": answer.json()}
    assert list(differences(contract.answer, found)) == [], "\n".join(differences(contract.answer, found))


def test_every_module_of_the_broker_is_recorded() -> None:
    asked = {contract.arguments["Module"] for contract in CONTRACTS if contract.function == "Get-ConnectRequest"}
    assert asked == {module.name for module in MODULES.values()}


def test_no_recording_holds_a_secret() -> None:
    kept = [str(contract) for contract in CONTRACTS if "eyJ" in str(contract)]
    assert kept == []
