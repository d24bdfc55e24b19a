"""What operators may ask for and are shown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consent_http.link import Link
from local.state import StackState
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_TENANT
from shared.callers.assertion import Principal
from shared.clock import from_text
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.errors import ConsentNotFound
from shared.consents.health import Health
from shared.errors import InvalidRequest
from tests.consent_http.browser import query_of
from tests.consent_http.rig import OPERATOR, Rig, running_rig

DAY = timedelta(days=1)


def make(
    rig: Rig,
    name: str = "partner",
    *,
    operator: Principal = OPERATOR,
    **fields: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    return rig.operators.make_link(name, fields, operator=operator, correlation="made")


def opened(rig: Rig, made: dict[str, Any]) -> Link:
    return rig.links.open(query_of(made["url"])["link"])


def store(rig: Rig, name: str, *, age: timedelta = timedelta(), proven: bool = True) -> Consent:
    moment = rig.clock().replace(microsecond=0) - age
    consent = Consent(
        name=name,
        lineage=f"lineage-of-{name}",
        refresh_token="refresh-token-of-nobody",
        person=Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=ADMIN.username),
        scope="https://graph.microsoft.com/User.Read",
        mfa="yes",
        link_id="link",
        consented_on=moment,
    )
    rig.store.store_consent(consent)
    if proven:
        health = Health(lineage=consent.lineage, renewed_on=moment, proven_on=moment)
        renewal = Renewal(lineage=consent.lineage, refresh_token="renewed-token-of-nobody")
        rig.store.store_renewal(name, renewal, health, over=None)
    return consent


def withdraw(rig: Rig, name: str) -> dict[str, Any]:
    return rig.operators.withdraw(name, operator=OPERATOR, correlation="withdrawn")


def test_a_link_is_for_the_home_tenant_and_anybody_of_it_for_half_an_hour_by_default(rig: Rig) -> None:
    made = make(rig)
    link = opened(rig, made)
    assert (link.name, link.tenant_id, link.person, link.login_hint) == ("partner", PARTNER_TENANT, "", "")
    assert (link.replaces, link.new_person) == ("", False)
    assert (made["consent"], made["tenant"]) == ("partner", PARTNER_TENANT)
    assert from_text(made["expires_on"]) == rig.clock().replace(microsecond=0) + timedelta(minutes=30)


def test_a_link_holds_what_it_was_asked_for(rig: Rig) -> None:
    fields: dict[str, Any] = {"person": ADMIN.object_id.upper(), "login_hint": ADMIN.username, "new_person": True}
    link = opened(rig, make(rig, tenant="home", **fields))
    assert (link.person, link.login_hint, link.new_person) == (ADMIN.object_id, ADMIN.username, True)
    assert link.tenant_id == PARTNER_TENANT


def test_a_link_says_who_asks(rig: Rig) -> None:
    link = opened(rig, make(rig))
    assert (link.asker_name, link.asker_id) == ("", OPERATOR.application_id), "a pipeline is known by its application"
    person = replace(OPERATOR, is_application=False, username="grace@fabrikam.example")
    link = opened(rig, make(rig, operator=person))
    assert (link.asker_name, link.asker_id) == ("grace@fabrikam.example", OPERATOR.object_id)
    for username in ("g" * 114, "gr\u00e4ce@fabrikam.example", "a\nb", ""):
        link = opened(rig, make(rig, operator=replace(person, username=username)))
        assert (link.asker_name, link.asker_id) == ("", OPERATOR.object_id), "a link must stay short enough to open"


def test_a_link_replaces_whatever_is_in_force_when_it_is_made(rig: Rig) -> None:
    consent = store(rig, "partner")
    assert opened(rig, make(rig)).replaces == consent.lineage
    withdraw(rig, "partner")
    tombstone = rig.store.in_force("partner")
    assert tombstone is not None
    assert opened(rig, make(rig)).replaces == tombstone.lineage != consent.lineage


BAD_FIELDS: list[dict[str, Any]] = [
    {"tenant": ""},
    {"tenant": "fabrikam.example"},
    {"tenant": "common"},
    {"tenant": "organizations"},
    {"tenant": CONTOSO},
    {"tenant": f"{PARTNER_TENANT}/../common"},
    {"tenant": f"{PARTNER_TENANT}\n"},
    {"tenant": f" {PARTNER_TENANT}"},
    {"person": ADMIN.username},
    {"person": "me"},
    {"person": f"{ADMIN.object_id}\n"},
    {"person": f"{{{ADMIN.object_id}}}"},
    {"login_hint": "two words"},
    {"login_hint": "a\r\nSet-Cookie:b"},
    {"login_hint": "a\x00b"},
    {"login_hint": "\u202eexample.partner@admin"},
    {"login_hint": "a" * 255},
    {
        "login_hint": "\N{SLIGHTLY SMILING FACE}" * 100
    },  # as JSON twelve characters each: such a link could not be opened
    {"expires_in_minutes": 0},
    {"expires_in_minutes": -1},
    {"expires_in_minutes": 24 * 60 + 1},
    {"expires_in_minutes": 10**30},
    {"expires_in_minutes": -(10**30)},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=lambda fields: ascii(fields)[:40])
def test_a_link_that_is_asked_for_wrongly_is_not_made(rig: Rig, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        make(rig, **fields)
    assert refused.value.detail.startswith(f"{next(iter(fields))}:"), "it names the field"


@pytest.mark.parametrize("name", ["", "Partner", "a b", "a/b", "..", "ä", "a\n", "a" * 61, "a_b", "a%2fb", "*"])
def test_a_name_no_consent_can_have_is_refused_everywhere(rig: Rig, name: str) -> None:
    for act in (make, withdraw, lambda rig, name: rig.operators.show(name)):
        with pytest.raises(InvalidRequest):
            act(rig, name)
    assert rig.vault.written == {}


@pytest.mark.parametrize("minutes", [1, 30, 24 * 60])
def test_a_link_lives_as_many_minutes_as_asked(rig: Rig, minutes: int) -> None:
    made = make(rig, expires_in_minutes=minutes)
    assert from_text(made["expires_on"]) == rig.clock().replace(microsecond=0) + timedelta(minutes=minutes)


def test_a_longest_hint_still_makes_a_link_that_opens(rig: Rig) -> None:
    link = opened(rig, make(rig, "n" * 60, login_hint='"' * 254, person=ADMIN.object_id, new_person=True))
    begun = rig.flow.begin(query_of(make(rig, "n" * 60, login_hint='"' * 254)["url"])["link"])
    assert link.login_hint == '"' * 254
    assert len(begun.cookie) < 3500, "and its cookie is one that browsers keep and the seal opens"


def test_another_tenant_may_consent_when_the_setting_lists_it(stack: StackState) -> None:
    with running_rig(stack, CONSENT_TENANTS=CONTOSO.upper()) as rig:
        assert opened(rig, make(rig, tenant=CONTOSO.upper())).tenant_id == CONTOSO
        with pytest.raises(InvalidRequest):
            make(rig, tenant=NORTHWIND)


def test_the_list_begins_with_the_most_urgent_and_ends_with_the_withdrawn(rig: Rig) -> None:
    store(rig, "fresh")
    store(rig, "old", age=80 * DAY)
    store(rig, "gone", age=85 * DAY)
    store(rig, "middle", age=40 * DAY)
    withdraw(rig, "gone")
    listed = rig.operators.list_all()["consents"]
    assert [one["name"] for one in listed] == ["old", "middle", "fresh", "gone"]
    assert [one["days_left"] for one in listed] == [9, 49, 89, None]


def test_what_is_shown_says_who_consented_and_how_it_fares(rig: Rig) -> None:
    consent = store(rig, "partner", age=DAY)
    shown = rig.operators.show("partner")
    assert (shown["person"], shown["username"], shown["tenant"]) == (ADMIN.object_id, ADMIN.username, PARTNER_TENANT)
    assert (shown["status"], shown["failures"], shown["error"], shown["remedy"]) == ("ok", 0, None, None)
    assert from_text(shown["consented_on"]) == from_text(shown["proven_on"]) == consent.consented_on
    assert from_text(shown["dies_on"]) == consent.consented_on + 90 * DAY


def test_a_consent_without_a_renewal_is_shown_as_unproven(rig: Rig) -> None:
    store(rig, "partner", proven=False)
    shown = rig.operators.show("partner")
    assert (shown["status"], shown["proven_on"], shown["days_left"]) == ("unproven", None, 89)


def test_a_dead_consent_has_no_days_left_rather_than_fewer_than_none(rig: Rig) -> None:
    store(rig, "partner", age=200 * DAY)
    assert rig.operators.show("partner")["days_left"] == 0


def test_no_token_is_read_or_shown_for_a_list(rig: Rig) -> None:
    store(rig, "partner")
    read: list[str] = []

    def before(operation: str, name: str) -> None:
        if operation == "get":
            read.append(name)

    rig.vault.before = before
    shown = f"{rig.operators.list_all()} {rig.operators.show('partner')}"
    assert "token-of-nobody" not in shown
    assert read == []


def test_a_secret_that_is_no_consent_is_named_and_hides_nothing(rig: Rig) -> None:
    store(rig, "partner")
    rig.vault.put("consent-broken", "{}", tags={})
    rig.vault.put("something-else", "{}", tags={})
    listed = rig.operators.list_all()
    assert [one["name"] for one in listed["consents"]] == ["partner"]
    assert listed["damaged"] == ["broken"]


def test_a_withdrawal_can_be_made_twice_and_says_the_same(rig: Rig) -> None:
    store(rig, "partner")
    first = withdraw(rig, "partner")
    rig.clock.advance(DAY)
    assert withdraw(rig, "partner") == first
    assert first["status"] == rig.operators.show("partner")["status"] == "withdrawn"
    assert len(rig.vault.written["consent-partner"]) == 3, "an act anew, for what was begun since the first"


def test_a_withdrawal_of_what_is_withdrawn_voids_the_links_made_since(rig: Rig) -> None:
    store(rig, "partner")
    withdraw(rig, "partner")
    made_under = rig.standings.now("partner").lineage
    withdraw(rig, "partner")
    assert rig.standings.now("partner").lineage != made_under, "a link is held against what it was made under"


def test_a_withdrawn_consent_is_still_known_by_who_gave_it(rig: Rig) -> None:
    store(rig, "partner")
    withdraw(rig, "partner")
    shown = rig.operators.show("partner")
    assert (shown["person"], shown["username"], shown["dies_on"]) == (ADMIN.object_id, ADMIN.username, None)


@pytest.mark.parametrize("name", ["partner", "something-else"])
def test_a_consent_that_nobody_gave_is_not_found(rig: Rig, name: str) -> None:
    rig.vault.put("something-else", "{}", tags={})
    store(rig, "another")
    for act in (withdraw, lambda rig, name: rig.operators.show(name)):
        with pytest.raises(ConsentNotFound):
            act(rig, name)
