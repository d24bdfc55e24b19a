"""Key Vault through its SDK: each trouble of the running vault becomes one error of the tree, and no text passes."""

import secrets
import socket
from collections.abc import Callable
from typing import Any

import pytest

from local.state import StackState
from local.workload import Workload
from shared.consents.store import ConsentStore
from shared.errors import BrokerError, ConsentNameBlocked, ConsentUnreadable
from shared.key_vault import LONGEST_WAIT, KeyVault
from shared.vault import SecretVault
from shared.vault_errors import (
    VaultNetworkRefused,
    VaultRefused,
    VaultRequestRefused,
    VaultThrottled,
    VaultUnavailable,
    VaultValueTooLarge,
)
from tests.contract.conftest_key_vault import StaticCredential
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls
from tests.shared.samples import consent


def unused_name() -> str:
    return f"trouble-{secrets.token_hex(8)}"


@pytest.fixture
def name() -> str:
    return unused_name()


def puts(controls: Controls, name: str) -> int:
    return controls.requests()["PUT", f"/secrets/{name}"]


def refused(code: str, inner: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": "the vault's own words about host and body"}
    return {"error": error | ({"innererror": {"code": inner}} if inner else {})}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 403, "body": refused("Forbidden", "ForbiddenByRbac")}, VaultRefused),
        ({"status": 403, "body": refused("Forbidden", "ForbiddenByFirewall")}, VaultNetworkRefused),
        ({"status": 403, "body": refused("Forbidden", "ForbiddenByConnection")}, VaultNetworkRefused),
        ({"status": 403, "body": refused("Forbidden")}, VaultRefused),
        ({"status": 403, "body": "no object"}, VaultRefused),
        ({"status": 403, "body": refused("Forbidden", "SecretDisabled")}, ConsentUnreadable),
        ({"status": 401, "body": refused("Unauthorized")}, VaultRefused),
        ({"status": 400, "body": refused("BadParameter")}, VaultRequestRefused),
        ({"status": 409, "body": refused("Conflict", "ObjectIsDeletedButRecoverable")}, ConsentNameBlocked),
        ({"status": 409, "body": refused("Conflict", "ObjectIsBeingDeleted")}, ConsentNameBlocked),
        ({"status": 409, "body": refused("Conflict", "ObjectIsBeingRecovered")}, VaultUnavailable),
        ({"status": 409, "body": None}, VaultUnavailable),
        ({"status": 408, "body": None}, VaultUnavailable),
        ({"status": 429, "body": refused("Throttled")}, VaultThrottled),
        ({"status": 500, "body": None}, VaultUnavailable),
        ({"status": 503, "body": "no object"}, VaultUnavailable),
        ({"drop": "before"}, VaultUnavailable),
    ],
    ids=str,
)
def test_trouble_at_the_vault_is_told_by_the_error_tree(
    key_vault: KeyVault, vault_controls: Controls, fault: dict[str, Any], error: type[BrokerError]
) -> None:
    name = unused_name()
    vault_controls.post("faults", {**fault, "path": f"/secrets/{name}/?", "times": -1})
    with pytest.raises(error) as told:
        key_vault.put(name, "the-value-itself", tags={}, once=True)
    assert type(told.value) is error
    assert told.value.detail in {"", f"{name}.", f"{name} is busy.", f"{name} is disabled."}
    assert told.value.__cause__ is not None, "the log may name the type of what happened"


@pytest.mark.parametrize("status", [400, 413])
def test_a_value_that_is_too_large_is_told_as_that(
    key_vault: KeyVault, vault_controls: Controls, name: str, status: int
) -> None:
    vault_controls.post("faults", {"path": f"/secrets/{name}/?", "status": status, "body": refused("BadParameter")})
    with pytest.raises(VaultValueTooLarge, match=f"{name}: 30000 bytes") as told:
        key_vault.put(name, "x" * 30_000, tags={}, once=True)
    assert "xxx" not in told.value.description


def test_a_vault_that_lags_behind_is_spoken_to_in_the_version_of_the_setting(
    stack: StackState, vault_controls: Controls, name: str
) -> None:
    token = Workload(state=stack, name="broker").assertion("https://vault.azure.net")
    trust = {"trusted_ca_file": str(stack.ca_file)}
    unknown = {"status": 400, "body": refused("BadParameter"), "times": -1}
    vault_controls.post("faults", {**unknown, "path": f"/secrets/{name}/?"})
    with pytest.raises(VaultRequestRefused) as told:
        KeyVault(stack.token_vault, StaticCredential(token), **trust).get(name)
    assert "KEY_VAULT_API_VERSION" in told.value.remedy
    vault_controls.clear("faults")
    older = KeyVault(stack.token_vault, StaticCredential(token), **trust, api_version="7.4")
    assert older._client.api_version == older._single.api_version == "7.4"
    older.put(name, "v", tags={}, once=True)
    found = older.get(name)
    assert found is not None
    assert found.value == "v"


