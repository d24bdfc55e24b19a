"""The Key Vault stand-in, held to the real SDK's words about backups: what is in them, and who can open them."""

import base64
import json
import stat
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import KeyVaultSecretIdentifier, SecretClient, SecretProperties

from local.key_vault.backups import MOST_VERSIONS
from local.key_vault.store import Store
from local.key_vault.version import SecretVersion
from tests.contract.conftest_key_vault import RunningVaults

ADMINISTRATOR = "vault-administrator"
CREATED, UPDATED = datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC)
TOLD = ("id", "enabled", "content_type", "tags", "not_before", "expires_on", "created_on", "updated_on")


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVaults]:
    with RunningVaults(tmp_path_factory.mktemp("key-vault")) as running:
        yield running


@pytest.fixture
def client(vaults: RunningVaults) -> SecretClient:
    return vaults.client(ADMINISTRATOR)


def remove(client: SecretClient, name: str) -> None:
    client.begin_delete_secret(name).wait()
    client.purge_deleted_secret(name)


def told(properties: SecretProperties) -> dict[str, object]:
    return {name: getattr(properties, name) for name in TOLD}


def test_a_restore_brings_back_every_version_as_it_was(client: SecretClient) -> None:
    first = client.set_secret("kept", "1", content_type="text/plain", tags={"a": "ü"})
    second = client.set_secret("kept", "2", enabled=False)
    for number in range(3, 9):
        client.set_secret("kept", str(number))
    latest = client.set_secret(
        "kept", "9", not_before=datetime(2020, 1, 1, tzinfo=UTC), expires_on=datetime(2040, 1, 1, tzinfo=UTC)
    )
    listed = [told(version) for version in client.list_properties_of_secret_versions("kept")]
    backup = client.backup_secret("kept")
    remove(client, "kept")
    restored = client.restore_secret_backup(backup)
    assert told(restored) == told(latest.properties)
    assert [told(version) for version in client.list_properties_of_secret_versions("kept")] == listed
    assert client.get_secret("kept").value == "9"
    assert client.get_secret("kept", first.properties.version).value == "1"
    client.update_secret_properties("kept", second.properties.version, enabled=True)
    assert client.get_secret("kept", second.properties.version).value == "2"


def test_a_backup_can_be_restored_as_often_as_its_name_is_free(client: SecretClient) -> None:
    client.set_secret("often", "1")
    backup = client.backup_secret("often")
    for _ in range(2):
        remove(client, "often")
        assert client.restore_secret_backup(backup).name == "often"


def test_a_name_in_use_keeps_what_it_has_even_while_it_is_deleted(client: SecretClient) -> None:
    written = client.set_secret("in-use", "1")
    backup = client.backup_secret("in-use")
    remove(client, "in-use")
    other = client.set_secret("IN-use", "2")
    with pytest.raises(ResourceExistsError, match=r"^\(Conflict\) There was a conflict restoring") as refusal:
        client.restore_secret_backup(backup)
    assert refusal.value.error is not None
    assert f"'{written.id}'" in (refusal.value.error.message or "")
    assert client.get_secret("in-use").id == other.id
    client.begin_delete_secret("in-use").wait()
    with pytest.raises(ResourceExistsError):
        client.restore_secret_backup(backup)
    assert client.get_deleted_secret("in-use").id == other.id


def test_the_other_vault_of_the_stack_takes_a_backup_under_its_own_address(vaults: RunningVaults) -> None:
    source, target = vaults.client(ADMINISTRATOR), vaults.client(ADMINISTRATOR, vault="policy_vault")
    written = source.set_secret("moved", "1")
    restored = KeyVaultSecretIdentifier(target.restore_secret_backup(source.backup_secret("moved")).id or "")
    assert (restored.vault_url, restored.version) == (vaults.state.policy_vault, written.properties.version)
    assert target.get_secret("moved").value == source.get_secret("moved").value == "1"


def test_another_stack_cannot_open_a_backup(client: SecretClient, tmp_path: Path) -> None:
    client.set_secret("bound", "1")
    backup = client.backup_secret("bound")
    with RunningVaults(tmp_path) as elsewhere:
        foreign = elsewhere.client(ADMINISTRATOR)
        with pytest.raises(HttpResponseError, match="Cannot decrypt backup blob") as refusal:
            foreign.restore_secret_backup(backup)
        assert refusal.value.status_code == 400
        assert list(foreign.list_properties_of_secrets()) == []


