"""Runs, people and lost answers in every order: what is served always descends from the newest act of a person.

Each actor works in a thread of its own and waits before every operation of the vault until the test lets it go on.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.consent import Renewal
from shared.consent_store import ConsentStore
from shared.errors import (
    AuthorityUnavailable,
    BrokerError,
    ConsentAbsent,
    ConsentNotFound,
    ConsentWithdrawn,
    NewConsentNeeded,
    VaultUnavailable,
)
from shared.health import OK, Health
from shared.vault import Secret, SecretVersion
from tests.refresh_timer.scene import DAY, PERSON_ID, Scene, consent, refresh_run

MOST_ACTORS = 3
NOTHING, WITHDRAWN = "nothing", "withdrawn"


class Fate(Enum):
    """What happens to one operation on its way."""

    WELL = "it is answered"
    LOST_REQUEST = "it never arrives"
    LOST_ANSWER = "it is done, and the answer is lost"
    REPEATED = "it is done twice, as the SDK does after a lost answer"


class Actor:
    """Somebody at work, stopped before each operation of the vault."""

    def __init__(self, vault: "Acts", work: Callable[[ConsentStore], object]) -> None:
        self.ended = False
        self.failure: Exception | None = None
        self._fate = Fate.WELL
        self._let_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        store = ConsentStore(Stopping(vault, self.stop))
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
            work(store)
        except VaultUnavailable:
            pass
        except Exception as error:  # noqa: BLE001 - the machine looks at it
            self.failure = error
        self.ended = True
        self._stands.release()


@dataclass(slots=True)
class Acts:
    """The vault, and the newest act of a person in it: noted when it is written, not by reading."""

    scene: Scene
    newest: str = NOTHING

    def put(self, name: str, value: str, tags: Mapping[str, str], expires_on: datetime | None) -> SecretVersion:
        if name == "consent-partner":
            content = json.loads(value)
            self.newest = WITHDRAWN if content["kind"] == "withdrawal" else content["refresh_token"]
        return self.scene.vault.put(name, value, tags=tags, expires_on=expires_on)


class Stopping:
    """A SecretVault that stops its actor before each operation."""

    def __init__(self, acts: Acts, stop: Callable[[], Fate]) -> None:
        self._acts, self._vault, self._stop = acts, acts.scene.vault, stop

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        self._reach()
        return self._vault.get(name, version)

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        fate = self._reach()
        version = self._acts.put(name, value, tags, expires_on)
        if fate is Fate.REPEATED and not once:
            version = self._acts.put(name, value, tags, expires_on)
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
        if fate is Fate.LOST_REQUEST:
            raise VaultUnavailable
        return fate


def _answer(fate: Fate) -> None:
    if fate is Fate.LOST_ANSWER:
        raise VaultUnavailable


MOODS: Mapping[str, BrokerError | None] = {
    "answers": None,
    "away": AuthorityUnavailable(),
    "dead": NewConsentNeeded(authority_code=50173),
    "refuses": NewConsentNeeded(authority_code=999_999),
}


class Interleavings(RuleBasedStateMachine):
    """People consent and withdraw, runs come and go, each stopped wherever it pleases Hypothesis."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.acts = Acts(self.scene)
        self.actors: list[Actor] = []
        self.mood = "answers"
        self.lineages = 0
        self.scene.authority.refuse = lambda _asked: error.afresh() if (error := MOODS[self.mood]) else None

    def _start(self, work: Callable[[ConsentStore], object]) -> None:
        self.actors.append(Actor(self.acts, work))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule()
    def a_run_begins(self) -> None:
        self._start(self._run)

    def _run(self, store: ConsentStore) -> None:
        refresh_run(store, self.scene.authority, self.scene.clock).run()

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(renewed=st.booleans())
    def a_person_consents(self, *, renewed: bool) -> None:
        self.lineages += 1
        given, now = consent(lineage=f"l{self.lineages}"), self.scene.clock()

        def work(store: ConsentStore) -> None:
            store.store_consent(given)
            if renewed:
                renewal = Renewal(lineage=given.lineage, refresh_token=f"{given.refresh_token}+")
                health = Health(lineage=given.lineage, renewed_on=now, proven_on=now)
                store.store_renewal("partner", renewal, health, over=store.renewal("partner"))

        self._start(work)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule()
    def an_operator_withdraws(self) -> None:
        def work(store: ConsentStore) -> None:
            with suppress(ConsentNotFound):
                store.withdraw("partner", by=PERSON_ID, on=self.scene.clock())

        self._start(work)

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1), steps=st.integers(1, 3))
    def somebody_goes_on(self, index: int, steps: int) -> None:
        self._step(index, [Fate.WELL] * steps)

    @precondition(lambda self: self.actors)
    @rule(index=st.integers(0, MOST_ACTORS - 1), fate=st.sampled_from(Fate))
    def somebody_meets_a_fault(self, index: int, fate: Fate) -> None:
        self._step(index, [fate])

    def _step(self, index: int, fates: list[Fate]) -> None:
        actor = self.actors[index % len(self.actors)]
        for fate in fates:
            if not actor.ended:
                actor.step(fate)
            assert actor.failure is None
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

    @invariant()
    def what_is_served_descends_from_the_newest_act(self) -> None:
        assert self._served() == self.acts.newest

    def _served(self) -> str:
        """The refresh token that a person gave, whose descendant is served: each renewal adds a plus."""
        try:
            return self.scene.store.load("partner").refresh_token.rstrip("+")
        except ConsentWithdrawn:
            return WITHDRAWN
        except ConsentAbsent:
            return NOTHING

    def teardown(self) -> None:
        """Everybody comes to an end, and the next undisturbed run finds all well, or mends it."""
        for actor in self.actors:
            actor.finish()
            assert actor.failure is None
        self.what_is_served_descends_from_the_newest_act()
        self.mood = "answers"
        report = self.scene.run_after(2 * DAY)
        self.what_is_served_descends_from_the_newest_act()
        assert report.newly_lost == ()
        if self.acts.newest not in {NOTHING, WITHDRAWN}:
            assert report.outcomes.total() == 1
            assert self.scene.health().status == OK
            assert self.scene.health().proven_on == self.scene.clock()


Interleavings.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_what_is_served_always_descends_from_the_newest_act_of_a_person = Interleavings.TestCase