def test_a_mark_whose_answer_was_lost_is_sent_again(key_vault: KeyVault, vault_controls: Controls, name: str) -> None:
    """A PATCH names its version and what that is to be: twice is as good as once."""
    version = key_vault.put(name, "v", tags={}).version
    vault_controls.post("faults", {"method": "PATCH", "path": f"/secrets/{name}", "drop": "after", "times": 1})
    key_vault.patch(name, version, tags={"status": "ok"})
    (stored,) = key_vault.list_versions(name)
    assert stored.tags == {"status": "ok"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_trouble_is_passed_over(
    key_vault: KeyVault, vault_controls: Controls, name: str, status: int
) -> None:
    key_vault.put(name, "v", tags={})
    vault_controls.post("faults", {"path": f"/secrets/{name}/?", "status": status, "times": 2})
    found = key_vault.get(name)
    assert found is not None
    assert found.value == "v"


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, {}])
def test_a_caller_never_waits_as_long_as_the_vault_would_like(
    key_vault: KeyVault, vault_controls: Controls, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unused_name()
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    vault_controls.post("faults", {"path": f"/secrets/{name}/?", "status": 429, "times": -1, "headers": headers})
    with pytest.raises(VaultUnavailable):
        key_vault.get(name)
    assert 0 < max(waits) <= LONGEST_WAIT
    assert len(waits) <= 2
    assert not headers or waits == [LONGEST_WAIT] * 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("said", "told"), [("7", 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 300), ("soon", None)])
def test_how_long_the_vault_asks_to_wait_is_told(
    key_vault: KeyVault, vault_controls: Controls, name: str, *, status: int, said: str, told: int | None
) -> None:
    """azure-core's own reader takes what is neither seconds nor a date for a failure of its own."""
    fault = {"path": f"/secrets/{name}/?", "status": status, "headers": {"Retry-After": said}, "body": "<html>"}
    vault_controls.post("faults", fault)
    with pytest.raises(VaultUnavailable) as asked:
        key_vault.put(name, "v", tags={}, once=True)
    assert asked.value.retry_after == told


def test_a_wait_that_cannot_be_read_is_no_reason_to_give_up(
    key_vault: KeyVault, vault_controls: Controls, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    key_vault.put(name, "v", tags={})
    vault_controls.post("faults", {"path": f"/secrets/{name}/?", "status": 503, "headers": {"Retry-After": "soon"}})
    assert key_vault.get(name) is not None


def test_a_write_that_must_happen_once_is_sent_once_when_its_answer_is_lost(
    key_vault: KeyVault, vault_controls: Controls, name: str
) -> None:
    vault_controls.post("faults", {"method": "PUT", "path": f"/secrets/{name}", "drop": "after", "times": -1})
    with pytest.raises(VaultUnavailable):
        key_vault.put(name, "v", tags={}, once=True)
    assert puts(vault_controls, name) == 1
    assert len(list(key_vault.list_versions(name))) == 1
    found = key_vault.get(name)
    assert found is not None
    assert found.value == "v", "a lost answer is not a lost write"


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "0"}}])
def test_a_write_that_must_happen_once_is_not_repeated_after_a_refusal_either(
    key_vault: KeyVault, vault_controls: Controls, name: str, fault: dict[str, Any]
) -> None:
    vault_controls.post("faults", {"method": "PUT", "path": f"/secrets/{name}", "times": -1, **fault})
    with pytest.raises(VaultUnavailable):
        key_vault.put(name, "v", tags={}, once=True)
    assert puts(vault_controls, name) == 1


def test_any_other_write_is_repeated_until_it_is_answered(
    key_vault: KeyVault, vault_controls: Controls, name: str
) -> None:
    """Each repeat may be one more version, which is why versions are never counted."""
    vault_controls.post("faults", {"method": "PUT", "path": f"/secrets/{name}", "drop": "after", "times": 1})
    key_vault.put(name, "v", tags={})
    assert len(list(key_vault.list_versions(name))) == 2


