"""Sealed values: unread, unchanged, for one purpose, for a while, under keys that rotate and are revoked."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.link_keys import (
    LINK_KEYS,
    REREAD_AFTER,
    REREAD_AFTER_FAILURE,
    TRUSTED_FOR,
    SealKeyUnknown,
)
from shared.seal import MAX_LENGTH, SealExpired, Seals
from shared.vault_errors import VaultUnavailable
from tests.consent_http.rig import HandClock
from tests.fakes.memory_vault import MemoryVault

SECOND = timedelta(seconds=1)
LIFETIME = timedelta(hours=1)
MADE_UP = "f" * 32


class Instances:
    """One vault and one clock; `begin` starts an instance of the app over them."""

    def __init__(self) -> None:
        self.clock = HandClock(datetime(2026, 5, 1, tzinfo=UTC))
        self.asked: Counter[str] = Counter()
        self.vault = MemoryVault(clock=self.clock, before=self.count)
        self.down = False

    def count(self, operation: str, _name: str) -> None:
        self.asked[operation] += 1
        if self.down:
            raise VaultUnavailable

    def begin(self) -> Seals:
        return Seals(self.vault, clock=self.clock)

    def seal(self, seals: Seals, content: dict[str, object] | None = None) -> str:
        return seals.seal("link", content or {"for": "Ada"}, expires_on=self.clock() + LIFETIME)

    def rotate(self, value: str | None = None) -> str:
        self.clock.advance(SECOND)
        return self.vault.put(LINK_KEYS, value or Fernet.generate_key().decode(), tags={}).version

    def key_ids(self) -> list[str]:
        return [secret.version.version for secret in self.vault.written.get(LINK_KEYS, [])]


@pytest.fixture
def instances() -> Instances:
    return Instances()


def test_what_was_sealed_opens_for_its_purpose_alone(instances: Instances) -> None:
    seals = instances.begin()
    sealed = instances.seal(seals, {"text": "ä<&", "yes": True, "none": None})
    assert seals.open("link", sealed) == {"text": "ä<&", "yes": True, "none": None}
    assert seals.open("sign-in", sealed) is None


def test_what_was_sealed_can_be_put_into_an_address_and_a_cookie_as_it_is(instances: Instances) -> None:
    sealed = instances.seal(instances.begin(), {"text": "?&=;, \r\n" * 9})
    assert set(sealed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_what_was_sealed_says_nothing(instances: Instances) -> None:
    sealed = instances.seal(instances.begin(), {"person": "ada@fabrikam.example"})
    assert "ada" not in sealed
    assert instances.vault.written[LINK_KEYS][0].value not in sealed


def test_every_single_changed_character_is_noticed(instances: Instances) -> None:
    seals = instances.begin()
    sealed = instances.seal(seals)
    for place in range(sealed.index(".") + 1, len(sealed) - 1):  # the very last one holds bits that mean nothing
        other = "A" if sealed[place] != "A" else "B"
        assert seals.open("link", sealed[:place] + other + sealed[place + 1 :]) is None


def test_every_truncation_is_noticed(instances: Instances) -> None:
    seals = instances.begin()
    sealed = instances.seal(seals)
    assert [end for end in range(len(sealed)) if seals.open("link", sealed[:end]) is not None] == []


@pytest.mark.parametrize(
    "junk",
    [
        "",
        ".",
        "..",
        "a",
        "a.",
        ".a",
        "a.b",
        "a.ü",
        "ü.a",
        "\ud800.\ud800",
        "\x00.\x00",
        "a." + "A" * 10**6,
        "=.=",
        "%.",
    ],
)
def test_junk_is_not_ours(instances: Instances, junk: str) -> None:
    assert instances.begin().open("link", junk) is None


def test_junk_under_a_key_id_of_ours_is_not_ours(instances: Instances) -> None:
    seals = instances.begin()
    key_id, _, token = instances.seal(seals).partition(".")
    for junk in ("ü", "\ud800", "=", "a", "gAAAA", "\n", token + "A" * MAX_LENGTH, Fernet.generate_key().decode()):
        assert seals.open("link", f"{key_id}.{junk}") is None


def test_another_brokers_seal_is_not_ours_even_under_our_key_id(instances: Instances) -> None:
    seals, theirs = instances.begin(), Instances()
    ours, foreign = instances.seal(seals), theirs.seal(theirs.begin())
    assert seals.open("link", foreign) is None
    assert seals.open("link", f"{ours.partition('.')[0]}.{foreign.partition('.')[2]}") is None


@settings(max_examples=200, deadline=None)
@given(text=st.text(), under_known_key=st.booleans())
def test_whatever_text_comes_it_is_refused_without_an_exception(text: str, *, under_known_key: bool) -> None:
    instances = Instances()
    seals = instances.begin()
    key_id = instances.seal(seals).partition(".")[0]
    assert seals.open("link", f"{key_id}.{text}" if under_known_key else text) is None


@settings(max_examples=50, deadline=None)
@given(content=st.dictionaries(st.text(max_size=8), st.text(max_size=40) | st.booleans() | st.none(), max_size=4))
def test_any_small_content_comes_back_as_it_was(content: dict[str, object]) -> None:
    instances = Instances()
    seals = instances.begin()
    assert seals.open("link", seals.seal("link", content, expires_on=instances.clock() + SECOND)) == content


def test_a_seal_ends_on_its_second(instances: Instances) -> None:
    seals = instances.begin()
    sealed = instances.seal(seals)
    instances.clock.advance(LIFETIME - SECOND)
    assert seals.open("link", sealed)
    instances.clock.advance(SECOND)
    with pytest.raises(SealExpired):
        seals.open("link", sealed)


def test_a_new_key_seals_and_the_old_one_still_opens(instances: Instances) -> None:
    seals = instances.begin()
    before = instances.seal(seals)
    newest = instances.rotate()
    instances.clock.advance(REREAD_AFTER)
    after = instances.seal(seals)
    assert after.startswith(f"{newest}.")
    assert seals.open("link", before) == seals.open("link", after) == {"for": "Ada"}


def test_a_key_that_another_instance_learnt_of_first_is_looked_up_at_once(instances: Instances) -> None:
    """The button's cookie may come back to another instance within seconds of a rotation."""
    seals, other = instances.begin(), instances.begin()
    instances.seal(seals)
    instances.rotate()
    sealed = instances.seal(other)
    assert seals.open("link", sealed) == {"for": "Ada"}


