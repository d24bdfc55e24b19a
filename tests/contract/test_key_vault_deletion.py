"""The Key Vault stand-in, held to the real SDK's words about deleted secrets: listed, recovered and purged."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from tests.contract.conftest_key_vault import RunningVaults

NAMES = [f"listed-{number}" for number in range(7)]


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVaults]:
    seeds = {"policy_vault": dict.fromkeys(NAMES, "x")}
    with RunningVaults(tmp_path_factory.mktemp("key-vault"), seeds=seeds) as running:
        yield running


@pytest.fixture
def client(vaults: RunningVaults) -> SecretClient:
    return vaults.client("vault-administrator")


def test_deleted_secrets_are_listed_in_pages_until_they_are_recovered(vaults: RunningVaults) -> None:
    client = vaults.client("vault-administrator", vault="policy_vault")
    before = {name: client.get_secret(name).properties for name in NAMES}
    for name in NAMES:
        client.begin_delete_secret(name).wait()
    pages = [list(page) for page in client.list_deleted_secrets(max_page_size=3).by_page()]
    assert [[secret.name for secret in page] for page in pages] == [NAMES[:3], NAMES[3:6], NAMES[6:]]
    for secret in (secret for page in pages for secret in page):
        assert secret.recovery_id == f"{vaults.state.policy_vault}/deletedsecrets/{secret.name}"
        assert None not in (secret.deleted_date, secret.scheduled_purge_date)
        assert secret.properties.version is None
        assert secret.properties.created_on == before[secret.name or ""].created_on
    assert list(client.list_properties_of_secrets()) == []
    for name in NAMES:
        client.begin_recover_deleted_secret(name).wait()
    assert list(client.list_deleted_secrets()) == []
    assert {name: client.get_secret(name).properties.version for name in NAMES} == {
        name: properties.version for name, properties in before.items()
    }


def test_a_deletion_ends_when_the_deleted_secret_can_be_read(client: SecretClient) -> None:
    written = client.set_secret("polled", "1", tags={"a": "b"})
    deletion = client.begin_delete_secret("polled")
    assert deletion.result().id == written.id
    deletion.wait()
    assert deletion.done()
    found = client.get_deleted_secret("polled")
    assert (found.id, found.name, found.properties.tags) == (written.id, "polled", {"a": "b"})
    recovery = client.begin_recover_deleted_secret("polled")
    assert recovery.result().id == written.id
    recovery.wait()
    assert recovery.done()


def test_a_purged_secret_is_gone_with_its_versions_and_its_name_is_free(client: SecretClient) -> None:
    client.set_secret("purged", "1")
    client.begin_delete_secret("purged").wait()
    client.purge_deleted_secret("purged")
    for refused in (client.get_deleted_secret, client.purge_deleted_secret, client.begin_recover_deleted_secret):
        with pytest.raises(ResourceNotFoundError, match="Deleted Secret not found: purged"):
            refused("purged")
    assert "purged" not in {secret.name for secret in client.list_deleted_secrets()}
    written = client.set_secret("purged", "2")
    assert [version.id for version in client.list_properties_of_secret_versions("purged")] == [written.id]


def test_a_secret_that_is_not_deleted_cannot_be_purged_or_recovered(client: SecretClient) -> None:
    written = client.set_secret("alive", "1")
    for refused in (client.purge_deleted_secret, client.begin_recover_deleted_secret):
        with pytest.raises(ResourceNotFoundError):
            refused("alive")
    assert client.get_secret("alive").id == written.id


def test_a_deleted_secret_has_no_versions_to_list_and_none_to_read_or_update(client: SecretClient) -> None:
    written = client.set_secret("buried", "1")
    client.begin_delete_secret("buried").wait()
    assert list(client.list_properties_of_secret_versions("buried")) == []
    for refused in (client.get_secret, client.update_secret_properties):
        with pytest.raises(ResourceNotFoundError):
            refused("buried", written.properties.version)


def test_a_deleted_secret_that_was_disabled_is_listed_and_not_read(client: SecretClient) -> None:
    client.set_secret("hidden", "1", enabled=False)
    client.begin_delete_secret("hidden").wait()  # the SDK takes the 403 for the end of the deletion
    assert "hidden" in {secret.name for secret in client.list_deleted_secrets()}
    with pytest.raises(HttpResponseError) as refusal:
        client.get_deleted_secret("hidden")
    assert refusal.value.status_code == 403
