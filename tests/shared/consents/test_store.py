"""Consents in a vault: whose token is served, what a tombstone does, and that no timing changes either."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from shared.consents.consent import Consent, Damaged, Renewal, Withdrawal, dump_consent, dump_renewal
from shared.consents.errors import (
    ConsentAbsent,
    ConsentFromNewerVersion,
    ConsentNotFound,
    ConsentWithdrawn,
    NothingToRestore,
)
from shared.consents.health import Health, from_tags, to_tags
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import StoredRenewal
from shared.errors import BrokerError, ConsentUnreadable, IdentityUnavailable
from shared.vault import SecretVersion
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.fakes.memory_vault import MemoryVault
from tests.shared.samples import NOON, consent

FIRST, SECOND = consent("first"), consent("second", consented_on=NOON + timedelta(days=1))


@dataclass(slots=True)
class Trouble:
    """What goes wrong at the vault: before an operation, or after it was done (the lost answer)."""

    raises: Callable[[str, str], BrokerError | None] = lambda _operation, _name: None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, operation: str, name: str) -> None:
        self.asked.append((operation, name))
        error = self.raises(operation, name)
        if error is not None:
            raise error


class ForgetfulVault(MemoryVault):
    """Writes, and loses the answer, as a dropped connection does."""

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        MemoryVault.put(self, name, value, tags=tags, expires_on=expires_on, once=once)
        raise VaultUnavailable


def renewal(lineage: str, number: int) -> Renewal:
    return Renewal(lineage=lineage, refresh_token=f"renewed-{number}-of-{lineage}")


def renew(store: ConsentStore, lineage: str, number: int, *, over: StoredRenewal | None) -> None:
    health = Health(lineage=lineage, renewed_on=NOON + timedelta(days=number))
    store.store_renewal("partner", renewal(lineage, number), health, over=over)


def served(store: ConsentStore) -> str:
    return store.load("partner").refresh_token


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault(clock=lambda: NOON)


@pytest.fixture
def store(vault: MemoryVault) -> ConsentStore:
    return ConsentStore(vault)


def test_a_consent_nobody_gave_is_absent(store: ConsentStore) -> None:
    assert store.in_force("partner") is None
    assert store.renewal("partner") is None
    with pytest.raises(ConsentAbsent, match="partner"):
        store.load("partner")


def test_a_stored_consent_is_in_force_and_serves_its_own_token(store: ConsentStore) -> None:
    assert store.store_consent(FIRST) == FIRST
    assert store.in_force("partner") == FIRST
    assert served(store) == FIRST.refresh_token
    assert store.load("partner").from_renewal is False


def test_a_renewal_of_the_lineage_in_force_is_served(store: ConsentStore) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    assert served(store) == "renewed-1-of-first"
    assert store.load("partner").from_renewal is True
    renew(store, "first", 2, over=store.renewal("partner"))
    assert served(store) == "renewed-2-of-first"


def test_a_late_renewal_of_an_old_lineage_changes_nothing(store: ConsentStore) -> None:
    """A timer run may exchange the old token while a person consents anew, and store its renewal afterwards."""
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    read_before = store.renewal("partner")
    store.store_consent(SECOND)
    renew(store, "first", 2, over=read_before)
    assert served(store) == SECOND.refresh_token
    renew(store, "second", 3, over=store.renewal("partner"))
    renew(store, "first", 4, over=read_before)
    assert served(store) == SECOND.refresh_token
    assert store.in_force("partner") == SECOND


@pytest.mark.parametrize("order", set(itertools.permutations(["withdraw", "old renewal", "renewal"])))
def test_a_withdrawn_consent_is_never_served_whatever_is_written_around_it(
    store: ConsentStore, order: tuple[str, ...]
) -> None:
    store.store_consent(FIRST)
    store.store_consent(SECOND)
    for step in order:
        if step == "withdraw":
            store.withdraw("partner", by="operator", on=NOON)
        else:
            renew(store, "first" if step == "old renewal" else "second", 1, over=store.renewal("partner"))
    with pytest.raises(ConsentWithdrawn, match="partner"):
        store.load("partner")


def test_a_withdrawal_says_whom_it_ended_and_keeps_no_token(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    version = vault.written["consent-partner"][-1].version
    withdrawal = store.withdraw("partner", by="operator", on=NOON)
    assert isinstance(withdrawal, Withdrawal)
    assert (withdrawal.withdraws, withdrawal.restores) == ("first", version.version)
    assert (withdrawal.withdrawn_by, withdrawal.withdrawn_on) == ("operator", NOON)
    assert withdrawal.lineage not in {"", "first"}
    latest = vault.written["consent-partner"][-1]
    assert FIRST.refresh_token not in latest.value
    assert latest.version.tags == {**version.tags, "state": "withdrawn", "lineage": withdrawal.lineage}


def test_a_second_withdrawal_says_the_same_as_the_first_and_is_an_act_of_its_own(
    store: ConsentStore, vault: MemoryVault
) -> None:
    """So that what was begun between the two, a link or a restore, is of before it."""
    store.store_consent(FIRST)
    first = store.withdraw("partner", by="operator", on=NOON)
    second = store.withdraw("partner", by="another", on=NOON + timedelta(days=1))
    assert isinstance(first, Withdrawal)
    assert isinstance(second, Withdrawal)
    assert replace(second, lineage=first.lineage) == first
    assert second.lineage != first.lineage
    assert store.ended_by(second).lineage == FIRST.lineage, "it can be taken back as before"
    assert vault.written["consent-partner"][-1].version.tags["lineage"] == second.lineage


def test_what_was_never_given_cannot_be_withdrawn(store: ConsentStore, vault: MemoryVault) -> None:
    with pytest.raises(ConsentNotFound):
        store.withdraw("partner", by="operator", on=NOON)
    assert vault.written == {}


def test_a_new_consent_ends_a_withdrawal(store: ConsentStore) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.withdraw("partner", by="operator", on=NOON)
    assert store.store_consent(SECOND) == SECOND
    assert served(store) == SECOND.refresh_token


def test_the_answer_to_a_persons_act_may_be_lost_and_the_act_is_found() -> None:
    store = ConsentStore(ForgetfulVault())
    assert store.store_consent(FIRST) == FIRST
    withdrawal = store.withdraw("partner", by="operator", on=NOON)
    assert store.in_force("partner") == withdrawal


@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused(), IdentityUnavailable()])
def test_an_act_that_was_not_written_is_reported_as_such(error: BrokerError) -> None:
    vault = MemoryVault()
    store = ConsentStore(vault)
    store.store_consent(FIRST)
    vault.before = Trouble(lambda operation, _name: error if operation == "put" else None)
    with pytest.raises(type(error)):
        store.store_consent(SECOND)
    with pytest.raises(type(error)):
        store.withdraw("partner", by="operator", on=NOON)
    assert store.in_force("partner") == FIRST


def test_an_act_that_was_answered_is_not_called_failed_because_the_reading_after_it_fails() -> None:
    vault = MemoryVault()
    trouble = Trouble()
    trouble.raises = lambda operation, _name: (
        VaultUnavailable() if operation == "get" and ("put", "consent-partner") in trouble.asked else None
    )
    vault.before = trouble
    assert ConsentStore(vault).store_consent(FIRST) == FIRST
    assert vault.written["consent-partner"][-1].value == dump_consent(FIRST)


def test_two_people_at_the_same_moment_are_told_whose_act_is_in_force() -> None:
    vault = MemoryVault()
    store = ConsentStore(vault)

    def second_comes_first(operation: str, _name: str) -> None:
        if operation == "get":
            vault.before = lambda _operation, _name: None
            store.store_consent(SECOND)

    vault.before = second_comes_first
    assert store.store_consent(FIRST) == SECOND


def test_the_version_before_the_previous_one_is_disabled(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    for number in range(1, 5):
        renew(store, "first", number, over=store.renewal("partner"))
    assert [secret.version.enabled for secret in vault.written["renewal-partner"]] == [False, False, True, True]


def test_no_version_is_disabled_when_the_read_back_finds_another_lineage(vault: MemoryVault) -> None:
    store = ConsentStore(vault)
    store.store_consent(FIRST)
    for number in range(1, 3):
        renew(store, "first", number, over=store.renewal("partner"))
    over = store.renewal("partner")

    def consent_comes_between(operation: str, name: str) -> None:
        if (operation, name) == ("get", "renewal-partner"):
            vault.before = lambda _operation, _name: None
            store.store_consent(SECOND)
            renew(store, "second", 9, over=None)

    vault.before = consent_comes_between
    renew(store, "first", 3, over=over)
    assert all(secret.version.enabled for secret in vault.written["renewal-partner"])
    assert served(store) == "renewed-9-of-second"


def test_versions_are_never_listed(vault: MemoryVault) -> None:
    """Key Vault lists them by id: two of one second cannot be told apart."""
    trouble = vault.before = Trouble()
    store = ConsentStore(vault)
    store.store_consent(FIRST)
    for number in range(1, 4):
        renew(store, "first", number, over=store.renewal("partner"))
    store.withdraw("partner", by="operator", on=NOON)
    assert trouble.asked
    assert "list_versions" not in {operation for operation, _ in trouble.asked}


def test_a_renewal_ends_with_the_life_of_its_token(store: ConsentStore, vault: MemoryVault) -> None:
    """So that Key Vault's own event tells when the timer has stopped."""
    store.store_consent(FIRST)
    renew(store, "first", 0, over=None)
    assert vault.written["renewal-partner"][-1].version.expires_on == NOON + timedelta(days=90)
    assert vault.written["consent-partner"][-1].version.expires_on is None