def test_a_consent_whose_answer_was_lost_is_found_and_written_once(
    key_vault: KeyVault, vault_controls: Controls, name: str
) -> None:
    given = consent("lineage", name=name)
    vault_controls.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "drop": "after"})
    assert ConsentStore(key_vault).store_consent(given) == given
    assert puts(vault_controls, f"consent-{name}") == 1
    vault_controls.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "drop": "before"})
    with pytest.raises(VaultUnavailable):
        ConsentStore(key_vault).store_consent(consent("newer", name=name))
    assert ConsentStore(key_vault).in_force(name) == given


def test_the_tags_of_a_consent_with_everything_in_them_are_taken_by_the_vault(key_vault: KeyVault, name: str) -> None:
    given = consent("lineage", name=name)
    store = ConsentStore(key_vault)
    store.store_consent(given)
    (entry,) = [entry for entry in store.all().entries if entry.name == name]
    assert (entry.person, entry.scope, entry.consented_on) == (given.person, given.scope, given.consented_on)


def test_a_trouble_in_the_middle_of_a_listing_is_told_too(key_vault: KeyVault, vault_controls: Controls) -> None:
    vault_controls.post("faults", {"path": "/secrets/?", "status": 403, "body": refused("Forbidden"), "times": -1})
    with pytest.raises(VaultRefused):
        list(key_vault.list_latest())


def test_a_name_deleted_outside_the_broker_is_told_with_its_remedy(stack: StackState, name: str) -> None:
    """The broker's role cannot delete; somebody else's can, and the name is then blocked until it is recovered."""
    editor = Workload(state=stack, name="policy-editor").assertion("https://vault.azure.net")
    vault = KeyVault(stack.policy_vault, StaticCredential(editor), trusted_ca_file=str(stack.ca_file))
    vault.put(name, "v", tags={})
    vault._client.begin_delete_secret(name).wait()
    assert vault.get(name) is None
    with pytest.raises(ConsentNameBlocked, match=name) as blocked:
        vault.put(name, "v", tags={}, once=True)
    assert "az keyvault secret recover" in blocked.value.remedy


@pytest.mark.parametrize(
    "use",
    [
        lambda vault: vault.get("x"),
        lambda vault: vault.put("x", "v", tags={}),
        lambda vault: vault.patch("x", "0" * 32, tags={}),
        lambda vault: list(vault.list_latest()),
        lambda vault: list(vault.list_versions("x")),
    ],
)
def test_an_identity_without_a_role_is_refused_whatever_it_does(
    stack: StackState, use: Callable[[SecretVault], object]
) -> None:
    stranger = Workload(state=stack, name="stranger").assertion("https://vault.azure.net")
    vault = KeyVault(stack.token_vault, StaticCredential(stranger), trusted_ca_file=str(stack.ca_file))
    with pytest.raises(VaultRefused):
        use(vault)


def test_a_token_the_vault_does_not_take_is_a_refusal(stack: StackState) -> None:
    vault = KeyVault(stack.token_vault, StaticCredential("junk"), trusted_ca_file=str(stack.ca_file))
    with pytest.raises(VaultRefused):
        vault.get("x")


def test_a_vault_that_is_not_there_is_unavailable(stack: StackState) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        vault = KeyVault(url, StaticCredential("x"), trusted_ca_file=str(stack.ca_file))
        with pytest.raises(VaultUnavailable):
            vault.put("x", "v", tags={}, once=True)


def test_a_vault_with_a_certificate_nobody_trusts_is_sent_nothing(stack: StackState, vault_controls: Controls) -> None:
    vault = KeyVault(stack.token_vault, StaticCredential("x"), trusted_ca_file=None)
    with pytest.raises(VaultUnavailable):
        vault.put("x", "v", tags={}, once=True)
    assert not vault_controls.requests()


@pytest.mark.parametrize(
    "url", ["https://name.vault.azure.net", "https://localhost.example", "https://127.0.0.1.example"]
)
def test_no_other_host_is_trusted_as_this_machine_is(url: str, stack: StackState) -> None:
    """The CA file of the setting and the challenge without a check are for loopback alone."""
    client = KeyVault(url, StaticCredential("x"), trusted_ca_file=str(stack.ca_file))._client._client
    config = client._config
    assert config.authentication_policy._verify_challenge_resource is True
    assert client._client._pipeline._transport.connection_config.verify is True


def test_the_vault_in_memory_is_a_secret_vault() -> None:
    vault: SecretVault = MemoryVault()
    assert vault.get("x") is None