def test_two_instances_that_begin_at_once_read_each_other(instances: Instances) -> None:
    """Both find no key and make one; each must open what the other seals, now and later."""
    one, two = instances.begin(), instances.begin()
    sealed: list[str] = []

    def interrupt(operation: str, _name: str) -> None:
        if operation == "put" and not sealed:
            sealed.append(
                ""
            )  # the first instance is about to write: the second comes in between, with a key of its own
            sealed[0] = instances.seal(two)

    instances.vault.before = interrupt
    sealed.append(instances.seal(one))
    assert len(instances.key_ids()) == 2
    for seals in (one, two, instances.begin()):
        assert [seals.open("link", text) for text in sealed] == [{"for": "Ada"}] * 2


def test_a_disabled_key_opens_nothing_once_its_trust_time_is_over(instances: Instances) -> None:
    seals = instances.begin()
    before = instances.seal(seals)
    instances.rotate()
    instances.vault.patch(LINK_KEYS, before.partition(".")[0], enabled=False)
    instances.clock.advance(TRUSTED_FOR)
    assert seals.open("link", before) is None
    assert instances.begin().open("link", before) is None


def test_when_every_key_is_disabled_a_new_one_is_made(instances: Instances) -> None:
    seals = instances.begin()
    before = instances.seal(seals)
    instances.vault.patch(LINK_KEYS, instances.key_ids()[0], enabled=False)
    instances.clock.advance(TRUSTED_FOR)
    after = instances.seal(seals)
    assert seals.open("link", after) == {"for": "Ada"}
    assert seals.open("link", before) is None


