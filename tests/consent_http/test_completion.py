"""The end that every act of consent comes to, the same by each way: stored, or not, and everybody told which."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from consent_http.completion import BROWSER, DEVICE, IMPORT, RESTORE, Confirmation
from consent_http.device import Waiting
from consent_http.sign_in_refusals import MfaMissing
from local.state import StackState
from local.world import ADMIN, PARTNER_TENANT, SECOND_ADMIN, WITHOUT_MFA
from shared.consents.consent import Consent
from shared.consents.health import from_tags
from shared.vault import SecretVersion
from shared.vault_errors import VaultUnavailable
from tests.consent_http.rig import OPERATOR, HandClock, Rig, consented, old_token, running_rig, signed_in, typed_in
from tests.fakes.memory_vault import MemoryVault

NAME, SECRET, RENEWAL = "partner", "consent-partner", "renewal-partner"
type Act = Callable[[], Confirmation]


def prepared_browser(rig: Rig, _stack: StackState) -> Act:
    response, cookie = signed_in(rig, rig.link(NAME), ADMIN)
    return lambda: rig.flow.complete(response, cookie, correlation="confirmation")


def prepared_device(rig: Rig, _stack: StackState) -> Act:
    started = rig.device.start(NAME, {}, operator=OPERATOR, correlation="started")
    typed_in(started, ADMIN)

    def polled() -> Confirmation:
        answer = rig.poll(NAME, started["device"])
        assert not isinstance(answer, Waiting)
        return answer

    return polled


def prepared_import(rig: Rig, stack: StackState) -> Act:
    token = old_token(stack, ADMIN)
    return lambda: rig.imported(NAME, token)


def prepared_restore(rig: Rig, _stack: StackState) -> Act:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    return lambda: rig.restored(NAME)


WAYS = {BROWSER: prepared_browser, DEVICE: prepared_device, IMPORT: prepared_import, RESTORE: prepared_restore}
every_way = pytest.mark.parametrize("way", WAYS)


@dataclass(slots=True)
class LosingVault(MemoryVault):
    """A vault that writes a secret of the name `loses` once, and whose answer to that write is lost."""

    loses: str = ""

    def put(
        self,
        name: str,
        value: str,
        *,
        tags: Mapping[str, str],
        expires_on: datetime | None = None,
        once: bool = False,
    ) -> SecretVersion:
        """See SecretVault."""
        written = MemoryVault.put(self, name, value, tags=tags, expires_on=expires_on, once=once)
        if name == self.loses:
            self.loses = ""
            raise VaultUnavailable
        return written


@pytest.fixture
def vault() -> LosingVault:
    return LosingVault()


@pytest.fixture
def rig(stack: StackState, vault: LosingVault) -> Iterator[Rig]:
    """A rig whose setting allows device codes, and whose vault may lose an answer."""
    clock = HandClock(vault.clock())
    vault.clock = clock
    with running_rig(stack, vault=vault, clock=clock, CONSENT_DEVICE_CODE="on") as made:
        yield made


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit"]


def away(_operation: str, _name: str) -> None:
    raise VaultUnavailable


@every_way
def test_an_act_is_on_record_with_its_way_its_operator_and_whose_consent_it_is(
    rig: Rig, stack: StackState, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    act = WAYS[way](rig, stack)
    caplog.clear()
    caplog.set_level("INFO", "broker.audit")
    consent = act().consent
    (kept,) = records(caplog)
    assert kept.pop("correlation_id") in {"confirmation", "polled", "imported", "restored"}
    assert kept == {
        "event": "consent.stored",
        "consent": NAME,
        "lineage": consent.lineage,
        "in_force": True,
        "tenant": PARTNER_TENANT,
        "person": ADMIN.object_id,
        "mfa": "yes",
        "scope": rig.settings.consent_scope,
        "link": consent.link_id,
        "way": way,
        # Who made the link is on record with the link.
        "operator": "" if way == BROWSER else OPERATOR.object_id,
    }


@every_way
def test_an_act_is_stored_once_with_a_first_renewal_that_is_proven(rig: Rig, stack: StackState, way: str) -> None:
    act = WAYS[way](rig, stack)
    before = {name: len(rig.vault.written.get(name, [])) for name in (SECRET, RENEWAL)}
    confirmation = act()
    assert {name: len(rig.vault.written[name]) - before[name] for name in before} == {SECRET: 1, RENEWAL: 1}
    served = rig.store.load(NAME)
    assert served.consent == confirmation.consent == confirmation.in_force
    assert served.from_renewal
    health = from_tags(rig.vault.written[RENEWAL][-1].version.tags)
    assert health is not None
    assert (health.renewed_on, health.proven_on, health.mfa) == (*[rig.clock().replace(microsecond=0)] * 2, "yes")


@every_way
def test_a_write_whose_answer_was_lost_is_looked_for_and_told_as_stored(
    rig: Rig, stack: StackState, vault: LosingVault, way: str
) -> None:
    act = WAYS[way](rig, stack)
    vault.loses = SECRET
    confirmation = act()
    assert rig.store.load(NAME).consent == confirmation.consent == confirmation.in_force


@every_way
def test_a_write_of_which_nobody_can_tell_is_on_record_and_not_told_as_stored(
    rig: Rig, stack: StackState, vault: LosingVault, caplog: pytest.LogCaptureFixture, *, way: str
) -> None:
    """Its answer is lost and the vault stays away; whoever looks later finds it."""
    act = WAYS[way](rig, stack)
    caplog.clear()
    caplog.set_level("INFO", "broker.audit")

    def away_once_it_is_written(operation: str, name: str) -> None:
        if (operation, name) == ("put", SECRET):
            vault.before, vault.loses = away_from_reads, SECRET

    def away_from_reads(operation: str, _name: str) -> None:
        if operation == "get":
            raise VaultUnavailable

    vault.before = away_once_it_is_written
    with pytest.raises(VaultUnavailable):
        act()
    (kept,) = records(caplog)
    assert (kept["event"], kept["in_force"], kept["way"]) == ("consent.in_doubt", None, way)
    vault.before = lambda _operation, _name: None
    assert rig.store.load(NAME).consent.lineage == kept["lineage"], "it was stored after all"


@pytest.mark.parametrize("way", [DEVICE, RESTORE])
def test_an_operator_who_repeats_what_was_in_doubt_learns_that_it_is_stored(
    rig: Rig, stack: StackState, vault: LosingVault, way: str
) -> None:
    act = WAYS[way](rig, stack)

    def away_after_the_write(operation: str, name: str) -> None:
        if (operation, name) == ("put", SECRET):
            vault.before, vault.loses = away, SECRET

    vault.before = away_after_the_write
    with pytest.raises(VaultUnavailable):
        act()
    vault.before = lambda _operation, _name: None
    kept = len(vault.written[SECRET])
    assert act().consent == rig.store.load(NAME).consent
    assert len(vault.written[SECRET]) == kept


@every_way
def test_an_act_that_was_written_is_told_as_stored_when_the_vault_is_away_afterwards(
    rig: Rig, stack: StackState, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    act = WAYS[way](rig, stack)
    caplog.clear()
    caplog.set_level("INFO", "broker.audit")

    def away_after_the_write(operation: str, name: str) -> None:
        if (operation, name) == ("get", SECRET) and rig.vault.written.get(SECRET, [])[kept:]:
            rig.vault.before = away
            raise VaultUnavailable

    kept = len(rig.vault.written.get(SECRET, []))
    rig.vault.before = away_after_the_write
    confirmation = act()
    rig.vault.before = lambda _operation, _name: None
    served = rig.store.load(NAME)
    assert served.consent == confirmation.consent == confirmation.in_force
    assert not served.from_renewal
    assert [found["event"] for found in records(caplog)] == ["consent.stored", "renewal.deferred"]
    assert records(caplog)[-1]["outcome"] == "vault_unavailable"


@pytest.mark.parametrize("way", [BROWSER, DEVICE, IMPORT])
def test_a_renewal_that_a_newer_version_of_the_broker_wrote_is_left_alone(
    rig: Rig, stack: StackState, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    act = WAYS[way](rig, stack)
    newer = json.dumps({"schema": 10**6, "kind": "renewal"})
    rig.vault.put(RENEWAL, newer, tags={})
    caplog.clear()
    caplog.set_level("INFO", "broker.audit")
    confirmation = act()
    assert rig.store.in_force(NAME) == confirmation.consent
    assert rig.vault.written[RENEWAL][-1].value == newer
    assert records(caplog)[-1]["outcome"] == "consent_from_newer_version"


@every_way
def test_who_is_overtaken_at_the_last_moment_is_told_by_whom(rig: Rig, stack: StackState, way: str) -> None:
    """Another act lands between the renewal's writing and the last look."""
    act = WAYS[way](rig, stack)
    token = old_token(stack, SECOND_ADMIN)
    renewals = len(rig.vault.written.get(RENEWAL, []))

    def before(operation: str, name: str) -> None:
        if (operation, name) == ("get", SECRET) and len(rig.vault.written.get(RENEWAL, [])) > renewals:
            rig.vault.before = lambda _operation, _name: None
            rig.imported(NAME, token, new_person=True)

    rig.vault.before = before
    confirmation = act()
    assert isinstance(confirmation.in_force, Consent)
    assert (confirmation.consent.person.object_id, confirmation.in_force.person.object_id) == (
        ADMIN.object_id,
        SECOND_ADMIN.object_id,
    )
    assert rig.store.load(NAME).consent == confirmation.in_force


def test_a_sign_in_that_fails_its_checks_is_not_even_proven(rig: Rig) -> None:
    response, cookie = signed_in(rig, rig.link(NAME), WITHOUT_MFA)
    rig.authority.before_exchange = lambda: pytest.fail("it was exchanged")
    with pytest.raises(MfaMissing):
        rig.flow.complete(response, cookie, correlation="confirmation")
    assert SECRET not in rig.vault.written
