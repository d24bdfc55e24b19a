"""A job of GitHub or Azure Pipelines as itself: its platform's token becomes one of Entra ID, fresh each time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from azure.core.exceptions import ClientAuthenticationError

from local.state import StackState
from local.workload import Workload
from local.world import BROKER_API, PARTNER_APPLICATION, PARTNER_TENANT
from partner_token.github import GitHubCredential
from tests.clients.python.answers import Service, answering
from tests.clients.python.people import Shell

NOT_ALLOWED, AWAY = 4, 3
SCOPE = f"api://{BROKER_API}/.default"
JOB_TOKEN = "the-jobs-own-token"


def asserted(state: StackState) -> str:
    """What the stack's Entra ID takes as the platform's token: the partner application trusts this identity."""
    return Workload(state=state, name="broker").assertion("api://AzureADTokenExchange")


@contextmanager
def github(state: StackState, answer: object | None = None) -> Iterator[tuple[Service, dict[str, str]]]:
    """GitHub's endpoint, and what its runner sets."""
    with answering({"/token": {"value": asserted(state)} if answer is None else answer}) as service:
        yield (
            service,
            {
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{service.url}/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": JOB_TOKEN,
                "AZURE_TENANT_ID": PARTNER_TENANT,
                "AZURE_CLIENT_ID": PARTNER_APPLICATION,
                **of_entra(state),
            },
        )


def of_entra(state: StackState) -> dict[str, str]:
    return {"AZURE_AUTHORITY_HOST": state.entra, "REQUESTS_CA_BUNDLE": str(state.ca_file)}


def test_a_github_job_reaches_the_broker_as_its_own_identity(shell: Shell, consented: StackState) -> None:
    """The stack's one federated application has no role of the broker, and this is what the broker says."""
    with github(consented) as (service, environment):
        done = shell.run(None, "partner-token", "contoso", "graph", **environment)
        named = shell.run(None, "partner-token", "--identity", "github", "contoso", "graph", **environment)
    assert (done.returncode, named.returncode) == (NOT_ALLOWED, NOT_ALLOWED)
    assert "role_missing" in done.stderr
    assert "role_missing" in named.stderr
    (first, _) = service.asked
    assert first == ("GET", "/token?api-version=2.0&audience=api://AzureADTokenExchange", f"bearer {JOB_TOKEN}")
    assert JOB_TOKEN not in done.stdout + done.stderr


def test_each_token_of_entra_id_takes_a_fresh_one_of_the_job(
    consented: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github(consented) as (service, environment):
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        credential = GitHubCredential(environment)
        credential.get_token(SCOPE)
        assert credential.get_token_info("https://graph.microsoft.com/.default").token
        credential.close()
    assert len(service.asked) == 2


@pytest.mark.parametrize("answer", [403, {}, {"value": ""}, {"value": 1}, ["value"]], ids=str)
def test_a_platform_that_gives_no_token_is_told_without_its_address(
    consented: StackState, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github(consented, answer) as (service, environment):
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        with pytest.raises(ClientAuthenticationError, match="gave the job no token") as refused:
            GitHubCredential(environment).get_token(SCOPE)
    assert service.url not in str(refused.value)


def test_a_platform_that_is_away_is_away(shell: Shell, consented: StackState) -> None:
    with github(consented) as (_, environment):
        gone = environment | {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/token?secret=in-the-address"}
        done = shell.run(None, "partner-token", "contoso", "graph", **gone)
    assert (done.returncode, "in-the-address" in done.stderr) == (AWAY, False)


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        ("https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        ("https://login.partner.microsoftonline.cn", "api://AzureADTokenExchangeChina"),
        ("https://login.microsoftonline.com", "api://AzureADTokenExchange"),
    ],
)
def test_each_cloud_takes_the_jobs_token_for_its_own_audience(
    consented: StackState, host: str, audience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github(consented, 403) as (service, environment):
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", host)
        credential = GitHubCredential({**environment, "AZURE_AUTHORITY_HOST": host})
        with pytest.raises(ClientAuthenticationError):
            credential._assertion()
    assert service.asked[0][1].endswith(f"&audience={audience}")


def of_pipelines(state: StackState, service: Service) -> Mapping[str, str]:
    """What a task of Azure Pipelines with a service connection has."""
    return {
        "SYSTEM_OIDCREQUESTURI": f"{service.url}/oidc",
        "SYSTEM_ACCESSTOKEN": JOB_TOKEN,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection",
        "AZURESUBSCRIPTION_TENANT_ID": PARTNER_TENANT,
        "AZURESUBSCRIPTION_CLIENT_ID": PARTNER_APPLICATION,
        **of_entra(state),
    }


def test_a_job_of_azure_pipelines_reaches_the_broker_as_its_own_identity(shell: Shell, consented: StackState) -> None:
    with answering({"/oidc": {"oidcToken": asserted(consented)}}) as service:
        environment = of_pipelines(consented, service)
        done = shell.run(None, "partner-token", "contoso", "graph", "--identity", "pipelines", **environment)
    assert (done.returncode, "role_missing" in done.stderr) == (NOT_ALLOWED, True)
    ((method, path, header),) = service.asked
    assert (method, "serviceConnectionId=connection" in path, header) == ("POST", True, f"Bearer {JOB_TOKEN}")