@pytest.mark.parametrize("value", ["", "not a key", "ä", "AAAA", "{}", "A" * 43 + "=" + "A"])
def test_a_key_that_somebody_put_there_wrongly_breaks_nothing(instances: Instances, value: str) -> None:
    seals = instances.begin()
    before = instances.seal(seals)
    instances.vault.put(LINK_KEYS, value, tags={})
    instances.clock.advance(TRUSTED_FOR)
    for reader in (seals, instances.begin()):
        assert reader.open("link", before) == {"for": "Ada"}
        assert reader.open("link", instances.seal(reader)) == {"for": "Ada"}
    assert len(instances.key_ids()) == 2


def test_when_the_only_key_is_none_a_usable_one_is_made(instances: Instances) -> None:
    instances.rotate("not a key")
    seals = instances.begin()
    assert seals.open("link", instances.seal(seals)) == {"for": "Ada"}


def test_junk_key_ids_cause_at_most_one_read_of_the_vault_a_minute(instances: Instances) -> None:
    seals = instances.begin()
    instances.seal(seals)
    for _ in range(3):
        instances.asked.clear()
        assert seals.open("link", f"{MADE_UP}.gAAAA") is None, "this very look has said so"
        for number in range(50):
            with pytest.raises(SealKeyUnknown) as unknown:
                seals.open("link", f"{number:032x}.gAAAA")
            assert unknown.value.retry_after == 60
            assert seals.open("link", f"made-up-{number}.gAAAA") is None, "no key of any vault is called so"
        assert instances.asked["list_versions"] == 1
        assert instances.asked["get"] == instances.asked["put"] == 0, "known keys are not read again"
        instances.clock.advance(REREAD_AFTER)


@pytest.mark.parametrize("warm", [True, False])
def test_junk_does_not_wear_down_a_vault_that_is_down(instances: Instances, *, warm: bool) -> None:
    seals = instances.begin()
    if warm:
        instances.seal(seals)
        instances.clock.advance(REREAD_AFTER)
    instances.asked.clear()
    instances.down = True
    for number in range(50):
        with pytest.raises(VaultUnavailable):
            seals.open("link", f"{number:032x}.gAAAA")
    assert instances.asked.total() == 1
    instances.clock.advance(REREAD_AFTER_FAILURE)
    for number in range(50):
        with pytest.raises(VaultUnavailable):
            seals.open("link", f"{number:032x}.gAAAA")
    assert instances.asked.total() == 2


def test_a_failed_look_is_not_repeated_for_some_seconds_however_long_it_took(instances: Instances) -> None:
    seals = instances.begin()

    def slow(operation: str, _name: str) -> None:
        instances.asked[operation] += 1
        instances.clock.advance(timedelta(seconds=25))
        raise VaultUnavailable

    instances.vault.before = slow
    for _ in range(5):
        with pytest.raises(VaultUnavailable):
            seals.open("link", f"{MADE_UP}.gAAAA")
    assert instances.asked.total() == 1


def test_what_anybody_sends_adds_no_key(instances: Instances) -> None:
    seals = instances.begin()
    assert seals.open("link", f"{MADE_UP}.gAAAA") is None
    assert instances.asked["put"] == 0
    assert seals.open("link", instances.seal(seals)) == {"for": "Ada"}


