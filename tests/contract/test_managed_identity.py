"""The identity endpoint on loopback, held to azure-identity's unmodified ManagedIdentityCredential."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from local.managed_identity import FromAzLogin, TokenSource, arm_id, run
from local.processes import start, stop
from local.signing import SigningKeys
from local.state import StackState
from local.world import ADMIN, BROKER_API, DEFAULT_WORLD, KEY_VAULT, PARTNER_TENANT, TOKEN_EXCHANGE

DAY = 24 * 60 * 60
AZ = """#!/bin/sh
case "$*" in
  "account get-access-token --resource https://vault.azure.net --output json")
    echo '{"accessToken": "token-of-az", "expiresOn": "2030-01-01 00:00:00.000000", "expires_on": 1893456000,
           "subscription": "s", "tenant": "t", "tokenType": "Bearer"}' ;;
  *) echo "WARNING: something else" >&2; echo "ERROR: AADSTS500011: not found: $*" >&2; exit 1 ;;
esac
"""


@contextmanager
def serving(folder: Path, source: TokenSource | None = None) -> Iterator[StackState]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        state = make_state(folder, port=listening.getsockname()[1])
        process = start(run, state, listening, source)
    try:
        yield state
    finally:
        stop(process)


def make_state(folder: Path, *, port: int) -> StackState:
    nowhere = "https://localhost:1"
    state = StackState(
        folder=folder,
        host=nowhere,
        entra="https://localhost:8443",
        entra_browser=nowhere,
        token_vault=nowhere,
        policy_vault=nowhere,
        managed_identity=f"http://127.0.0.1:{port}",
        keeps_ledger=True,
    )
    SigningKeys(state.signing_keys_folder).rotate()
    return state


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    with serving(tmp_path_factory.mktemp("stack")) as served:
        yield served


@contextmanager
def credential_of(
    identity: str, state: StackState, monkeypatch: pytest.MonkeyPatch, client_id: str | None = None
) -> Iterator[ManagedIdentityCredential]:
    """The credential as a workload with this identity makes it."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{state.managed_identity}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", state.identity_headers[identity])
    with ManagedIdentityCredential(client_id=client_id) as credential:
        yield credential


def claims_of(token: str, state: StackState, audience: str) -> dict[str, Any]:
    return SigningKeys(state.signing_keys_folder).verify(token, audience=audience)


def ask(state: StackState, identity: str = "reports", **changed: str) -> httpx.Response:
    query = {"api-version": "2019-08-01", "resource": "https://vault.azure.net"} | changed
    headers = {"X-IDENTITY-HEADER": state.identity_headers[identity]}
    parameters = {name: value for name, value in query.items() if value}
    return httpx.get(f"{state.managed_identity}/msi/token", params=parameters, headers=headers)


