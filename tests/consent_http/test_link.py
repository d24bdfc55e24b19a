"""One-time links: when one is void, and what an address of one keeps and refuses."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from consent_http.link import PURPOSE, Link, Links
from consent_http.link_standing import Standing
from consent_http.refusals import LinkExpired, LinkInvalid, LinkRefused, LinkSuperseded, LinkUsed, LinkWithdrawn
from local.world import ADMIN, PARTNER_TENANT
from shared.consents.consent import Act, Consent, Damaged, Person, Withdrawal
from shared.seal import Seals
from tests.consent_http.browser import query_of
from tests.consent_http.rig import HandClock, a_link
from tests.fakes.memory_vault import MemoryVault

NOW = datetime(2026, 5, 1, 12, 0, 0, 123, tzinfo=UTC)
HALF_HOUR, SECOND = timedelta(minutes=30), timedelta(seconds=1)
PERSON = Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=ADMIN.username)


def consent(lineage: str, link_id: str) -> Consent:
    return Consent(
        name="partner",
        lineage=lineage,
        refresh_token="refresh-token",
        person=PERSON,
        scope="https://graph.microsoft.com/User.Read",
        mfa="yes",
        link_id=link_id,
        consented_on=NOW,
    )


def withdrawal(lineage: str, withdraws: str) -> Withdrawal:
    return Withdrawal(
        name="partner", lineage=lineage, withdraws=withdraws, restores="v1", withdrawn_on=NOW, withdrawn_by="operator"
    )


IN_FORCE = [
    ("", None),
    ("first", consent("first", "another link")),
    ("tombstone", withdrawal("tombstone", "first")),
    ("damaged-1", Damaged(name="partner", lineage="damaged-1")),
]
VOID = [
    ("", consent("mine", "this link"), LinkUsed),
    ("first", consent("mine", "this link"), LinkUsed),
    ("", consent("other", "another link"), LinkSuperseded),
    ("first", consent("other", "another link"), LinkSuperseded),
    ("tombstone", consent("other", "another link"), LinkSuperseded),
    ("", withdrawal("tombstone", "first"), LinkWithdrawn),
    ("first", withdrawal("tombstone", "first"), LinkWithdrawn),
    ("mine", withdrawal("tombstone", "mine"), LinkWithdrawn),
    ("earlier tombstone", withdrawal("tombstone", "first"), LinkWithdrawn),
    # The secret was deleted outside the broker after the link was made.
    ("first", None, LinkSuperseded),
    # It was disabled or damaged after the link was made, or the damage was repaired.
    ("first", Damaged(name="partner", lineage="damaged-1"), LinkSuperseded),
    ("", Damaged(name="partner", lineage="damaged-1"), LinkSuperseded),
    ("damaged-1", Damaged(name="partner", lineage="damaged-2"), LinkSuperseded),
    ("damaged-1", consent("first", "another link"), LinkSuperseded),
]


@pytest.mark.parametrize(("replaces", "found"), IN_FORCE)
def test_a_link_may_be_used_while_what_it_replaces_is_in_force(replaces: str, found: Act | None) -> None:
    link = a_link(id="this link", replaces=replaces)
    link.require_in_force(Standing(act=found))
    with pytest.raises(LinkRefused):
        replace(link, replaces="something else").require_in_force(Standing(act=found))


@pytest.mark.parametrize(("replaces", "found", "refusal"), VOID)
def test_a_newer_act_of_somebody_makes_a_link_void(
    replaces: str, found: Act | None, refusal: type[LinkRefused]
) -> None:
    with pytest.raises(refusal):
        a_link(id="this link", replaces=replaces).require_in_force(Standing(act=found))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def seals(clock: HandClock) -> Seals:
    return Seals(MemoryVault(clock=clock), clock=clock)


@pytest.fixture
def links(seals: Seals, clock: HandClock) -> Links:
    return Links(seals, public_url="https://broker.example", clock=clock)


def test_who_consented_is_named_to_people_who_have_signed_in_alone() -> None:
    link, standing = a_link(), Standing(act=consent("first", "another link"))
    with pytest.raises(LinkSuperseded) as told:
        link.require_in_force(standing)
    assert PERSON.username not in told.value.description
    with pytest.raises(LinkSuperseded, match=PERSON.username):
        link.require_in_force(standing, names_person=True)


def test_a_link_made_before_links_told_who_asks_still_opens(links: Links, seals: Seals) -> None:
    before = {key: value for key, value in asdict(a_link(name="reports")).items() if not key.startswith("asker")}
    sealed = seals.seal(PURPOSE, before, expires_on=NOW + HALF_HOUR)
    assert (links.open(sealed).name, links.open(sealed).asker_id) == ("reports", "")


def test_an_address_keeps_every_field_of_its_link(links: Links) -> None:
    link = a_link(replaces="first", person=ADMIN.object_id, login_hint="a'b&c=d%@fabrikam.example", new_person=True)
    address, expires_on = links.address(link, lifetime=HALF_HOUR)
    assert address.startswith("https://broker.example/api/consent?link=")
    assert expires_on == NOW.replace(microsecond=0) + HALF_HOUR
    assert asdict(links.open(query_of(address)["link"])) == asdict(link)


def test_a_link_opens_until_the_moment_its_maker_was_told(links: Links, clock: HandClock) -> None:
    address, expires_on = links.address(a_link(), lifetime=HALF_HOUR)
    clock.now = expires_on - SECOND
    assert links.open(query_of(address)["link"]) == links.open(query_of(address)["link"])
    clock.now = expires_on
    with pytest.raises(LinkExpired):
        links.open(query_of(address)["link"])


def test_the_longest_link_an_operator_can_make_still_opens(links: Links) -> None:
    longest = a_link(
        name="n" * 60,
        replaces="f" * 32,
        person=ADMIN.object_id,
        login_hint="&" * 254,
        new_person=True,
        id="0" * 32,
        revocation="f" * 32,
        asker_name="n" * 113,
        asker_id=ADMIN.object_id,
    )
    address, _ = links.address(longest, lifetime=HALF_HOUR)
    assert links.open(query_of(address)["link"]) == longest
    assert len(address) < 2000, "mail programs and old proxies cut longer addresses"


def test_a_sealed_value_for_something_else_is_not_a_link(links: Links, seals: Seals) -> None:
    sealed = seals.seal("sign-in", asdict(a_link()), expires_on=NOW + HALF_HOUR)
    with pytest.raises(LinkInvalid):
        links.open(sealed)


def test_no_two_links_are_the_same(links: Links) -> None:
    link = a_link()
    addresses = {links.address(link, lifetime=HALF_HOUR)[0] for _ in range(20)}
    assert len(addresses) == 20


def test_a_link_of_another_vaults_keys_is_not_a_link(links: Links, clock: HandClock) -> None:
    foreign = Links(Seals(MemoryVault(clock=clock), clock=clock), public_url="https://broker.example", clock=clock)
    address, _ = foreign.address(a_link(), lifetime=HALF_HOUR)
    with pytest.raises(LinkInvalid):
        links.open(query_of(address)["link"])


def test_a_link_is_a_value_that_cannot_be_changed() -> None:
    link: Link = a_link()
    with pytest.raises(AttributeError):
        link.name = "another"  # type: ignore[misc]  # what mypy forbids, Python refuses too