def test_many_at_once_on_a_cold_instance_share_one_look(instances: Instances) -> None:
    """Genuine ones are opened by it, and made-up ones are told that it cannot be known yet, or that there is no key."""
    sealed = instances.seal(instances.begin())
    seals, gate, looking = instances.begin(), threading.Event(), threading.Event()
    instances.asked.clear()

    def held(operation: str, name: str) -> None:
        instances.count(operation, name)
        looking.set()
        assert gate.wait(20)

    instances.vault.before = held

    def opened(text: str) -> object:
        try:
            return seals.open("link", text)
        except SealKeyUnknown:
            return "unknown"

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(opened, f"{MADE_UP}.gAAAA")
        assert looking.wait(20)
        more = [pool.submit(opened, text) for text in [sealed, f"{MADE_UP}.gAAAA"] * 3]
        gate.set()
        assert first.result() is None
        assert [one.result() for one in more] == [{"for": "Ada"}, "unknown"] * 3
    assert instances.asked == {"list_versions": 1, "get": 1}


def test_on_a_warm_instance_nobody_waits_for_a_look_that_somebody_elses_junk_caused(instances: Instances) -> None:
    seals, gate, looking = instances.begin(), threading.Event(), threading.Event()
    sealed = instances.seal(seals)
    instances.clock.advance(REREAD_AFTER)

    def held(_operation: str, _name: str) -> None:
        looking.set()
        assert gate.wait(20)

    instances.vault.before = held
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(seals.open, "link", f"{MADE_UP}.gAAAA")
        try:
            assert looking.wait(20)
            with pytest.raises(SealKeyUnknown):
                seals.open("link", f"{'e' * 32}.gAAAA")
            assert seals.open("link", sealed) == {"for": "Ada"}
        finally:
            gate.set()
        assert first.result() is None


def test_a_key_made_elsewhere_a_moment_ago_is_not_called_a_forgery(instances: Instances) -> None:
    """Somebody has just made us look; another instance rotates the key, and its link comes to us."""
    seals, other = instances.begin(), instances.begin()
    instances.seal(seals)
    seals.open("link", f"{MADE_UP}.gAAAA")
    instances.rotate()
    instances.clock.advance(REREAD_AFTER / 2)
    sealed = instances.seal(other)
    with pytest.raises(SealKeyUnknown) as unknown:
        seals.open("link", sealed)
    assert unknown.value.retry_after == 29
    instances.clock.advance(REREAD_AFTER / 2)
    assert seals.open("link", sealed) == {"for": "Ada"}


def test_a_look_that_failed_is_made_again_soon(instances: Instances) -> None:
    seals = instances.begin()
    instances.seal(seals)
    instances.rotate()
    sealed = instances.seal(instances.begin())
    instances.down = True
    with pytest.raises(VaultUnavailable):
        seals.open("link", sealed)
    instances.down = False
    instances.clock.advance(REREAD_AFTER_FAILURE)
    assert seals.open("link", sealed) == {"for": "Ada"}


def test_a_cold_instance_does_not_call_a_link_invalid_while_the_vault_is_down(instances: Instances) -> None:
    sealed = instances.seal(instances.begin())
    seals = instances.begin()
    instances.down = True
    for _ in range(2):
        with pytest.raises(VaultUnavailable):
            seals.open("link", sealed)
    instances.down = False
    instances.clock.advance(REREAD_AFTER_FAILURE)
    assert seals.open("link", sealed) == {"for": "Ada"}


def test_reading_seals_again_and_again_reads_the_vault_once(instances: Instances) -> None:
    sealed = instances.seal(instances.begin())
    seals = instances.begin()
    instances.asked.clear()
    for _ in range(50):
        seals.open("link", sealed)
    assert instances.asked == {"list_versions": 1, "get": 1}


def test_a_key_that_is_none_is_on_record_by_its_version_alone(
    instances: Instances, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "broker.audit")
    instances.rotate("hunter2, put there by hand")
    instances.seal(instances.begin())
    (wrong, _made) = instances.key_ids()
    found = [json.loads(line) for line in caplog.messages]
    assert {(one["event"], one["version"]) for one in found} == {("link.key_unusable", wrong)}
    assert "hunter2" not in caplog.text
