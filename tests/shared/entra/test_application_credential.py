"""The partner application's credential: secrets and certificates that are renewed, disabled, missing, out of reach."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shared.entra.application_credential import (
    CERTIFICATE,
    KEPT_SECONDS,
    REFUSED_SECONDS,
    SECRET,
    Proof,
    VaultCredential,
)
from shared.entra.errors import ApplicationMisconfigured
from shared.vault_errors import VaultUnavailable
from tests.fakes.memory_vault import MemoryVault
from tests.shared.certificates import made_certificate

NAME = "partner-application"
START = datetime(2026, 3, 1, tzinfo=UTC)


class Watch:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Steps:
    """A clock of whole seconds that goes on with each look at it: no two versions are made at once."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def secrets_of(credential: VaultCredential) -> list[object]:
    return [proof.client_credential for proof in credential.proofs()]


def test_the_newest_two_secrets_are_tried_newest_first_and_the_vault_is_not_asked_each_time() -> None:
    vault, watch, reads = MemoryVault(clock=Steps()), Watch(), list[str]()
    for text in ("oldest", "old", "new"):
        vault.put(NAME, text, tags={})
    vault.before = lambda operation, _name: reads.append(operation)
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=watch)
    assert secrets_of(credential) == secrets_of(credential) == ["new", "old"]
    assert sorted(reads) == ["get", "get", "list_versions"]
    vault.put(NAME, "newer", tags={})
    assert secrets_of(credential) == ["new", "old"]
    watch.now += KEPT_SECONDS
    assert secrets_of(credential) == ["newer", "new"]


def test_what_the_authority_took_is_tried_first_until_the_vault_is_read_again() -> None:
    vault, watch = MemoryVault(clock=Steps()), Watch()
    vault.put(NAME, "old", tags={})
    vault.put(NAME, "new, and not registered yet", tags={})
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=watch)
    credential.accepted(credential.proofs()[1])
    assert secrets_of(credential) == ["old", "new, and not registered yet"]
    watch.now += KEPT_SECONDS
    assert secrets_of(credential) == ["new, and not registered yet", "old"]


def test_when_none_was_taken_a_new_one_is_looked_for_soon_and_not_at_each_refusal() -> None:
    """An administrator renews it at two in the morning, and should not wait for five minutes."""
    vault, watch, reads = MemoryVault(clock=Steps()), Watch(), list[str]()
    vault.put(NAME, "expired", tags={})
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=watch)
    assert secrets_of(credential) == ["expired"]
    vault.put(NAME, "renewed", tags={})
    vault.before = lambda operation, _name: reads.append(operation)
    for _ in range(20):
        credential.refused()
        assert secrets_of(credential) == ["expired"]
        watch.now += 1
    assert reads == []
    watch.now += REFUSED_SECONDS
    assert secrets_of(credential) == ["renewed", "expired"]


def test_a_proof_stays_the_same_object_while_its_version_is_there() -> None:
    """What is made from it, an application object for each tenant, is kept by it."""
    vault, watch = MemoryVault(clock=Steps()), Watch()
    vault.put(NAME, "secret", tags={})
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=watch)
    (first,) = credential.proofs()
    watch.now += KEPT_SECONDS
    assert credential.proofs()[0] is first


def test_an_outage_of_the_vault_leaves_the_last_one_in_use() -> None:
    vault, watch = MemoryVault(), Watch()
    vault.put(NAME, "kept", tags={})
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=watch)
    assert secrets_of(credential) == ["kept"]

    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    vault.before = away
    watch.now += KEPT_SECONDS + 1
    assert secrets_of(credential) == ["kept"]
    with pytest.raises(VaultUnavailable):
        VaultCredential(vault, NAME, kind=SECRET).proofs()


@pytest.mark.parametrize("disabled", [True, False], ids=["disabled", "missing"])
def test_a_secret_that_is_not_there_is_the_applications_fault_and_no_consents(*, disabled: bool) -> None:
    vault = MemoryVault()
    if disabled:
        version = vault.put(NAME, "secret", tags={})
        vault.patch(NAME, version.version, enabled=False)
    with pytest.raises(ApplicationMisconfigured, match=NAME):
        VaultCredential(vault, NAME, kind=SECRET).proofs()


def test_when_a_secret_ends_is_what_the_vault_says_and_unknown_otherwise() -> None:
    vault, ends = MemoryVault(clock=Steps()), START + timedelta(days=180)
    vault.put(NAME, "without an end", tags={})
    vault.put(NAME, "with one", tags={}, expires_on=ends)
    proofs = VaultCredential(vault, NAME, kind=SECRET).proofs()
    assert [proof.expires_on for proof in proofs] == [ends, None]


@pytest.mark.parametrize("form", ["pem", "pkcs12"])
def test_a_certificate_is_taken_as_key_vault_keeps_it(form: str) -> None:
    made, vault = made_certificate(), MemoryVault()
    vault.put(NAME, getattr(made, form), tags={})
    (proof,) = VaultCredential(vault, NAME, kind=CERTIFICATE).proofs()
    assert proof.expires_on == made.expires_on
    assert isinstance(proof.client_credential, dict)
    assert proof.client_credential["public_certificate"] == made.certificate_pem
    assert proof.client_credential["private_key"].public_key() == made.private_key.public_key()
    assert made.pem not in repr(proof)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----",
        base64.b64encode(b"no PKCS#12").decode(),
        made_certificate().certificate_pem,
        made_certificate().key_pem,
        made_certificate().key_pem + made_certificate().certificate_pem,
    ],
    ids=["empty", "text", "cut off", "base64", "without a key", "a key alone", "another's key"],
)
def test_what_is_no_certificate_is_on_record_without_a_word_of_it_and_the_one_before_it_serves(
    stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    made, vault = made_certificate(), MemoryVault(clock=Steps())
    vault.put(NAME, made.pem, tags={})
    vault.put(NAME, stored, tags={})
    with caplog.at_level("INFO", logger="broker.audit"):
        proofs: list[Proof] = list(VaultCredential(vault, NAME, kind=CERTIFICATE).proofs())
    assert [proof.expires_on for proof in proofs] == [made.expires_on]
    assert "credential.unusable" in caplog.text
    assert not stored.strip() or stored not in caplog.text
