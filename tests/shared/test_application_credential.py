"""The partner application's credential: a secret that is renewed, disabled, missing, or out of reach."""

import pytest

from shared.application_credential import SECRET_KEPT_SECONDS, client_secret_credential
from shared.errors import ApplicationMisconfigured, VaultUnavailable
from tests.fakes.memory_vault import MemoryVault

NAME = "partner-client-secret"


class Watch:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_renewed_secret_takes_effect_and_the_vault_is_not_asked_each_time() -> None:
    vault, watch, reads = MemoryVault(), Watch(), []
    vault.put(NAME, "old", tags={})
    vault.before = lambda operation, _name: reads.append(operation)
    credential = client_secret_credential(vault, NAME, monotonic=watch)
    assert [credential(), credential()] == ["old", "old"]
    assert reads == ["get"]
    vault.put(NAME, "new", tags={})
    watch.now += SECRET_KEPT_SECONDS + 1
    assert credential() == "new"


def test_an_outage_of_the_vault_leaves_the_last_one_in_use() -> None:
    vault, watch = MemoryVault(), Watch()
    vault.put(NAME, "kept", tags={})
    credential = client_secret_credential(vault, NAME, monotonic=watch)
    assert credential() == "kept"

    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    vault.before = away
    watch.now += SECRET_KEPT_SECONDS + 1
    assert credential() == "kept"
    with pytest.raises(VaultUnavailable):
        client_secret_credential(vault, NAME)()


@pytest.mark.parametrize("disabled", [True, False], ids=["disabled", "missing"])
def test_a_secret_that_is_not_there_is_the_applications_fault_and_no_consents(*, disabled: bool) -> None:
    vault = MemoryVault()
    if disabled:
        version = vault.put(NAME, "secret", tags={})
        vault.patch(NAME, version.version, enabled=False)
    with pytest.raises(ApplicationMisconfigured, match=NAME):
        client_secret_credential(vault, NAME)()
