"""Runs, people, operators, lost answers and kills in every order: what is served descends from the newest act."""

import hashlib
import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.consents.errors import ConsentAbsent, ConsentWithdrawn
from shared.consents.health import OK
from shared.consents.store import ConsentStore
from shared.entra.errors import NewConsentNeeded
from shared.entra.tokens import Exchanger
from shared.errors import AuthorityUnavailable, BrokerError, ConsentUnreadable
from shared.vault import SecretVault
from shared.vault_errors import VaultUnavailable
from tests.refresh_timer.actors import NOTHING, WITHDRAWN, Actor, Acts, Fate, Work
from tests.refresh_timer.people import NAME, OnRecord, People
from tests.refresh_timer.scene import DAY, PERSON_ID, Scene, refresh_run

MOST_ACTORS = 3
FAULTS = [fate for fate in Fate if fate is not Fate.WELL]
MOODS: Mapping[str, BrokerError | None] = {
    "answers": None,
    "away": AuthorityUnavailable(),
    "dead": NewConsentNeeded(authority_code=50173),
    "refuses": NewConsentNeeded(authority_code=999_999),
}
SOMEBODY = st.integers(0, MOST_ACTORS - 1)


def has_room(machine: "Interleavings") -> bool:
    return len(machine.actors) < MOST_ACTORS


def somebody_works(machine: "Interleavings") -> bool:
    return bool(machine.actors)