def test_the_header_selects_the_identity_and_its_roles_on_the_broker_api(
    state: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with credential_of("reports", state, monkeypatch) as credential:
        token = credential.get_token(f"api://{BROKER_API}/.default")
    claims = claims_of(token.token, state, BROKER_API)
    reports = DEFAULT_WORLD.identity("reports")
    assert claims["iss"] == f"{state.entra}/{PARTNER_TENANT}/v2.0"
    assert claims["oid"] == claims["sub"] == reports.object_id
    assert (claims["azp"], claims["tid"]) == (reports.client_id, PARTNER_TENANT)
    assert (claims["roles"], claims["idtyp"], claims["ver"]) == (["Token.Issue"], "app", "2.0")
    assert claims["xms_mirid"] == arm_id(reports)
    assert "scp" not in claims
    assert abs(token.expires_on - time.time() - DAY) < 5


def test_an_identity_without_roles_gets_a_token_without_roles(
    state: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with credential_of("stranger", state, monkeypatch) as credential:
        token = credential.get_token(f"{BROKER_API}/.default")
    assert "roles" not in claims_of(token.token, state, BROKER_API)


def test_a_version_1_audience_is_the_resource_as_it_was_asked_for(state: StackState) -> None:
    for resource in ("https://vault.azure.net", "https://vault.azure.net/", "https://management.azure.com/", KEY_VAULT):
        response = ask(state, resource=resource)
        claims = claims_of(response.json()["access_token"], state, resource)
        assert (claims["iss"], claims["ver"]) == (f"https://sts.windows.net/{PARTNER_TENANT}/", "1.0")
        assert claims["appid"] == DEFAULT_WORLD.identity("reports").client_id
        assert "roles" not in claims


def test_the_token_for_token_exchange_is_a_client_assertion(state: StackState, monkeypatch: pytest.MonkeyPatch) -> None:
    with credential_of("broker", state, monkeypatch) as credential:
        token = credential.get_token(f"{TOKEN_EXCHANGE}/.default").token
    claims = claims_of(token, state, TOKEN_EXCHANGE)
    assert claims["iss"] == f"{state.entra}/{PARTNER_TENANT}/v2.0"
    assert claims["sub"] == DEFAULT_WORLD.identity("broker").object_id
    assert f"client_assertion {token}" in state.ledger_file.read_text().splitlines()
    slashed = ask(state, "broker", resource=f"{TOKEN_EXCHANGE}/").json()["access_token"]
    assert claims_of(slashed, state, TOKEN_EXCHANGE)["aud"] == TOKEN_EXCHANGE


def test_the_answer_has_the_shape_of_app_service(state: StackState) -> None:
    response = ask(state)
    body = response.json()
    assert set(body) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert body["expires_on"].isdigit()
    assert (body["resource"], body["token_type"]) == ("https://vault.azure.net", "Bearer")
    assert response.headers["cache-control"] == "no-store, no-cache"


@pytest.mark.parametrize("selector", ["client_id", "object_id", "principal_id", "mi_res_id"])
def test_a_selector_must_name_the_identity_of_the_header(state: StackState, selector: str) -> None:
    reports = DEFAULT_WORLD.identity("reports")
    own = {
        "client_id": reports.client_id,
        "object_id": reports.object_id,
        "principal_id": reports.object_id,
        "mi_res_id": arm_id(reports),
    }
    assert ask(state, **{selector: own[selector].upper()}).status_code == 200
    refused = ask(state, **{selector: ADMIN.object_id})
    assert refused.status_code == refused.json()["statusCode"] == 400
    assert selector in refused.json()["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"resource": ""},
        {"resource": "https://nothing.example"},
        {"resource": "--help"},
        {"resource": "https://vault.azure.net --debug"},
        {"api-version": ""},
        {"api-version": "2017-09-01"},
    ],
)
def test_a_request_that_is_not_understood_is_400(state: StackState, changed: dict[str, str]) -> None:
    response = ask(state, **changed)
    assert response.status_code == 400
    assert set(response.json()) == {"statusCode", "message"}


def test_a_wrong_header_and_a_wrong_client_id_make_the_credential_unavailable(
    state: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        credential_of("broker", state, monkeypatch, client_id=ADMIN.object_id) as credential,
        pytest.raises(CredentialUnavailableError),
    ):
        credential.get_token("https://vault.azure.net/.default")
    with credential_of("broker", state, monkeypatch) as credential:
        monkeypatch.setenv("IDENTITY_HEADER", "wrong")
        with pytest.raises(CredentialUnavailableError):
            credential.get_token("https://vault.azure.net/.default")
    wrong = httpx.get(f"{state.managed_identity}/msi/token", headers={"X-IDENTITY-HEADER": "wrong"})
    assert wrong.status_code == wrong.json()["statusCode"] == 401


def test_the_tokens_of_az_login_come_through_the_same_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    az = tmp_path / "bin" / "az"
    az.parent.mkdir()
    az.write_text(AZ)
    az.chmod(0o700)
    monkeypatch.setenv("PATH", f"{az.parent}:/usr/bin:/bin")
    with serving(tmp_path / "stack", FromAzLogin()) as state:
        with credential_of("broker", state, monkeypatch, client_id=ADMIN.object_id) as credential:
            token = credential.get_token("https://vault.azure.net/.default")
        assert (token.token, token.expires_on) == ("token-of-az", 1893456000)
        refused = ask(state, resource="https://nothing.example")
        assert refused.status_code == 400
        assert refused.json()["message"].startswith("ERROR: AADSTS500011")


def test_without_the_azure_cli_az_login_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with serving(tmp_path / "stack", FromAzLogin()) as state:
        response = ask(state)
    assert (response.status_code, response.json()["message"]) == (500, "The Azure CLI is not on the PATH.")
