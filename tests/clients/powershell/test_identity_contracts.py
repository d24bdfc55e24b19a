"""The requests for a token of one's own against Azure's own library: the same address, query, headers and fields."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import AzurePipelinesCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from tests.clients.powershell.contracts import contracts, filled

BROKER = "api://cccc0000-1111-4222-8333-444444440002"
ARC_ENDPOINT = "http://localhost:40342/metadata/identity/oauth2/token"
RECORDED = {contract.name: contract for contract in contracts()}
TENANT, CLIENT = RECORDED["federation"].arguments["Tenant"], RECORDED["federation"].arguments["ClientId"]
OPEN = {
    "identity endpoint": "http://127.0.0.1:41000/msi/token",
    "identity header": "header",
    "entra": "https://login.microsoftonline.com",
    "assertion": "assertion",
    "service connection": "connection",
    "job token": "job-token",
}


class NoAnswer(AzureError):
    """Ends the library's attempt once the request was seen."""


class Overheard(HttpTransport[HttpRequest, HttpResponse]):
    """Takes requests instead of a network, and answers none."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # noqa: ANN401 - azure-core's signature
        self.requests.append(request)
        raise NoAnswer("overheard")

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...


def managed(transport: Overheard) -> TokenCredential:
    return ManagedIdentityCredential(transport=transport, retry_total=0)


def pipelines(transport: Overheard) -> TokenCredential:
    return AzurePipelinesCredential(
        tenant_id=TENANT,
        client_id=CLIENT,
        service_connection_id="connection",
        system_access_token="job-token",
        transport=transport,
        retry_total=0,
    )


def workload(transport: Overheard) -> TokenCredential:
    return WorkloadIdentityCredential(transport=transport, retry_total=0, disable_instance_discovery=True)


# Recording -> the library's credential, and the variables that make it that one.
CASES: Mapping[str, tuple[Callable[[Overheard], TokenCredential], Mapping[str, str]]] = {
    "App Service": (
        managed,
        {"IDENTITY_ENDPOINT": OPEN["identity endpoint"], "IDENTITY_HEADER": OPEN["identity header"]},
    ),
    "Azure Arc, challenge": (managed, {"IDENTITY_ENDPOINT": ARC_ENDPOINT, "IMDS_ENDPOINT": "http://localhost:40342"}),
    "virtual machine": (managed, {}),
    "Azure Pipelines": (
        pipelines,
        {"SYSTEM_OIDCREQUESTURI": RECORDED["Azure Pipelines"].arguments["OidcUri"]},
    ),
}


@pytest.fixture(autouse=True)
def nothing_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any identity."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", CASES)
def test_azures_own_library_sends_the_same_request(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, variables = CASES[name]
    for variable, content in variables.items():
        monkeypatch.setenv(variable, content)
    overheard = Overheard()
    with pytest.raises(AzureError):
        make(overheard).get_token(f"{BROKER}/.default")
    theirs, ours = overheard.requests[0], filled(RECORDED[name].request, OPEN)
    assert (theirs.method, theirs.url.partition("?")[0]) == (ours["method"], ours["url"])
    assert dict(parse_qsl(urlsplit(theirs.url).query)) == ours["query"]
    assert {header: theirs.headers[header] for header in ours["headers"]} == ours["headers"]
    assert json.loads(theirs.content or "{}") == ours.get("json", {})


def test_azures_own_library_federates_with_the_same_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("assertion")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
    overheard = Overheard()
    with pytest.raises(AzureError):
        workload(overheard).get_token(f"{BROKER}/.default")
    theirs, ours = overheard.requests[-1], filled(RECORDED["federation"].request, OPEN)
    assert (theirs.method, theirs.url) == (ours["method"], ours["url"])
    assert dict(theirs.content.items()) == ours["form"]
