"""What a new stack comes with: who its identities are and what they may, and the secrets it begins with."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import jwt
import pytest
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from local.stack import identity_environment
from local.state import StackState
from local.workload import Workload
from local.world import CONTOSO, DEFAULT_WORLD, PARTNER_APPLICATION


@pytest.fixture
def administrator(stack: StackState, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, SecretClient]]:
    """The SDK's clients for both vaults, as the identity `vault-administrator`."""
    for name, text in identity_environment(stack, "vault-administrator").items():
        monkeypatch.setenv(name, text)
    with ExitStack() as opened:
        credential = opened.enter_context(ManagedIdentityCredential())
        yield {
            url: opened.enter_context(
                SecretClient(url, credential, verify_challenge_resource=False, connection_verify=str(stack.ca_file))
            )
            for url in (stack.token_vault, stack.policy_vault)
        }


def test_the_vault_administrator_may_do_everything_in_both_vaults(administrator: dict[str, SecretClient]) -> None:
    for client in administrator.values():
        version = client.set_secret("by-the-administrator", "1").properties.version
        client.update_secret_properties("by-the-administrator", version, tags={"a": "b"})
        assert "by-the-administrator" in {listed.name for listed in client.list_properties_of_secrets()}
        client.begin_delete_secret("by-the-administrator").wait()
        client.begin_recover_deleted_secret("by-the-administrator").wait()
        assert client.get_secret("by-the-administrator").value == "1"
        client.begin_delete_secret("by-the-administrator").wait()
        client.purge_deleted_secret("by-the-administrator")


def test_the_policy_vault_begins_with_the_grant_set_that_customers_have_consented_to(
    stack: StackState, administrator: dict[str, SecretClient]
) -> None:
    grants = json.loads(administrator[stack.policy_vault].get_secret("application-grants").value or "")
    assert grants["display_name"] == "Fabrikam partner application"
    wanted = {scope for grant in grants["grants"] for scope in grant["scopes"]}
    consented = DEFAULT_WORLD.consents[CONTOSO][PARTNER_APPLICATION].values()
    assert wanted <= {scope for scopes in consented for scope in scopes}
    assert [grant["resource"] for grant in grants["grants"]] == ["graph", "arm", "exchange"]


def test_provisioning_has_the_role_over_customers_and_no_other(stack: StackState) -> None:
    unverified = Workload(state=stack, name="provisioning").assertion()
    claims = jwt.decode(unverified, options={"verify_signature": False})
    assert claims["roles"] == ["Customers.Manage"]
