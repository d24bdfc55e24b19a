"""The broker's own identity: asked for once by many, and told apart from the services it opens."""

import threading
import time
from collections.abc import Iterator

import pytest

from local.state import StackState
from local.world import DEFAULT_WORLD, PARTNER_TENANT
from shared.entra.managed_identity import FAILURE_SECONDS, BrokerIdentity
from shared.errors import IdentityUnavailable
from shared.key_vault import KeyVault
from shared.keys.signed_claims import unverified_claims
from shared.vault_errors import VaultUnavailable
from tests.local_control import Controls

BROKER = DEFAULT_WORLD.identity("broker")
EXCHANGE = "api://AzureADTokenExchange"
VAULT = "https://vault.azure.net/.default"
TOKENS = "GET", "/msi/token"


@pytest.fixture
def endpoint(stack: StackState) -> Iterator[Controls]:
    controls = Controls(stack, stack.managed_identity)
    controls.clear("requests")
    yield controls
    controls.clear("faults")


@pytest.fixture
def identity(as_broker: None) -> BrokerIdentity:  # noqa: ARG001 - the platform's variables
    return BrokerIdentity(BROKER.client_id)


def test_the_assertion_of_the_application_is_the_identitys_own_token(identity: BrokerIdentity) -> None:
    claims = unverified_claims(identity.federated_assertion(EXCHANGE))
    assert (claims["sub"], claims["aud"], claims["tid"]) == (BROKER.object_id, EXCHANGE, PARTNER_TENANT)


def test_many_threads_at_a_cold_start_make_one_request(identity: BrokerIdentity, endpoint: Controls) -> None:
    endpoint.post("faults", {"delay": 0.1})
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(identity.get_token(VAULT).token)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 16
    assert len(set(tokens)) == 1
    assert endpoint.requests()[TOKENS] == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "body": {"statusCode": 400, "message": "the endpoint's own words"}},
        {"status": 401, "body": None},
        {"status": 500, "body": None},
        {"status": 200, "body": {}},
        {"status": 200, "body": "junk"},
        {"drop": "before"},
    ],
    ids=str,
)
def test_an_identity_that_gives_no_token_is_told_apart_from_the_vault(
    identity: BrokerIdentity, endpoint: Controls, stack: StackState, fault: dict[str, object]
) -> None:
    endpoint.post("faults", {**fault, "times": -1})
    with pytest.raises(IdentityUnavailable) as told:
        KeyVault(stack.token_vault, identity, trusted_ca_file=str(stack.ca_file)).get("x")
    assert told.value.detail == ""
    with pytest.raises(IdentityUnavailable):
        identity.federated_assertion(EXCHANGE)


def test_a_failure_is_shared_for_a_moment_and_then_forgotten(as_broker: None, endpoint: Controls) -> None:  # noqa: ARG001 - the platform's variables
    moment = [1000.0]
    identity = BrokerIdentity(BROKER.client_id, monotonic=lambda: moment[0])
    endpoint.post("faults", {"status": 400, "body": {"statusCode": 400, "message": "no"}, "times": 1})
    with pytest.raises(IdentityUnavailable):
        identity.get_token(VAULT)
    asked = endpoint.requests()[TOKENS]
    moment[0] += FAILURE_SECONDS - 1
    with pytest.raises(IdentityUnavailable):
        identity.get_token(VAULT)
    assert endpoint.requests()[TOKENS] == asked
    assert identity.federated_assertion(EXCHANGE), "another audience is another question"
    moment[0] += 1
    assert identity.get_token(VAULT).expires_on > time.time()


def test_an_identity_the_app_does_not_have_gives_no_token(as_broker: None) -> None:  # noqa: ARG001 - the platform's variables
    with pytest.raises(IdentityUnavailable):
        BrokerIdentity("ffff0000-1111-4222-8333-444444449999").get_token(VAULT)


def test_an_app_without_any_identity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    with pytest.raises(IdentityUnavailable) as told:
        BrokerIdentity(None).get_token(VAULT)
    assert not isinstance(told.value, VaultUnavailable)
