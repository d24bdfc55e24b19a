"""The managed-identity dialect against the clients people have: azure-identity and MSAL, for Python and JavaScript."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from local.demo import claims_of
from local.person import Person
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, NORTHWIND
from tests.conftest import StackMaker
from tests.installing import NODE, node_modules

GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"
PYTHON_CLIENTS = {
    "azure-identity": (
        "import json, sys; from azure.identity import ManagedIdentityCredential as C; c = C();"
        "t = c.get_token(sys.argv[1] + '/.default'); c.close();"
        "print(json.dumps({'token': t.token, 'expiresOn': t.expires_on * 1000}))"
    ),
    "msal": (
        "import json, msal, requests, sys, time; "
        "c = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=requests.Session());"
        "r = c.acquire_token_for_client(resource=sys.argv[1]);"
        "sys.exit(json.dumps(r)) if 'error' in r else None;"
        "print(json.dumps({'token': r['access_token'], 'expiresOn': (time.time() + r['expires_in']) * 1000}))"
    ),
}
NODE_CLIENTS = {"@azure/identity": "identity.mjs", "@azure/msal-node": "msal.mjs"}


@pytest.fixture(scope="module")
def consented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    from local.stack import running_stack  # noqa: PLC0415 - the module's own stack: its policy names `partner`

    with running_stack(tmp_path_factory.mktemp("clients") / "state") as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        yield state


@pytest.fixture(scope="session", name="node_modules")
def installed() -> Path:
    return node_modules()


def environment(state: StackState, tenant: str, *, identity: str = "reports") -> dict[str, str]:
    """The two variables that make a client ask the broker, and nothing else of Azure's."""
    usual = {name: text for name, text in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    return {
        **usual,
        "IDENTITY_ENDPOINT": f"{state.host}/api/msi/partner/{tenant}",
        "IDENTITY_HEADER": Workload(state=state, name=identity).assertion(),
        "NO_PROXY": "localhost,127.0.0.1",
    }


def run(command: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def python_client(name: str) -> Callable[[str], list[str]]:
    return lambda resource: [sys.executable, "-c", PYTHON_CLIENTS[name], resource]


def node_client(name: str) -> Callable[[str], list[str]]:
    return lambda resource: [shutil.which("node") or "node", str(NODE / NODE_CLIENTS[name]), resource]


def check_tokens(state: StackState, client: Callable[[str], list[str]]) -> None:
    for tenant, tenant_id in (("contoso", CONTOSO), (NORTHWIND, NORTHWIND)):
        for resource in (GRAPH, ARM):
            done = run(client(resource), environment(state, tenant))
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            claims = claims_of(answer["token"])
            assert (claims["tid"], claims["aud"]) == (tenant_id, resource)
            assert abs(answer["expiresOn"] / 1000 - claims["exp"]) < 60, "the client knows when its token ends"


def check_refusal(state: StackState, client: Callable[[str], list[str]]) -> None:
    """The client shows what the broker said: code, remedy and correlation id."""
    done = run(client(GRAPH), environment(state, "contoso", identity="intruder"))
    assert done.returncode != 0
    told = done.stderr
    assert "not_permitted" in told
    assert "Correlation id" in told


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
def test_python_clients_get_a_customers_token_with_two_variables(consented: StackState, name: str) -> None:
    check_tokens(consented, python_client(name))
    check_refusal(consented, python_client(name))


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize("name", NODE_CLIENTS)
def test_javascript_clients_get_a_customers_token_with_two_variables(consented: StackState, name: str) -> None:
    check_tokens(consented, node_client(name))
    check_refusal(consented, node_client(name))


def get(state: StackState, query: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{state.host}/api/msi/partner/contoso?{query}", headers=headers, trust_env=False)


ASKED = f"api-version=2019-08-01&resource={GRAPH}"


def test_the_callers_token_may_stand_in_either_header_but_not_differ(consented: StackState) -> None:
    token = Workload(state=consented, name="reports").assertion()
    other = Workload(state=consented, name="intruder").assertion()
    for headers in (
        {"X-IDENTITY-HEADER": token},
        {"Authorization": f"Bearer {token}"},
        {"X-IDENTITY-HEADER": token, "Authorization": f"Bearer {token}"},
    ):
        answer = get(consented, ASKED, **headers)
        assert answer.status_code == httpx.codes.OK
        assert answer.headers["cache-control"] == "no-store"
        assert isinstance(answer.json()["expires_on"], str)
    differing = get(consented, ASKED, **{"X-IDENTITY-HEADER": token, "Authorization": f"Bearer {other}"})
    assert differing.status_code == httpx.codes.BAD_REQUEST
    assert set(differing.json()) == {"statusCode", "message"}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (f"resource={GRAPH}", "api-version"),
        (f"api-version=2017-09-01&resource={GRAPH}", "api-version"),
        ("api-version=2019-08-01", "resource"),
        ("api-version=2019-08-01&resource=nonsense", "resource"),
        (f"{ASKED}&resource={ARM}", "resource"),
        (f"{ASKED}&secret=1", "Unknown parameter"),
        (f"{ASKED}&client_id=00000000-0000-0000-0000-000000000000", "client_id"),
    ],
)
def test_what_is_wrong_in_the_query_is_named_in_the_shape_that_sdks_show(
    consented: StackState, query: str, named: str
) -> None:
    token = Workload(state=consented, name="reports").assertion()
    answer = get(consented, query, **{"X-IDENTITY-HEADER": token})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["statusCode"] == httpx.codes.BAD_REQUEST
    assert named in answer.json()["message"]


def test_without_a_token_nothing_is_given(consented: StackState) -> None:
    for headers in ({}, {"X-IDENTITY-HEADER": "not-a-token"}):
        answer = get(consented, ASKED, **headers)
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_clients_own_name_for_itself_is_accepted(consented: StackState) -> None:
    """azure-identity sends client_id when a user-assigned identity was chosen by it."""
    reports = Workload(state=consented, name="reports")
    own = claims_of(reports.assertion())
    for selector in (f"client_id={own['azp']}", f"object_id={own['oid'].upper()}"):
        assert get(consented, f"{ASKED}&{selector}", **{"X-IDENTITY-HEADER": reports.assertion()}).is_success


def test_a_stack_of_ones_own_refuses_after_a_withdrawal(make_stack: StackMaker) -> None:
    with make_stack() as state, Person() as person:
        operator = Workload(state=state, name="operator")
        person.consent(operator.link(), ADMIN)
        token = Workload(state=state, name="reports").assertion()
        assert get(state, ASKED, **{"X-IDENTITY-HEADER": token}).is_success
        operator.call("DELETE", "consents/partner")
        assert "consent_withdrawn" in get(state, ASKED, **{"X-IDENTITY-HEADER": token}).json()["message"]