def test_a_stack_opens_its_backups_after_a_restart_and_keeps_their_dates(tmp_path: Path) -> None:
    store = Store(tmp_path / "token-vault.sqlite")
    store.add([version_of("later")])
    store.close()
    with RunningVaults(tmp_path) as running:
        client = running.client(ADMINISTRATOR)
        backup = client.backup_secret("later")
        remove(client, "later")
        assert stat.S_IMODE((tmp_path / "vault-backup.key").stat().st_mode) == 0o600
    with RunningVaults(tmp_path) as running:
        client = running.client(ADMINISTRATOR)
        restored = client.restore_secret_backup(backup)
        assert (restored.created_on, restored.updated_on) == (CREATED, UPDATED)
        assert client.get_secret("later").value == "1"


def test_a_backup_shows_nothing_of_the_secret(client: SecretClient) -> None:
    client.set_secret("opaque-name", "opaque-value", tags={"opaque-tag": ""})
    backup = client.backup_secret("opaque-name")
    sealed = base64.urlsafe_b64decode(backup.rpartition(b".")[2])
    assert b"opaque" not in backup + sealed
    assert client.backup_secret("opaque-name") != backup


def test_a_backup_that_was_changed_is_refused(client: SecretClient) -> None:
    client.set_secret("changed", "1")
    backup = client.backup_secret("changed")
    remove(client, "changed")
    for changed in (backup[:-9], backup[:-9] + b"AAAA" + backup[-5:], backup + b"A"):
        with pytest.raises(HttpResponseError, match="Cannot decrypt backup blob"):
            client.restore_secret_backup(changed)
    assert client.restore_secret_backup(backup).name == "changed"


@pytest.mark.parametrize("garbage", [b"\0" * 4728, b"non-existing", b""])
def test_what_no_vault_made_is_a_malformed_backup(client: SecretClient, garbage: bytes) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        client.restore_secret_backup(garbage)
    assert refusal.value.status_code == 400
    assert refusal.value.error is not None
    assert (refusal.value.error.code, refusal.value.error.message) == (
        "Malformed backup blob",
        "Backup blob contains invalid or corrupt version.",
    )


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": 1}, {"value": "=*="}, {"value": "a"}, [], "x"])
def test_a_restore_without_bytes_is_a_bad_parameter(vaults: RunningVaults, body: object) -> None:
    with vaults.http(token=vaults.token(ADMINISTRATOR)) as http:
        answer = http.post("/secrets/restore?api-version=7.6", content=json.dumps(body))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")


def test_only_a_secret_that_is_there_is_backed_up(client: SecretClient) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"^\(SecretNotFound\) .* absent was not found"):
        client.backup_secret("absent")
    client.set_secret("gone", "1")
    client.begin_delete_secret("gone").wait()
    with pytest.raises(ResourceNotFoundError):
        client.backup_secret("gone")


def test_a_secret_with_more_versions_than_the_service_takes_is_not_backed_up(tmp_path: Path) -> None:
    store = Store(tmp_path / "token-vault.sqlite")
    store.add([version_of("long-lived") for _ in range(MOST_VERSIONS)])
    store.close()
    with RunningVaults(tmp_path) as running:
        client = running.client(ADMINISTRATOR)
        backup = client.backup_secret("long-lived")
        client.set_secret("long-lived", "one more")
        with pytest.raises(HttpResponseError, match="500 versions") as refusal:
            client.backup_secret("long-lived")
        assert (refusal.value.status_code, refusal.value.error and refusal.value.error.code) == (400, "BadParameter")
        remove(client, "long-lived")
        client.restore_secret_backup(backup)
        assert len(list(client.list_properties_of_secret_versions("long-lived"))) == MOST_VERSIONS


def version_of(name: str) -> SecretVersion:
    return SecretVersion(
        name=name,
        version=uuid.uuid4().hex,
        value="1",
        content_type=None,
        tags=None,
        enabled=True,
        not_before=None,
        expires=None,
        created=int(CREATED.timestamp()),
        updated=int(UPDATED.timestamp()),
        deleted_on=None,
    )