class Interleavings(RuleBasedStateMachine):
    """People consent, operators import, withdraw and restore, runs come and go, each stopped wherever it may be."""

    store_of: Callable[[SecretVault], ConsentStore] = ConsentStore

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        count = itertools.count()
        # As little to be told of the time as Key Vault's, and the same in each run of the same steps.
        self.scene.vault.new_version = lambda: hashlib.sha256(str(next(count)).encode()).hexdigest()[:32]
        self.acts = Acts(self.scene.vault, self.scene.authority, type(self).store_of)
        self.actors: list[Actor] = []
        self.on_record = OnRecord()
        self.tokens = (f"token{number}" for number in itertools.count())
        self.mood = "answers"
        self.scene.authority.refuse = lambda _asked: error.afresh() if (error := MOODS[self.mood]) else None

    def _start(self, work: Work, *, at_once: bool = False, is_person: bool = True) -> None:
        """Somebody begins, and has done all before anybody else goes on if `at_once`."""
        self.actors.append(Actor(self.acts, work, is_person=is_person))
        if at_once:
            self.somebody_comes_to_an_end(len(self.actors) - 1)

    def _people(self, store: ConsentStore, authority: Exchanger) -> People:
        return People(store, authority, self.scene.clock)

    @initialize()
    def somebody_has_consented(self) -> None:
        self.a_person_consents(at_once=True)

    @precondition(has_room)
    @rule(days=st.sampled_from([1, 8, 0]), at_once=st.booleans())
    def a_run_begins(self, days: int, *, at_once: bool) -> None:
        """On a day when everything is to be proven, or stored, or what failed is to be tried again."""
        self.scene.clock.now += days * DAY
        self._start(
            lambda store, authority: refresh_run(store, authority, self.scene.clock).run(),
            at_once=at_once,
            is_person=False,
        )

    @precondition(lambda self: len(self.actors) + 1 < MOST_ACTORS)
    @rule(days=st.sampled_from([8, 1]))
    def two_runs_begin(self, days: int) -> None:
        self.a_run_begins(days, at_once=False)
        self.a_run_begins(0, at_once=False)

    @precondition(has_room)
    @rule(at_once=st.booleans())
    def a_person_consents(self, *, at_once: bool) -> None:
        token = next(self.tokens)
        self._start(lambda store, authority: self._people(store, authority).consent(token), at_once=at_once)

    @precondition(has_room)
    @rule(at_once=st.booleans())
    def an_operator_imports(self, *, at_once: bool) -> None:
        token = next(self.tokens)
        self._start(lambda store, authority: self._people(store, authority).import_token(token), at_once=at_once)

    @precondition(lambda self: has_room(self) and self.acts.newest[0] != WITHDRAWN)
    @rule(at_once=st.booleans())
    def an_operator_withdraws(self, *, at_once: bool) -> None:
        self._start(
            lambda store, _authority: store.withdraw(NAME, by=PERSON_ID, on=self.scene.clock()), at_once=at_once
        )

    @precondition(lambda self: has_room(self) and self.acts.newest[0] == WITHDRAWN)
    @rule(at_once=st.booleans())
    def an_operator_restores(self, *, at_once: bool) -> None:
        self._start(lambda store, authority: self._people(store, authority).restore(), at_once=at_once)

    @precondition(somebody_works)
    @rule(index=SOMEBODY, steps=st.integers(1, 3))
    def somebody_goes_on(self, index: int, steps: int) -> None:
        self._step(index, [Fate.WELL] * steps)

    @precondition(somebody_works)
    @rule(index=SOMEBODY, fate=st.sampled_from(FAULTS))
    def somebody_meets_a_fault(self, index: int, fate: Fate) -> None:
        self._step(index, [fate])

    @precondition(somebody_works)
    @rule(index=SOMEBODY)
    def somebody_comes_to_a_write(self, index: int) -> None:
        self.actors[index % len(self.actors)].to_a_write()
        self._step(index, [])

    @precondition(somebody_works)
    @rule(index=SOMEBODY, fate=st.sampled_from(FAULTS))
    def a_write_meets_a_fault(self, index: int, fate: Fate) -> None:
        self.actors[index % len(self.actors)].to_a_write()
        self._step(index, [fate])

    @precondition(lambda self: has_room(self) and somebody_works(self))
    @rule(index=SOMEBODY, withdraws=st.booleans())
    def somebody_acts_before_a_write_is_repeated(self, index: int, *, withdraws: bool) -> None:
        self.a_write_meets_a_fault(index, Fate.REPEATED)
        if withdraws and self.acts.newest[0] != WITHDRAWN:
            self.an_operator_withdraws(at_once=True)
        else:
            self.a_person_consents(at_once=True)

    @precondition(somebody_works)
    @rule(index=SOMEBODY)
    def somebody_comes_to_an_end(self, index: int) -> None:
        self.actors[index % len(self.actors)].finish()
        self._step(index, [])

    @rule(hours=st.sampled_from([1, 7, 25, 8 * 24]))
    def time_passes(self, hours: int) -> None:
        self.scene.clock.now += timedelta(hours=hours)

    # It answers more often than not: of whom it refuses nothing is stored.
    @rule(mood=st.sampled_from([*MOODS, "answers", "answers", "answers"]))
    def the_authority_changes_its_mind(self, mood: str) -> None:
        self.mood = mood

    def _step(self, index: int, fates: list[Fate]) -> None:
        actor = self.actors[index % len(self.actors)]
        for fate in fates:
            if not actor.ended:
                actor.step(fate)
        self._look_at(actor)
        self.actors = [actor for actor in self.actors if not actor.ended]

    def _look_at(self, actor: Actor) -> None:
        if actor.told is not None:
            assert actor.told.lineage in actor.in_force_meanwhile, "told of an act that never was in force meanwhile"
        assert not actor.blindly, "wrote over an act that a look just before would have shown"
        if actor.failure is None or isinstance(actor.failure, VaultUnavailable):
            return  # of a vault that does not answer nobody can tell whether it wrote
        assert isinstance(actor.failure, BrokerError), type(actor.failure).__name__
        assert not isinstance(actor.failure, ConsentUnreadable), "a consent became unreadable"
        assert not actor.wrote, f"refused with {actor.failure.code}, and stored all the same"

    @invariant()
    def what_is_on_record_as_stored_was_written(self) -> None:
        assert self.on_record.stored <= set(self.acts.written)

    @invariant()
    def what_is_served_descends_from_the_newest_act(self) -> None:
        assert self._served() == self.acts.newest

    def _served(self) -> tuple[str, str]:
        """The lineage that is served, and the refresh token that a person gave: each renewal adds a plus."""
        try:
            served = self.acts.store_of(self.scene.vault).load(NAME)
        except ConsentWithdrawn:
            return WITHDRAWN, ""
        except ConsentAbsent:
            return NOTHING, ""
        return served.consent.lineage, served.refresh_token.rstrip("+")

    def teardown(self) -> None:
        """Everybody comes to an end, and the next undisturbed run finds all well, or mends it."""
        for actor in self.actors:
            actor.finish()  # all of them, whatever was found: a thread that waits for ever keeps the process
        self.on_record.close()
        for actor in self.actors:
            self._look_at(actor)
        self.what_is_on_record_as_stored_was_written()
        self.what_is_served_descends_from_the_newest_act()
        self.mood = "answers"
        report = self.scene.run_after(2 * DAY)
        self.what_is_served_descends_from_the_newest_act()
        assert report.newly_lost == ()
        if self.acts.newest[0] not in {NOTHING, WITHDRAWN}:
            assert report.outcomes.total() == 1
            assert self.scene.health().status == OK
            assert self.scene.health().proven_on == self.scene.clock()


Interleavings.TestCase.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
test_what_is_served_always_descends_from_the_newest_act_of_a_person = Interleavings.TestCase
