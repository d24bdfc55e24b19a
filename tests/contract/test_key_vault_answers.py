"""The Key Vault stand-in, held to what every answer of the service has, from the challenge to the last refusal."""

import logging
from collections.abc import Iterator

import pytest
from azure.core.pipeline import PipelineResponse

from local.world import PARTNER_TENANT
from tests.contract.conftest_key_vault import RunningVaults

VERSION = "api-version=2026-04-01"
ROUTES = [
    ("GET", "/secrets"),
    ("PUT", "/secrets/any"),
    ("DELETE", "/secrets/any"),
    ("GET", "/secrets/any/"),
    ("PATCH", "/secrets/any/"),
    ("GET", "/secrets/any/0123"),
    ("PATCH", "/secrets/any/0123"),
    ("GET", "/secrets/any/versions"),
    ("POST", "/secrets/any/backup"),
    ("POST", "/secrets/restore"),
    ("GET", "/deletedsecrets"),
    ("GET", "/deletedsecrets/any"),
    ("DELETE", "/deletedsecrets/any"),
    ("POST", "/deletedsecrets/any/recover"),
]
NOT_ALLOWED = [
    ("POST", "/secrets"),
    ("PUT", "/secrets/"),
    ("POST", "/secrets/any"),
    ("PUT", "/secrets/any/0123"),
    ("DELETE", "/secrets/any/versions"),
    ("PUT", "/secrets/any/backup"),
    ("PUT", "/deletedsecrets"),
    ("PUT", "/deletedsecrets/any"),
    ("GET", "/deletedsecrets/any/recover"),
    ("HEAD", "/secrets"),
    ("OPTIONS", "/secrets/any"),
    ("TRACE", "/secrets/any"),
]
NOWHERE = [("GET", "/"), ("GET", "/keys"), ("POST", "/secrets/any/0123/backup"), ("GET", "/secret"), ("PUT", "/%2e")]


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVaults]:
    with RunningVaults(tmp_path_factory.mktemp("key-vault")) as running:
        yield running


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *NOT_ALLOWED, *NOWHERE])
@pytest.mark.parametrize("query", [f"?{VERSION}", "?api-version=0", ""])
def test_whoever_is_unknown_gets_the_challenge_and_learns_no_route(
    vaults: RunningVaults, method: str, path: str, query: str
) -> None:
    with vaults.http() as http:
        answer = http.request(method, path + query)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer authorization="{vaults.state.entra}/{PARTNER_TENANT}", resource="https://vault.azure.net"'
    )
    assert method == "HEAD" or answer.json()["error"]["code"] == "Unauthorized"


@pytest.mark.parametrize(("method", "path"), NOT_ALLOWED)
def test_a_method_that_a_path_does_not_have_is_named_in_the_refusal(
    vaults: RunningVaults, method: str, path: str
) -> None:
    with vaults.http(token=vaults.token("vault-administrator")) as http:
        answer = http.request(method, f"{path}?{VERSION}", content=b"")
    assert answer.status_code == 405
    refusal = {"error": {"code": "MethodNotAllowed", "message": f"HTTP {method} not allowed"}}
    assert method == "HEAD" or answer.json() == refusal


@pytest.mark.parametrize(("method", "path"), NOWHERE)
def test_a_path_that_is_none_of_the_service_is_not_found(vaults: RunningVaults, method: str, path: str) -> None:
    with vaults.http(token=vaults.token("vault-administrator")) as http:
        answer = http.request(method, f"{path}?{VERSION}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


def test_a_slash_at_the_end_changes_nothing(vaults: RunningVaults) -> None:
    with vaults.http(token=vaults.token()) as http:
        written = http.put(f"/secrets/slashed/?{VERSION}", json={"value": "1"}).json()
        for path in ("/secrets/slashed", "/secrets/slashed/", written["id"], f"{written['id']}/"):
            assert http.get(f"{path}?{VERSION}").json() == written
        versions = [http.get(f"/secrets/slashed/versions{end}?{VERSION}").json() for end in ("", "/")]
        assert versions[0] == versions[1]
        assert [version["id"] for version in versions[0]["value"]] == [written["id"]]


def test_names_that_are_words_of_the_service_are_names_all_the_same(vaults: RunningVaults) -> None:
    client = vaults.client()
    for name in ("restore", "backup", "versions"):
        client.set_secret(name, name)
        assert client.get_secret(name).value == name
        assert [version.name for version in client.list_properties_of_secret_versions(name)] == [name]


def test_every_answer_names_itself_and_may_not_be_stored(vaults: RunningVaults) -> None:
    token, stranger = vaults.token("vault-administrator"), vaults.token("reports")
    requests = [
        ("PUT", "/secrets/described", token, 200),
        ("GET", "/secrets/described", token, 200),
        ("GET", "/secrets", token, 200),
        ("POST", "/secrets/restore", token, 400),
        ("GET", "/secrets/described", None, 401),
        ("GET", "/nothing-here", None, 401),
        ("GET", "/secrets/described", stranger, 403),
        ("GET", "/secrets/absent", token, 404),
        ("GET", "/nothing-here", token, 404),
        ("POST", "/secrets/described", token, 405),
        ("DELETE", "/secrets/described", token, 200),
        ("PUT", "/secrets/described", token, 409),
        ("DELETE", "/deletedsecrets/described", token, 204),
    ]
    ids = set()
    with vaults.http() as http:
        for number, (method, path, bearer, status) in enumerate(requests):
            headers = {"x-ms-client-request-id": f"asked-{number}"}
            if bearer is not None:
                headers["authorization"] = f"Bearer {bearer}"
            answer = http.request(method, f"{path}?{VERSION}", headers=headers, json={"value": "x"})
            assert answer.status_code == status, (method, path)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-ms-client-request-id"] == f"asked-{number}"
            for name in ("region", "service-version", "network-info"):
                assert answer.headers[f"x-ms-keyvault-{name}"]
            ids.add(answer.headers["x-ms-request-id"])
        assert "x-ms-client-request-id" not in http.get("/secrets").headers
    assert len(ids) == len(requests)


def test_the_sdk_sees_the_id_of_an_answer(vaults: RunningVaults) -> None:
    seen: list[str] = []

    def look(response: PipelineResponse[object, object]) -> None:
        seen.append(getattr(response.http_response, "headers")["x-ms-request-id"])  # noqa: B009 - typed as an object

    vaults.client().set_secret("seen", "1", raw_response_hook=look)
    assert len(seen) == 1


def test_neither_the_sdk_nor_the_stand_in_logs_a_value_or_a_token(
    vaults: RunningVaults, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = vaults.token("vault-administrator")
    client = vaults.client("vault-administrator")
    client.set_secret("logged", "a-value-nobody-logs")
    backup = client.backup_secret("logged")
    client.begin_delete_secret("logged").wait()
    client.purge_deleted_secret("logged")
    client.restore_secret_backup(backup)
    vaults.fault(path="/secrets/logged/", status=503)
    assert client.get_secret("logged").value == "a-value-nobody-logs"
    logged = caplog.text + vaults.state.log_file("key_vault").read_text()
    assert "x-ms-keyvault-region" in logged
    for hidden in ("a-value-nobody-logs", token, backup.decode()):
        assert hidden not in logged
