"""What links are held against: read seldom for whoever opens one, and never from memory where something is stored."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from consent_http.completion import Confirmation
from consent_http.link_standing import LINKS, MOST_REMEMBERED, REMEMBERED, Standing, Standings
from consent_http.refusals import LinkRevoked, LinkUsed
from local.state import StackState
from local.world import ADMIN
from shared.consents.store import ConsentStore
from shared.errors import ConsentUnreadable
from shared.vault_errors import VaultUnavailable
from tests.consent_http.rig import OPERATOR, HandClock, Rig, consented, running_rig, signed_in, typed_in
from tests.fakes.memory_vault import MemoryVault

NAME = "partner"
TWO_READS = 2


class Scene:
    """A vault that counts what it is asked, and the standings over it."""

    def __init__(self, most_remembered: int = MOST_REMEMBERED) -> None:
        self.clock = HandClock(datetime(2026, 5, 1, tzinfo=UTC))
        self.asked: Counter[str] = Counter()
        self.vault = MemoryVault(clock=self.clock, before=self._count)
        self.down = False
        self.standings = Standings(
            self.vault, ConsentStore(self.vault), clock=self.clock, most_remembered=most_remembered
        )

    def _count(self, operation: str, _name: str) -> None:
        self.asked[operation] += 1
        if self.down:
            raise VaultUnavailable

    def revoke(self) -> None:
        self.standings.revoke_links(NAME, by="operator", on=self.clock())


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_however_often_a_link_is_opened_the_vault_is_read_once_in_five_seconds(scene: Scene) -> None:
    for rounds in (1, 2):
        for _ in range(100):
            scene.standings.lately("a link", NAME)
        assert scene.asked.total() == rounds * TWO_READS
        scene.clock.advance(REMEMBERED)


def test_many_who_open_a_link_at_once_share_one_look(scene: Scene) -> None:
    gate, looking = threading.Event(), threading.Event()

    def held(operation: str, _name: str) -> None:
        scene.asked[operation] += 1
        looking.set()
        assert gate.wait(20)

    scene.vault.before = held
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(scene.standings.lately, "a link", NAME)
        assert looking.wait(20)
        more = [pool.submit(scene.standings.lately, "a link", NAME) for _ in range(15)]
        gate.set()
        assert {one.result() for one in [first, *more]} == {Standing(act=None)}
    assert scene.asked.total() == TWO_READS


def test_a_vault_that_is_down_is_not_asked_again_for_each_visitor(scene: Scene) -> None:
    scene.down = True
    for _ in range(50):
        with pytest.raises(VaultUnavailable):
            scene.standings.lately("a link", NAME)
    assert scene.asked.total() == 1
    scene.down = False
    scene.clock.advance(REMEMBERED)
    assert scene.standings.lately("a link", NAME) == Standing(act=None)


def test_a_clock_that_was_set_back_makes_nothing_remembered_for_longer(scene: Scene) -> None:
    scene.standings.lately("a link", NAME)
    scene.revoke()
    scene.standings.lately("a link", NAME)
    scene.clock.advance(-timedelta(days=1))
    scene.asked.clear()
    scene.standings.lately("a link", NAME)
    assert scene.asked.total() == TWO_READS


def test_a_link_just_made_is_not_held_against_what_another_link_saw(scene: Scene) -> None:
    scene.standings.lately("an older link", NAME)
    other_instance = Standings(scene.vault, ConsentStore(scene.vault), clock=scene.clock)
    other_instance.revoke_links(NAME, by="operator", on=scene.clock())
    made = scene.standings.now(NAME)
    assert scene.standings.lately("a newer link", NAME) == made != scene.standings.lately("an older link", NAME)


def test_what_was_done_on_this_instance_is_seen_at_once(scene: Scene) -> None:
    scene.standings.lately("a link", NAME)
    scene.standings.lately("of another name", "another")
    scene.revoke()
    assert scene.standings.lately("a link", NAME).revocation
    scene.asked.clear()
    scene.standings.lately("of another name", "another")
    assert scene.asked.total() == 0


def test_a_revocation_whose_answer_was_lost_is_looked_for(scene: Scene) -> None:
    scene.standings.lately("a link", NAME)
    scene.down = True
    with pytest.raises(VaultUnavailable):
        scene.revoke()
    scene.down = False
    scene.asked.clear()
    scene.standings.lately("a link", NAME)
    assert scene.asked.total() == TWO_READS


def test_no_number_of_links_fills_the_memory() -> None:
    scene = Scene(most_remembered=8)  # within the pages' share of the vault, which counts real seconds
    for number in range(8 + 1):
        scene.standings.lately(f"link {number}", NAME)
    scene.asked.clear()
    scene.standings.lately("link 8", NAME)
    assert scene.asked.total() == 0
    scene.standings.lately("link 0", NAME)
    assert scene.asked.total() == TWO_READS


def test_a_revocation_tells_people_who_made_it_and_holds_nothing_else(scene: Scene) -> None:
    scene.revoke()
    (secret,) = scene.vault.written[LINKS + NAME]
    assert (secret.value, dict(secret.version.tags)) == (
        "{}",
        {"revoked_by": "operator", "revoked_on": "2026-05-01T00:00:00+00:00"},
    )


def test_a_revocation_that_is_disabled_opens_nothing(scene: Scene) -> None:
    scene.revoke()
    (secret,) = scene.vault.written[LINKS + NAME]
    scene.vault.patch(LINKS + NAME, secret.version.version, enabled=False)
    with pytest.raises(ConsentUnreadable):
        scene.standings.lately("a link", NAME)


def test_a_revoked_link_neither_opens_nor_begins_and_a_new_one_does(rig: Rig) -> None:
    links = [rig.link(NAME), rig.link(NAME)]
    rig.flow.open(links[0])
    rig.revoke_links(NAME)
    for link in links:
        for use in (rig.flow.open, rig.flow.begin):
            with pytest.raises(LinkRevoked):
                use(link)
    assert rig.flow.open(rig.link(NAME)).link.name == NAME


def test_another_names_links_stay(rig: Rig) -> None:
    link = rig.link("another")
    rig.revoke_links(NAME)
    assert rig.flow.open(link).link.name == "another"


def test_a_sign_in_that_was_begun_with_a_revoked_link_stores_nothing(rig: Rig) -> None:
    response, cookie = signed_in(rig, rig.link(NAME), ADMIN)
    rig.revoke_links(NAME)
    with pytest.raises(LinkRevoked):
        rig.flow.complete(response, cookie, correlation="c")
    assert rig.store.newest_act(NAME) is None


def test_a_revocation_while_a_sign_in_is_being_proven_wins(rig: Rig) -> None:
    response, cookie = signed_in(rig, rig.link(NAME), ADMIN)
    rig.authority.before_exchange = lambda: rig.revoke_links(NAME)
    with pytest.raises(LinkRevoked):
        rig.flow.complete(response, cookie, correlation="c")
    assert rig.store.newest_act(NAME) is None


def test_a_device_code_that_was_begun_before_stores_nothing_either(stack: StackState) -> None:
    with running_rig(stack, CONSENT_DEVICE_CODE="on") as rig:
        started = rig.device.start(NAME, {}, operator=OPERATOR, correlation="c")
        typed_in(started, ADMIN)
        rig.revoke_links(NAME)
        with pytest.raises(LinkRevoked):
            rig.poll(NAME, started["device"])
        assert rig.store.newest_act(NAME) is None


def test_a_consent_that_is_stored_stays_and_its_link_still_says_that_it_was_used(rig: Rig) -> None:
    link = rig.link(NAME)
    confirmation = rig.flow.complete(*signed_in(rig, link, ADMIN), correlation="c")
    rig.revoke_links(NAME)
    assert isinstance(confirmation, Confirmation)
    assert rig.store.load(NAME).consent == confirmation.consent
    with pytest.raises(LinkUsed):
        rig.flow.open(link)
    assert consented(rig, NAME, ADMIN).consent.person.object_id == ADMIN.object_id


def test_a_revocation_on_another_instance_is_seen_within_five_seconds_and_before_anything_is_stored(rig: Rig) -> None:
    link = rig.link(NAME)
    signed = signed_in(rig, link, ADMIN)
    rig.flow.open(link)
    other = Standings(rig.vault, rig.store, clock=rig.clock)
    other.revoke_links(NAME, by="operator", on=rig.clock())
    with pytest.raises(LinkRevoked):
        rig.flow.complete(*signed, correlation="c")
    rig.clock.advance(REMEMBERED)
    with pytest.raises(LinkRevoked):
        rig.flow.open(link)


def test_a_revocation_is_on_record_with_who_made_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "broker.audit")
    rig.revoke_links(NAME)
    assert [json.loads(line) for line in caplog.messages] == [
        {"event": "link.revoked", "consent": NAME, "operator": OPERATOR.object_id, "correlation_id": "revoked"}
    ]
