"""One SecretVault, twice: the vault in memory does what the SDK does against the running stack."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from local.state import StackState
from local.workload import Workload
from shared.errors import ConsentUnreadable
from shared.key_vault import KeyVault
from shared.vault import SecretVault
from shared.vault_errors import VaultUnavailable
from tests.contract.conftest_key_vault import StaticCredential
from tests.fakes.memory_vault import MemoryVault

EXPIRES = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
# More than one page of Key Vault's, which has 25.
MANY = 27


@pytest.fixture(scope="session")
def key_vault(stack: StackState) -> KeyVault:
    """The token vault as the broker's own identity sees it."""
    token = Workload(state=stack, name="broker").assertion("https://vault.azure.net")
    return KeyVault(stack.token_vault, StaticCredential(token), trusted_ca_file=str(stack.ca_file))


@pytest.fixture(params=["memory", "key vault"])
def vault(request: pytest.FixtureRequest) -> SecretVault:
    found: SecretVault = MemoryVault() if request.param == "memory" else request.getfixturevalue("key_vault")
    return found


@pytest.fixture
def name() -> str:
    """A name nobody else uses: the running vault is everybody's."""
    return f"contract-{secrets.token_hex(8)}"


def test_a_name_nobody_wrote_holds_nothing(vault: SecretVault, name: str) -> None:
    assert vault.get(name) is None
    assert vault.get(name, "0" * 32) is None
    assert list(vault.list_versions(name)) == []


def test_what_was_put_is_read_with_everything_that_was_said(vault: SecretVault, name: str) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    version = vault.put(name, "välue\n", tags={"a": "1", "b": "ü"}, expires_on=EXPIRES)
    found = vault.get(name)
    assert found is not None
    assert found.value == "välue\n"
    assert found.version == version
    assert (version.name, version.enabled, version.expires_on) == (name, True, EXPIRES)
    assert version.tags == {"a": "1", "b": "ü"}
    assert before < version.created_on < datetime.now(UTC) + timedelta(minutes=1)
    assert version.created_on.microsecond == 0
    assert vault.get(name, version.version) == found


def test_moments_are_kept_in_whole_seconds(vault: SecretVault, name: str) -> None:
    version = vault.put(name, "v", tags={}, expires_on=EXPIRES.replace(microsecond=987_654))
    assert version.expires_on == EXPIRES


def test_every_put_adds_a_version_and_the_last_is_the_latest(vault: SecretVault, name: str) -> None:
    versions = [vault.put(name, str(number), tags={"number": str(number)}) for number in range(4)]
    assert len({version.version for version in versions}) == 4
    found = vault.get(name)
    assert found is not None
    assert (found.value, found.version.version, found.version.expires_on) == ("3", versions[-1].version, None)
    older = vault.get(name, versions[1].version)
    assert older is not None
    assert (older.value, dict(older.version.tags)) == ("1", {"number": "1"})


def test_versions_are_listed_by_their_ids_and_not_by_time(vault: SecretVault, name: str) -> None:
    put = [vault.put(name, str(number), tags={"number": str(number)}) for number in range(4)]
    listed = list(vault.list_versions(name))
    assert listed == sorted(put, key=lambda version: version.version)


def test_an_expired_version_is_still_read(vault: SecretVault, name: str) -> None:
    """`exp` is advice: an event for the administrator, and no end."""
    vault.put(name, "v", tags={}, expires_on=datetime(2020, 1, 1, tzinfo=UTC))
    found = vault.get(name)
    assert found is not None
    assert found.value == "v"


def test_the_listing_tells_the_tags_of_the_latest_and_names_no_version(vault: SecretVault, name: str) -> None:
    vault.put(name, "1", tags={"number": "1"})
    vault.put(name, "2", tags={"number": "2"}, expires_on=EXPIRES)
    (listed,) = [found for found in vault.list_latest() if found.name == name]
    assert (listed.version, listed.tags, listed.enabled, listed.expires_on) == ("", {"number": "2"}, True, EXPIRES)


def test_the_listing_goes_on_past_its_first_page(vault: SecretVault, name: str) -> None:
    for number in range(MANY):
        vault.put(f"{name}-{number:02}", "v", tags={})
    listed = [found.name for found in vault.list_latest() if found.name.startswith(name)]
    assert listed == [f"{name}-{number:02}" for number in range(MANY)]


def test_a_patch_changes_exactly_the_version_it_names(vault: SecretVault, name: str) -> None:
    first, second = (vault.put(name, text, tags={"was": text}, expires_on=EXPIRES) for text in ("1", "2"))
    vault.patch(name, first.version, tags={"now": "3"})
    older, newer = vault.get(name, first.version), vault.get(name)
    assert older is not None
    assert newer is not None
    assert (older.value, older.version.tags, older.version.expires_on) == ("1", {"now": "3"}, EXPIRES)
    assert (newer.value, newer.version) == ("2", second)


def test_a_patch_leaves_what_it_does_not_mention(vault: SecretVault, name: str) -> None:
    version = vault.put(name, "v", tags={"a": "1"})
    vault.patch(name, version.version, enabled=True)
    found = vault.get(name)
    assert found is not None
    assert found.version.tags == {"a": "1"}


def test_a_disabled_version_is_unreadable_and_listed_as_such(vault: SecretVault, name: str) -> None:
    first, second = (vault.put(name, text, tags={"was": text}) for text in ("1", "2"))
    vault.patch(name, first.version, enabled=False)
    with pytest.raises(ConsentUnreadable, match=f"{name} is disabled"):
        vault.get(name, first.version)
    found = vault.get(name)
    assert found is not None, "the latest is not touched"
    assert {listed.version: listed.enabled for listed in vault.list_versions(name)} == {
        first.version: False,
        second.version: True,
    }


def test_a_disabled_latest_version_hides_no_older_one(vault: SecretVault, name: str) -> None:
    vault.put(name, "1", tags={})
    latest = vault.put(name, "2", tags={"was": "2"})
    vault.patch(name, latest.version, enabled=False)
    with pytest.raises(ConsentUnreadable, match=f"{name} is disabled"):
        vault.get(name)
    (listed,) = [found for found in vault.list_latest() if found.name == name]
    assert (listed.enabled, listed.tags) == (False, {"was": "2"})
    vault.patch(name, latest.version, enabled=True)
    found = vault.get(name)
    assert found is not None
    assert found.value == "2"


@pytest.mark.parametrize("written", [True, False])
def test_a_version_that_is_not_there_cannot_be_changed(
    vault: SecretVault,
    name: str,
    written: bool,  # noqa: FBT001 - a column of the table
) -> None:
    if written:
        vault.put(name, "v", tags={})
    with pytest.raises(VaultUnavailable, match=f"{name} vanished"):
        vault.patch(name, "0" * 32, tags={})


@pytest.mark.parametrize("shown", [repr, str, "{}".format])
def test_no_secret_shows_its_value(vault: SecretVault, name: str, shown: Callable[[object], str]) -> None:
    vault.put(name, "the-value-itself", tags={})
    assert "the-value-itself" not in shown(vault.get(name))