def test_health_is_recorded_on_the_version_that_was_read(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    read = store.renewal("partner")
    assert read is not None
    renew(store, "first", 2, over=read)
    health = Health(lineage="first", renewed_on=NOON, status="failing", error="new_consent_needed", failures=1)
    store.mark("partner", read.version, health)
    older, newer = (from_tags(secret.version.tags) for secret in vault.written["renewal-partner"])
    assert older == health
    assert newer is not None
    assert (newer.status, newer.previous) == ("ok", read.version)


def test_no_tag_ever_holds_a_token(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.withdraw("partner", by="operator", on=NOON)
    tags = [secret.version.tags for versions in vault.written.values() for secret in versions]
    assert len(tags) == 3
    assert "refresh" not in repr(tags)
    assert "renewed-1" not in repr(tags)


def test_the_listing_tells_each_consent_by_its_tags_alone(vault: MemoryVault) -> None:
    store = ConsentStore(vault)
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.store_consent(replace(SECOND, name="other"))
    store.withdraw("other", by="operator", on=NOON)
    trouble = vault.before = Trouble()
    listing = store.all()
    assert [operation for operation, _ in trouble.asked] == ["list"]
    assert listing.damaged == ()
    withdrawn, given = listing.entries
    assert (withdrawn.name, withdrawn.withdrawn, withdrawn.health) == ("other", True, None)
    assert (given.name, given.withdrawn, given.lineage) == ("partner", False, "first")
    assert (given.person, given.scope, given.mfa) == (FIRST.person, FIRST.scope, FIRST.mfa)
    assert given.dies_on == NOON + timedelta(days=91)


def test_the_health_of_another_lineage_is_nobodys_health(store: ConsentStore) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.store_consent(SECOND)
    (entry,) = store.all().entries
    assert entry.health is None
    assert entry.dies_on == SECOND.consented_on + timedelta(days=90)


@pytest.mark.parametrize(
    "changed",
    [
        {"lineage": None},
        {"state": None},
        {"person": None},
        {"consented_on": None},
        {"consented_on": "yesterday"},
        {"consented_on": "0001-01-01T00:00:00+14:00"},
        {"consented_on": "9999-12-31T23:59:59+00:00"},
    ],
)
def test_damaged_tags_are_listed_by_name_and_spoil_no_other(
    store: ConsentStore, vault: MemoryVault, changed: dict[str, str | None]
) -> None:
    store.store_consent(FIRST)
    store.store_consent(replace(SECOND, name="other"))
    found = vault.written["consent-other"][-1].version
    tags = {name: text for name, text in {**found.tags, **changed}.items() if text is not None}
    vault.patch("consent-other", found.version, tags=tags)
    listing = store.all()
    assert listing.damaged == ("other",)
    assert [entry.dies_on for entry in listing.entries] == [FIRST.consented_on + timedelta(days=90)]
    assert store.load("other").refresh_token == SECOND.refresh_token, "the value is what counts"


def test_other_secrets_of_the_vault_are_not_consents(store: ConsentStore, vault: MemoryVault) -> None:
    vault.put("link-keys", "{}", tags={})
    vault.put("renewal-orphan", "{}", tags=to_tags(Health(lineage="l", renewed_on=NOON)))
    assert store.all() == replace(store.all(), entries=(), damaged=())


def test_a_consent_of_a_newer_version_is_neither_read_nor_replaced(store: ConsentStore, vault: MemoryVault) -> None:
    """After a roll-back the older broker refuses by name and destroys nothing."""
    vault.put("consent-partner", '{"schema": 2}', tags={})
    for use in (store.load, store.newest_act, lambda name: store.withdraw(name, by="operator", on=NOON)):
        with pytest.raises(ConsentFromNewerVersion, match="consent-partner"):
            use("partner")
    vault.put("renewal-partner", '{"schema": 2}', tags={})
    with pytest.raises(ConsentFromNewerVersion, match="renewal-partner"):
        store.readable_renewal("partner")
    assert [len(versions) for versions in vault.written.values()] == [1, 1]


@pytest.mark.parametrize("damage", ["disabled", "not JSON", "of another kind"])
def test_a_damaged_consent_is_never_served_and_can_be_replaced(
    store: ConsentStore, vault: MemoryVault, damage: str
) -> None:
    store.store_consent(FIRST)
    if damage == "disabled":
        vault.patch("consent-partner", vault.written["consent-partner"][-1].version.version, enabled=False)
    else:
        value = "1.A-token" if damage == "not JSON" else dump_renewal(renewal("first", 1))
        vault.put("consent-partner", value, tags={})
    for use in (store.load, store.in_force):
        with pytest.raises(ConsentUnreadable, match="consent-partner"):
            use("partner")
    found = store.newest_act("partner")
    assert isinstance(found, Damaged)
    assert found == store.newest_act("partner"), "a link made for it holds while nothing changes"
    withdrawal = store.withdraw("partner", by="operator", on=NOON)
    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.withdraws == found.lineage
    assert store.all().damaged == ()
    assert store.store_consent(SECOND) == SECOND


def test_a_link_for_a_damaged_consent_is_void_once_anything_else_stands_there(
    store: ConsentStore, vault: MemoryVault
) -> None:
    vault.put("consent-partner", "broken", tags={})
    first = store.newest_act("partner")
    vault.put("consent-partner", "broken again", tags={})
    second = store.newest_act("partner")
    assert isinstance(first, Damaged)
    assert isinstance(second, Damaged)
    assert first.lineage != second.lineage


def test_a_damaged_renewal_is_as_good_as_none_for_whoever_replaces_it(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    vault.put("renewal-partner", "broken", tags={})
    assert store.readable_renewal("partner") is None
    with pytest.raises(ConsentUnreadable, match="renewal-partner is not JSON"):
        store.load("partner")
    renew(store, "first", 1, over=store.readable_renewal("partner"))
    assert served(store) == "renewed-1-of-first"


def test_a_long_username_is_cut_in_the_tags_alone(store: ConsentStore, vault: MemoryVault) -> None:
    """A tag has 256 characters; the value keeps the whole name."""
    person = replace(FIRST.person, username="x" * 300)
    assert store.store_consent(replace(FIRST, person=person)) == replace(FIRST, person=person)
    assert vault.written["consent-partner"][-1].version.tags["username"] == "x" * 256
    assert isinstance(store.in_force("partner"), Consent)


# What a withdrawal ended.


def withdrawn(store: ConsentStore) -> Withdrawal:
    found = store.withdraw("partner", by="operator", on=NOON)
    assert isinstance(found, Withdrawal)
    return found


def test_what_a_withdrawal_ended_comes_back_with_its_lineages_newest_refresh_token(store: ConsentStore) -> None:
    store.store_consent(FIRST)
    assert store.ended_by(withdrawn(store)) == FIRST
    store.store_consent(SECOND)
    renew(store, "second", 1, over=None)
    assert store.ended_by(withdrawn(store)) == replace(SECOND, refresh_token="renewed-1-of-second")


def test_a_renewal_of_another_lineage_is_not_what_a_withdrawal_ended(store: ConsentStore) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.store_consent(SECOND)
    assert store.ended_by(withdrawn(store)) == SECOND


def test_a_damaged_renewal_leaves_the_consents_own_token_to_restore(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    vault.put("renewal-partner", "broken", tags={})
    assert store.ended_by(withdrawn(store)) == FIRST


def test_a_withdrawal_of_what_could_not_be_read_leaves_nothing_to_restore(
    store: ConsentStore, vault: MemoryVault
) -> None:
    vault.put("consent-partner", "broken", tags={})
    with pytest.raises(NothingToRestore):
        store.ended_by(Damaged(name="partner", lineage="damaged-1"))
    ended = withdrawn(store)
    with pytest.raises((NothingToRestore, ConsentUnreadable)):
        store.ended_by(ended)


def test_a_withdrawal_that_met_another_consent_restores_none_that_it_did_not_mean(
    store: ConsentStore, vault: MemoryVault
) -> None:
    store.store_consent(FIRST)
    met = replace(withdrawn(store), withdraws="second")
    with pytest.raises(NothingToRestore):
        store.ended_by(met)
    with pytest.raises(NothingToRestore):
        store.ended_by(replace(met, restores="0" * 32))
    assert len(vault.written["consent-partner"]) == 2


# What keeps an older version from being disabled.


@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused()], ids=["away", "refused"])
def test_a_renewal_that_is_stored_counts_though_the_older_one_could_not_be_disabled(
    store: ConsentStore, vault: MemoryVault, error: BrokerError
) -> None:
    store.store_consent(FIRST)
    for number in (1, 2):
        renew(store, "first", number, over=store.renewal("partner"))
    vault.before = Trouble(lambda operation, _name: error if operation == "patch" else None)
    health = Health(lineage="first", renewed_on=NOON)
    left = store.store_renewal("partner", renewal("first", 3), health, over=store.renewal("partner"))
    assert left == error.code
    assert served(store) == "renewed-3-of-first"


def test_a_patch_of_a_version_leaves_every_other_as_it_is(store: ConsentStore, vault: MemoryVault) -> None:
    """Two runs that read the same version, both of which store: neither disables what the other has written."""
    store.store_consent(FIRST)
    for number in (1, 2):
        renew(store, "first", number, over=store.renewal("partner"))
    read = store.renewal("partner")
    for number in (3, 4):
        renew(store, "first", number, over=read)
    enabled = [secret.version.enabled for secret in vault.written["renewal-partner"]]
    assert enabled == [False, True, True, True]
    assert served(store) == "renewed-4-of-first"


def test_a_first_renewal_over_another_lineages_keeps_that_one_enabled(store: ConsentStore, vault: MemoryVault) -> None:
    store.store_consent(FIRST)
    renew(store, "first", 1, over=None)
    store.store_consent(SECOND)
    renew(store, "second", 2, over=store.readable_renewal("partner"))
    assert [secret.version.enabled for secret in vault.written["renewal-partner"]] == [True, True]
    assert served(store) == "renewed-2-of-second"
