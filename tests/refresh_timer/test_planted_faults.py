"""The same machine finds each of seven planted faults within 2,000 steps: what cannot fail would say nothing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.consents.consent import (
    CONSENT,
    RENEWAL,
    Act,
    Consent,
    Renewal,
    Withdrawal,
    dump_consent,
    parse_consent,
)
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served, StoredRenewal
from shared.errors import ConsentUnreadable
from shared.vault import SecretVault, SecretVersion
from shared.vault_errors import VaultUnavailable
from tests.refresh_timer.test_interleavings import Interleavings

EXAMPLES, STEPS = 40, 50  # 2,000 steps in all
# Fixed, so that the same steps are taken each time.
SEED = 10
WITHIN = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
)


class RenewalWritesTheConsent(ConsentStore):
    """The timer puts the newer refresh token where people's acts are."""

    def store_renewal(self, name: str, renewal: Renewal, health: Health, *, over: StoredRenewal | None) -> str:
        found = self.in_force(name)
        if isinstance(found, Consent):
            changed = replace(found, lineage=renewal.lineage, refresh_token=renewal.refresh_token)
            self._vault.put(CONSENT + name, dump_consent(changed), tags={})
        return super().store_renewal(name, renewal, health, over=over)


class PatchesTheLatest(ConsentStore):
    """A PATCH that names no version changes whichever is the latest then."""

    def __init__(self, vault: SecretVault) -> None:
        super().__init__(_WithoutVersion(vault))


class _WithoutVersion:
    def __init__(self, vault: SecretVault) -> None:
        self._inner = vault
        self.get, self.put = vault.get, vault.put
        self.list_latest, self.list_versions = vault.list_latest, vault.list_versions

    def patch(
        self,
        name: str,
        version: str,  # noqa: ARG002 - that is the fault
        *,
        tags: Mapping[str, str] | None = None,
        enabled: bool | None = None,
    ) -> None:
        latest = self._inner.get(name)
        if latest is not None:
            self._inner.patch(name, latest.version.version, tags=tags, enabled=enabled)


class ReaderIgnoresTheLineage(ConsentStore):
    """The newest renewal is served, whoever's it is."""

    def load(self, name: str) -> Served:
        served = super().load(name)
        if served.stored is None:
            return served
        renewal = replace(served.stored.renewal, lineage=served.consent.lineage)
        return replace(served, stored=replace(served.stored, renewal=renewal))


class ReadsNothingBack(ConsentStore):
    """A write that was not answered is taken for done."""

    def _act(self, name: str, lineage: str, value: str, tags: Mapping[str, str]) -> Consent | Withdrawal:
        del lineage
        with suppress(VaultUnavailable):
            self._vault.put(CONSENT + name, value, tags=tags, once=True)
        return parse_consent(CONSENT + name, value)


class RepeatsAnAct(ConsentStore):
    """A person's act is put as anything else is: the SDK does it once more when the answer was lost."""

    def __init__(self, vault: SecretVault) -> None:
        super().__init__(_Repeating(vault))


class _Repeating:
    def __init__(self, vault: SecretVault) -> None:
        self._inner = vault
        self.get, self.patch = vault.get, vault.patch
        self.list_latest, self.list_versions = vault.list_latest, vault.list_versions

    def put(
        self,
        name: str,
        value: str,
        *,
        tags: Mapping[str, str],
        expires_on: datetime | None = None,
        once: bool = False,  # noqa: ARG002 - that is the fault
    ) -> SecretVersion:
        return self._inner.put(name, value, tags=tags, expires_on=expires_on)


class RemembersTheNewestAct(ConsentStore):
    """The look just before storing is answered by what was read when the act began."""

    def __init__(self, vault: SecretVault) -> None:
        super().__init__(vault)
        self._remembered: dict[str, Act | None] = {}

    def newest_act(self, name: str) -> Act | None:
        if name not in self._remembered:
            self._remembered[name] = super().newest_act(name)
        return self._remembered[name]


class FindsThePreviousByListing(ConsentStore):
    """What is disabled is the version before the last one of the list, by its time and its id."""

    def store_renewal(self, name: str, renewal: Renewal, health: Health, *, over: StoredRenewal | None) -> str:
        told = super().store_renewal(name, renewal, replace(health, previous=over.version if over else ""), over=None)
        versions = sorted(
            (version for version in self._vault.list_versions(RENEWAL + name) if version.enabled),
            key=lambda version: (_whole(version.created_on), version.version),
        )
        if len(versions) > 1:
            self._vault.patch(RENEWAL + name, versions[-2].version, enabled=False)
        return told


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def counting(store_of: Callable[[SecretVault], ConsentStore]) -> tuple[type[Interleavings], list[int]]:
    """The machine over this store, and how many steps it has taken: each looks at what is served."""
    taken = [0]

    class Counted(Interleavings):
        def _served(self) -> tuple[str, str]:
            taken[0] += 1
            return super()._served()

    Counted.store_of = staticmethod(store_of)
    seeded: type[Interleavings] = seed(SEED)(Counted)
    return seeded, taken


@pytest.mark.parametrize(
    "fault",
    [
        RenewalWritesTheConsent,
        PatchesTheLatest,
        ReaderIgnoresTheLineage,
        ReadsNothingBack,
        FindsThePreviousByListing,
        RepeatsAnAct,
        RemembersTheNewestAct,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_planted_fault_is_found_within_2000_steps(
    fault: type[ConsentStore], capsys: pytest.CaptureFixture[str]
) -> None:
    machine, taken = counting(fault)
    with pytest.raises((AssertionError, ConsentUnreadable)) as found:
        run_state_machine_as_test(machine, settings=WITHIN)
    assert taken[0] <= EXAMPLES * STEPS
    with capsys.disabled():
        print(f"\n{fault.__name__}: seed {SEED}, {taken[0]} steps, {type(found.value).__name__}")  # noqa: T201 - to see


def test_without_a_fault_the_same_steps_find_nothing() -> None:
    machine, taken = counting(ConsentStore)
    run_state_machine_as_test(machine, settings=WITHIN)
    assert taken[0] > EXAMPLES
