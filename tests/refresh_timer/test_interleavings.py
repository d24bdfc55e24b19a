"""Runs, people, operators, lost answers and kills in every order: what is served descends from the newest act.

Each actor works in a thread of its own and waits before every operation of the vault until the test lets it go on.
"""

import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.consent import Consent, Renewal, Withdrawal
from shared.consent_store import ConsentStore
from shared.errors import (
    AuthorityUnavailable,
    BrokerError,
    ConsentAbsent,
    ConsentNotFound,
    ConsentWithdrawn,
    NewConsentNeeded,
    NothingToRestore,
    VaultUnavailable,
)
from shared.health import OK, Health
from shared.vault import Secret, SecretVault, SecretVersion
from tests.refresh_timer.scene import DAY, PERSON_ID, Scene, consent, refresh_run

MOST_ACTORS = 3
NOTHING, WITHDRAWN = "nothing", "withdrawn"


class Fate(Enum):
    """What happens to one operation on its way."""

    WELL = "it is answered"
    LOST_REQUEST = "it never arrives"
    LOST_ANSWER = "it is done, and the answer is lost"
    REPEATED = "it is done twice, as the SDK does after a lost answer"
    KILLED_BEFORE = "whoever asked is killed before it arrives"
    KILLED_AFTER = "whoever asked is killed when it is done"


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, not even what handles errors."""


class Actor:
    """Somebody at work, stopped before each operation of the vault."""

    def __init__(self, acts: "Acts", work: Callable[[ConsentStore], object], *, is_person: bool) -> None:
        self.ended = False
        self.failure: Exception | None = None
        self.told: Consent | Withdrawal | None = None
        self._fate = Fate.WELL
        self._let_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        store = acts.store_of(Stopping(acts, self.stop, is_person=is_person))
        self._thread = threading.Thread(target=self._work, args=(store, work), daemon=True)
        self._thread.start()
        self._stands.acquire()

    def step(self, fate: Fate = Fate.WELL) -> None:
        """Let it go on to its next operation of the vault, or to its end."""
        self._fate = fate
        self._let_go.release()
        self._stands.acquire()

    def finish(self) -> None:
        while not self.ended:
            self.step()
        self._thread.join()

    def stop(self) -> Fate:
        """Stand before an operation; what happens to it, once it may go on."""
        self._stands.release()
        self._let_go.acquire()
        return self._fate

    def _work(self, store: ConsentStore, work: Callable[[ConsentStore], object]) -> None:
        try:
            told = work(store)
            self.told = told if isinstance(told, Consent | Withdrawal) else None
        except (VaultUnavailable, Killed):
            pass
        except Exception as error:  # noqa: BLE001 - the machine looks at it
            self.failure = error
        self.ended = True
        self._stands.release()


@dataclass(slots=True)
class Acts:
    """The vault, and the newest act of a person in it: noted when it is written, not by reading.

    An act is its lineage and the refresh token it began with; `store_of` makes the store that everybody uses.
    """

    scene: Scene
    store_of: Callable[[SecretVault], ConsentStore] = ConsentStore
    newest: tuple[str, str] = (NOTHING, "")
    written: set[str] = field(default_factory=set)

    def put(
        self, name: str, value: str, tags: Mapping[str, str], expires_on: datetime | None, *, is_person: bool
    ) -> SecretVersion:
        if name == "consent-partner" and is_person:
            content = json.loads(value)
            withdrawn = content["kind"] == "withdrawal"
            self.newest = (WITHDRAWN, "") if withdrawn else (content["lineage"], content["refresh_token"].rstrip("+"))
            self.written.add(content["lineage"])
        return self.scene.vault.put(name, value, tags=tags, expires_on=expires_on)


class Stopping:
    """A SecretVault that stops its actor before each operation."""

    def __init__(self, acts: Acts, stop: Callable[[], Fate], *, is_person: bool) -> None:
        self._acts, self._vault, self._stop, self._is_person = acts, acts.scene.vault, stop, is_person

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        fate = self._reach()
        found = self._vault.get(name, version)
        _answer(fate)
        return found

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        fate = self._reach()
        version = self._acts.put(name, value, tags, expires_on, is_person=self._is_person)
        if fate is Fate.REPEATED and not once:
            version = self._acts.put(name, value, tags, expires_on, is_person=self._is_person)
        _answer(fate)
        return version

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        fate = self._reach()
        self._vault.patch(name, version, tags=tags, enabled=enabled)
        _answer(fate)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        self._reach()
        return self._vault.list_latest()

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        self._reach()
        return self._vault.list_versions(name)

    def _reach(self) -> Fate:
        fate = self._stop()
        if fate is Fate.KILLED_BEFORE:
            raise Killed
        if fate is Fate.LOST_REQUEST:
            raise VaultUnavailable
        return fate


def _answer(fate: Fate) -> None:
    if fate is Fate.KILLED_AFTER:
        raise Killed
    if fate is Fate.LOST_ANSWER:
        raise VaultUnavailable


MOODS: Mapping[str, BrokerError | None] = {
    "answers": None,
    "away": AuthorityUnavailable(),
    "dead": NewConsentNeeded(authority_code=50173),
    "refuses": NewConsentNeeded(authority_code=999_999),
}


class Interleavings(RuleBasedStateMachine):
    """People consent, operators import, withdraw and restore, runs come and go, each stopped wherever it may be."""

    store_of: Callable[[SecretVault], ConsentStore] = ConsentStore

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        count = itertools.count()
        # As little to be told of the time as Key Vault's, and the same in each run of the same steps.
        self.scene.vault.new_version = lambda: hashlib.sha256(str(next(count)).encode()).hexdigest()[:32]
        self.acts = Acts(self.scene, type(self).store_of)
        self.actors: list[Actor] = []
        self.mood = "answers"
        self.lineages = 0
        self.scene.authority.refuse = lambda _asked: error.afresh() if (error := MOODS[self.mood]) else None

    def _start(self, work: Callable[[ConsentStore], object], *, is_person: bool = True) -> None:
        self.actors.append(Actor(self.acts, work, is_person=is_person))

    def _new_lineage(self) -> str:
        self.lineages += 1
        return f"l{self.lineages}"

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule()
    def a_run_begins(self) -> None:
        self._start(lambda store: refresh_run(store, self.scene.authority, self.scene.clock).run(), is_person=False)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(renewed=st.booleans(), looks=st.booleans())
    def a_person_consents(self, *, renewed: bool, looks: bool) -> None:
        """By a link, a device code or an import: the same for the vault; `looks` as it does just before storing."""
        given = consent(lineage=self._new_lineage())

        def work(store: ConsentStore) -> Consent | Withdrawal | None:
            if looks:
                before, after = store.act("partner"), store.act("partner")
                if (before.lineage if before else "") != (after.lineage if after else ""):
                    return None
            return self._stored(store, given, renewed=renewed)

        self._start(work)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule()
    def an_operator_withdraws(self) -> None:
        def work(store: ConsentStore) -> Consent | Withdrawal | None:
            with suppress(ConsentNotFound):
                return store.withdraw("partner", by=PERSON_ID, on=self.scene.clock())
            return None

        self._start(work)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(renewed=st.booleans())
    def an_operator_restores(self, *, renewed: bool) -> None:
        lineage = self._new_lineage()

        def work(store: ConsentStore) -> Consent | Withdrawal | None:
            found = store.act("partner")
            if not isinstance(found, Withdrawal):
                return None
            with suppress(NothingToRestore):
                ended = store.ended_by(found)
                newest = store.act("partner")
                if isinstance(newest, Withdrawal) and newest.lineage == found.lineage:
                    token = f"{ended.refresh_token}+"
                    return self._stored(store, replace(ended, lineage=lineage, refresh_token=token), renewed=renewed)
            return None

        self._start(work)

    def _stored(self, store: ConsentStore, given: Consent, *, renewed: bool) -> Consent | Withdrawal:
        told = store.store_consent(given)
        if renewed and told.lineage == given.lineage:
            renewal = Renewal(lineage=given.lineage, refresh_token=f"{given.refresh_token}+")
            health = Health(lineage=given.lineage, renewed_on=self.scene.clock(), proven_on=self.scene.clock())
            store.store_renewal("partner", renewal, health, over=store.readable_renewal("partner"))
        return told

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1), steps=st.integers(1, 3))
    def somebody_goes_on(self, index: int, steps: int) -> None:
        self._step(index, [Fate.WELL] * steps)

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1), fate=st.sampled_from(Fate))
    def somebody_meets_a_fault(self, index: int, fate: Fate) -> None:
        self._step(index, [fate])

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1), fate=st.sampled_from([Fate.LOST_REQUEST, Fate.LOST_ANSWER]))
    def a_message_is_lost(self, index: int, fate: Fate) -> None:
        self._step(index, [fate])

    def _step(self, index: int, fates: list[Fate]) -> None:
        actor = self.actors[index % len(self.actors)]
        for fate in fates:
            if not actor.ended:
                actor.step(fate)
            self._look_at(actor)
        self.actors = [actor for actor in self.actors if not actor.ended]

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1))
    def somebody_comes_to_an_end(self, index: int) -> None:
        actor = self.actors[index % len(self.actors)]
        actor.finish()
        self._step(index, [Fate.WELL])

    @rule(hours=st.sampled_from([1, 7, 25, 8 * 24]))
    def time_passes(self, hours: int) -> None:
        self.scene.clock.now += timedelta(hours=hours)

    @rule(mood=st.sampled_from(sorted(MOODS)))
    def the_authority_changes_its_mind(self, mood: str) -> None:
        self.mood = mood

    def _look_at(self, actor: Actor) -> None:
        assert actor.failure is None, type(actor.failure).__name__
        # Whoever is told that an act is in force is told of one that was really written.
        assert actor.told is None or actor.told.lineage in self.acts.written

    @invariant()
    def what_is_served_descends_from_the_newest_act(self) -> None:
        assert self._served() == self.acts.newest

    def _served(self) -> tuple[str, str]:
        """The lineage that is served, and the refresh token that a person gave: each renewal adds a plus."""
        try:
            served = self.acts.store_of(self.scene.vault).load("partner")
        except ConsentWithdrawn:
            return WITHDRAWN, ""
        except ConsentAbsent:
            return NOTHING, ""
        return served.consent.lineage, served.refresh_token.rstrip("+")

    def teardown(self) -> None:
        """Everybody comes to an end, and the next undisturbed run finds all well, or mends it."""
        for actor in self.actors:
            actor.finish()  # all of them, whatever was found: a thread that waits for ever keeps the process
        for actor in self.actors:
            self._look_at(actor)
        self.what_is_served_descends_from_the_newest_act()
        self.mood = "answers"
        report = self.scene.run_after(2 * DAY)
        self.what_is_served_descends_from_the_newest_act()
        assert report.newly_lost == ()
        if self.acts.newest[0] not in {NOTHING, WITHDRAWN}:
            assert report.outcomes.total() == 1
            assert self.scene.health().status == OK
            assert self.scene.health().proven_on == self.scene.clock()


Interleavings.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_what_is_served_always_descends_from_the_newest_act_of_a_person = Interleavings.TestCase
