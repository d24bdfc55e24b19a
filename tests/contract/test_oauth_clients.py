"""The OAuth dialect against what people have, with host and identity changed: forms, MSAL for Python, authlib.

Over TLS, as in Azure: MSAL speaks nothing else. Once on our own host, once on the real one.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import msal
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from local.demo import claims_of
from local.person import Person
from local.ports import port_of
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_APPLICATION
from tests.end_to_end.real_host.tls_front import tls_front
from tests.programs import require
from token_http.oauth_dialect import EXCHANGE, JWT

GRAPH = "https://graph.microsoft.com"
# As they stand in the old script.
OLD = {"grant_type": "refresh_token", "client_id": PARTNER_APPLICATION, "client_secret": "s", "refresh_token": "r"}


class Broker:
    """The broker's public address, and who asks."""

    def __init__(self, state: StackState, port: int) -> None:
        self.url = f"https://localhost:{port}"
        self.authority_file = str(state.ca_file)
        self.reports, self.intruder = (Workload(state=state, name=name) for name in ("reports", "intruder"))

    def post(self, path: str, form: dict[str, str]) -> requests.Response:
        """The old script's request, its host changed and its identity added."""
        headers = {"Authorization": f"Bearer {self.reports.assertion()}"}
        return requests.post(f"{self.url}/{path}", data=form, headers=headers, verify=self.authority_file, timeout=60)

    def msal(self, tenant: str, workload: Workload) -> msal.ConfidentialClientApplication:
        """MSAL's client, whose assertion is a callable and whose authority is the broker."""
        http_client = requests.Session()
        # Not the machine's own, which a variable of the environment may name and which would come first.
        http_client.verify, http_client.trust_env = self.authority_file, False
        return msal.ConfidentialClientApplication(
            PARTNER_APPLICATION,
            client_credential={"client_assertion": workload.assertion},
            oidc_authority=f"{self.url}/api/{tenant}/v2.0",
            http_client=http_client,
        )

    def authlib(self, **options: Any) -> OAuth2Session:  # noqa: ANN401 - authlib's own
        """A session of authlib's, which is one of requests'."""
        session = OAuth2Session(PARTNER_APPLICATION, "old-secret", **options)
        session.verify, session.trust_env = self.authority_file, False
        return session


@pytest.fixture(scope="module", params=["local", "func"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    on_func = request.param == "func"
    if on_func:
        require("func", "azurite")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        public = port_of(listening)
        settings = {"PUBLIC_URL": f"https://localhost:{public}", "AzureWebJobs.refresh.Disabled": "true"}
        folder = tmp_path_factory.mktemp("oauth") / "state"
        with running_stack(folder, on_func=on_func, settings=settings) as state:
            port = int(state.host.rpartition(":")[2])
            with tls_front(listening, port=port, certificate=state.certificate_file, key=state.certificate_key_file):
                with Person(trust=ssl.create_default_context(cafile=state.ca_file)) as person:
                    assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
                yield Broker(state, public)


def test_a_form_for_version_2_works_with_host_and_identity_changed(broker: Broker) -> None:
    answer = broker.post(f"api/{CONTOSO}/oauth2/v2.0/token", {**OLD, "scope": f"{GRAPH}/.default offline_access"})
    assert answer.status_code == 200, answer.text
    claims = claims_of(answer.json()["access_token"])
    assert (claims["tid"], claims["aud"]) == (CONTOSO, GRAPH)


def test_a_form_for_version_1_works_with_host_and_identity_changed(broker: Broker) -> None:
    answer = broker.post(f"api/{NORTHWIND}/oauth2/token?api-version=1.0", {**OLD, "resource": GRAPH})
    assert answer.status_code == 200, answer.text
    assert claims_of(answer.json()["access_token"])["tid"] == NORTHWIND
    assert isinstance(answer.json()["expires_on"], str)


def test_msal_works_unmodified(broker: Broker) -> None:
    application = broker.msal("contoso", broker.reports)
    result = application.acquire_token_by_refresh_token("the-old-one", scopes=[f"{GRAPH}/.default"])
    assert "error" not in result, result
    claims = claims_of(result["access_token"])
    assert (claims["tid"], claims["aud"]) == (CONTOSO, GRAPH)
    assert 0 < result["expires_in"] <= 90 * 60
    assert "refresh_token" not in result


def test_msal_gets_a_token_of_the_application_as_it_would_with_a_secret_of_its_own(broker: Broker) -> None:
    result = broker.msal("contoso", broker.reports).acquire_token_for_client(scopes=[f"{GRAPH}/.default"])
    assert "error" not in result, result
    claims = claims_of(result["access_token"])
    assert (claims["tid"], claims["appid"], claims["idtyp"]) == (CONTOSO, PARTNER_APPLICATION, "app")
    refused = broker.msal("contoso", broker.intruder).acquire_token_for_client(scopes=[f"{GRAPH}/.default"])
    assert refused["error"] == "unauthorized_client"


def test_msal_hands_on_what_the_broker_refuses(broker: Broker) -> None:
    result = broker.msal("contoso", broker.intruder).acquire_token_by_refresh_token("x", scopes=[f"{GRAPH}/.default"])
    assert result["error"] == "unauthorized_client"
    assert "policy" in result["error_description"]


def test_authlib_works_with_the_identity_as_a_header(broker: Broker) -> None:
    with broker.authlib(token_endpoint_auth_method="client_secret_post", scope=f"{GRAPH}/.default openid") as session:
        token = session.fetch_token(
            f"{broker.url}/api/contoso/oauth2/v2.0/token",
            grant_type="refresh_token",
            refresh_token="the-old-one",
            headers={"Authorization": f"Bearer {broker.reports.assertion()}"},
        )
    assert claims_of(token["access_token"])["tid"] == CONTOSO
    assert not token.is_expired()
    assert token["warning"].startswith("Ignored: client_id, client_secret, refresh_token.")


def test_authlib_exchanges_a_token(broker: Broker) -> None:
    asked = {"grant_type": EXCHANGE, "subject_token_type": JWT, "resource": GRAPH}
    with broker.authlib() as session:  # it sends client and secret as Basic
        url = f"{broker.url}/api/contoso/oauth2/v2.0/token"
        token = session.fetch_token(url, subject_token=broker.reports.assertion(), **asked)
        assert claims_of(token["access_token"])["aud"] == GRAPH
        with pytest.raises(OAuthError) as refused:
            session.fetch_token(url, subject_token="no-token", **asked)
    assert refused.value.error == "invalid_request"
