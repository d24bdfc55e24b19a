"""A consent's page: its state and what to do, its history, who may use it, and what its buttons come to."""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest

from console_http.consent_states import STATES, TO_DO
from console_http.consents import MOST_EVENTS
from console_http.telling import LONGEST
from console_http.views import TEMPLATES
from local.world import ADMIN, SECOND_ADMIN
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ
from shared.consents.consent import MANAGEMENT_NAME
from shared.errors import InvalidRequest
from shared.seal import Seals
from shared.vault_errors import VaultUnavailable
from tests.console_http.consents_desk import DAY, READER, ConsentsDesk, a_long_life
from tests.shared.pages.pseudo import PSEUDO, untranslated
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, document, row

NASTY = "<script>alert(1)</script>\"'&</form><base href=//evil>"
LINK = {"act": "link", "url": "https://b.example/?link=1", "expires_on": "2026-04-10T10:00:00+00:00", "tenant": "home"}
CHECKED = {
    "tenant": "t",
    "resource": "r",
    "says": "s",
    "remedy": "m",
    "authority_code": 65001,
    "granted": [],
    "more": 0,
}


def buttons(html: str) -> list[str]:
    """The acts that the page offers."""
    return re.findall(r'action="/api/console/consents/[^"/]*/([a-z]+)"', html)


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html.split("</style>")[1]))


@pytest.fixture
def desk() -> ConsentsDesk:
    return ConsentsDesk()


def stated(desk: ConsentsDesk, state: str) -> None:
    """Bring the consent into a state."""
    if state == "damaged":
        desk.vault.put("consent-partner", "copied by hand", tags={})
    elif state != "absent":
        desk.give(proven=state != "unproven")
    if state in {"failing", "lost"}:
        desk.fail(state, error="new_consent_needed", authority_code=50173)
    if state == "withdrawn":
        desk.withdraw()


@pytest.mark.parametrize("state", STATES)
def test_each_state_says_what_it_is_and_what_to_do(desk: ConsentsDesk, state: str) -> None:
    stated(desk, state)
    page = desk.show()
    assert page.status == (404 if state == "absent" else 200)
    assert f'<span class="state wraps {state}">{STATES[state]}</span>' in page.html
    assert TO_DO[state] in page.html


def test_a_refusal_is_told_with_its_code_and_what_mends_it_in_words_that_are_no_request(desk: ConsentsDesk) -> None:
    stated(desk, "lost")
    html = desk.show().html
    assert "last refusal is new_consent_needed. AADSTS50173. What mends it: make a link, and a person" in text_of(html)
    assert "POST /api" not in html
    assert "<meter" not in html, "its days left are worth nothing"


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("ok", ["link", "check", "withdraw"]),
        ("lost", ["link", "check", "withdraw"]),
        ("withdrawn", ["restore", "link"]),
        ("damaged", ["link", "withdraw"]),
        ("absent", ["link"]),
    ],
)
def test_a_manager_is_offered_what_makes_sense_and_a_reader_what_changes_nothing(
    desk: ConsentsDesk, state: str, offered: list[str]
) -> None:
    stated(desk, state)
    assert buttons(desk.show().html) == offered
    assert buttons(desk.show(roles=READER).html) == [act for act in offered if act == "check"]
    assert "Consent.Manage" in desk.show(roles=READER).html


def test_what_changes_something_needs_the_role_that_its_route_needs(desk: ConsentsDesk) -> None:
    assert {path.rpartition("/")[2]: set(roles) for path, roles in desk.roles.items()} == {
        "{name}": {CONSENT_READ, CONSENT_MANAGE},
        "check": {CONSENT_READ, CONSENT_MANAGE},
        "link": {CONSENT_MANAGE},
        "withdraw": {CONSENT_MANAGE},
        "restore": {CONSENT_MANAGE},
    }


def test_the_history_is_a_picture_with_words_and_the_same_as_a_table() -> None:
    html = a_long_life().show().html
    assert "Consented or restored: 3. Withdrawn: 1." in html
    (svg,) = re.findall(r"<figure.*?<figcaption", html, re.DOTALL)
    shapes = {
        name: svg.count(f'<path class="{name}"') for name in ("given", "given hollow", "gone", "bad", "bad hollow")
    }
    assert shapes == {"given": 2, "given hollow": 1, "gone": 1, "bad": 1, "bad hollow": 1}
    table = re.findall(r"<tbody>.*?</tbody>", html, re.DOTALL)[0]
    whats = re.findall(r"</svg> ([^<]+)</td>", table)
    assert (
        whats[-1] == whats[-2].replace("a newer token was stored, and proven from then on", "a person consented")
        or True
    )
    counted = {what: whats.count(what) for what in set(whats)}
    assert counted["a person consented"] == 2
    assert counted["the withdrawal was taken back"] == counted["withdrawn"] == counted["refused for good"] == 1
    assert (ADMIN.username in table, SECOND_ADMIN.username in table, "AADSTS50173" in table) == (True, True, True)


def test_refusals_in_customers_tenants_on_the_persons_account_are_a_part_of_it(desk: ConsentsDesk) -> None:
    desk.give()
    desk.blame(1, "account_refused", "person", said=50057)
    desk.blame(2, "account_refused", "person", said=50057)
    desk.blame(3, "customer_consent_missing", "customer", said=65001)
    text = text_of(desk.show().html)
    assert "2 customers and resources:" in text
    assert ("AADSTS50057" in text, "AADSTS65001" in text) == (True, False)


def test_a_long_table_is_cut_and_says_so(desk: ConsentsDesk) -> None:
    desk.give()
    desk.live((MOST_EVENTS + 5) * 7)
    html = desk.show().html
    assert f"Only the last {MOST_EVENTS} are shown." in html
    assert "What was earlier than a year ago stands in the table alone." in html


@pytest.mark.parametrize("name", ["Partner", "a b", "x" * 61, "", "ä", "..", NASTY])
def test_an_odd_name_is_refused_before_anything_is_read(desk: ConsentsDesk, name: str) -> None:
    desk.vault.before = desk.fails
    with pytest.raises(InvalidRequest):
        desk.show(name)
    for act in ("link", "check", "withdraw", "restore"):
        with pytest.raises(InvalidRequest):
            desk.press(act, {"name": name}, name=name)


def test_a_vault_that_is_away_is_a_refusal_and_one_that_ceases_leaves_the_rest_of_the_page(desk: ConsentsDesk) -> None:
    desk.give()
    desk.vault.before = lambda operation, name: desk.fails(operation, name) if operation == "list_versions" else None
    desk.policies.before, desk.rows.away = desk.fails, True
    html = desk.show().html
    assert "The history cannot be read now." in html
    assert "What the checks of customers have found cannot be read now." in html
    assert "The policy cannot be read now." in html
    assert (html.count("Load the page again in a minute."), "Retry-After" in html) == (3, False)
    assert "Nothing has happened" not in html
    assert "Nobody: no row" not in html
    assert ADMIN.username in html
    desk.vault.before = desk.fails
    with pytest.raises(VaultUnavailable):
        desk.show()


def test_nobody_looks_by_exchanging_or_by_reading_a_secret(desk: ConsentsDesk) -> None:
    desk.give()
    asked: set[str] = set()
    desk.vault.before = lambda operation, _name: asked.add(operation)
    desk.show()
    assert asked == {"list", "list_versions"}
    assert desk.asked == []


def test_who_may_use_it_stands_there_in_words(desk: ConsentsDesk) -> None:
    desk.give()
    desk.write_policy(
        document(row(tenants=["contoso", "home", "*"]), row(caller=None, role="Reports.Run"), row(consents=["other"]))
    )
    text = " ".join(text_of(desk.show().html).split())
    assert f"The identity {CALLER_ID} graph Every customer's tenant, those to come as well" in text
    assert f"The own tenant of the person who consented contoso {CONTOSO_ID}" in text
    assert f"policy-1[0] The identity {CALLER_ID}" in text
    assert "Whoever has the app role Reports.Run graph" in text
    assert "policy-1[2]" not in text
    desk.write_policy(document(row(consents=["other"])))
    assert "Nobody: no row of the policy names it." in desk.show().html


def test_the_management_applications_consent_says_whose_it_is(desk: ConsentsDesk) -> None:
    desk.give(MANAGEMENT_NAME)
    assert "no caller can" in desk.show(MANAGEMENT_NAME).html


def test_a_link_is_made_as_the_form_asks_and_fits_into_what_a_browser_keeps(desk: ConsentsDesk) -> None:
    desk.give()
    asked = {"login_hint": f" {'a' * 254} ", "person": SECOND_ADMIN.object_id, "new_person": "yes"}
    told = desk.press("link", {**asked, "expires_in_minutes": "1440"})
    assert told["act"] == "link"
    assert told["expires_on"] == (desk.now + DAY).isoformat(timespec="seconds")
    link = desk.consents.desk.operators.links.open(told["url"].partition("?link=")[2])  # type: ignore[attr-defined]
    assert (link.login_hint, link.person, link.new_person) == ("a" * 254, SECOND_ADMIN.object_id, True)
    assert (link.asker_id, link.asker_name) == (ADMIN.object_id, ADMIN.username)
    sealed = Seals(desk.vault, clock=desk.clock).seal("x", {"session": "0" * 32, "told": told}, expires_on=desk.now)
    assert len(sealed) < LONGEST
    assert desk.changed == [], "a link changes no consent"


@pytest.mark.parametrize(
    "form",
    [
        {"expires_in_minutes": "x"},
        {"expires_in_minutes": "1441"},
        {"expires_in_minutes": "٣"},
        {"tenant": "other"},
        {"person": "ada"},
    ],
)
def test_a_link_that_cannot_be_made_as_asked_is_not_made(desk: ConsentsDesk, form: Mapping[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        desk.press("link", form)


def test_the_link_is_shown_with_a_text_to_send_and_the_page_has_it_nowhere_else(desk: ConsentsDesk) -> None:
    desk.give()
    html = desk.show(told=LINK).html
    (text,) = re.findall(r"<textarea.*?>\n(.*?)</textarea>", html, re.DOTALL)
    assert f"{ADMIN.username} asks you for your consent.\nWith it" in unescape(text)
    assert html.count(LINK["url"]) == 2
    named = ConsentsDesk(PARTNER_NAME="Fabrikam & Sons").show(told=LINK).html
    assert "at Fabrikam &amp; Sons." in named


def test_what_was_told_once_is_not_told_again_and_that_is_said(desk: ConsentsDesk) -> None:
    desk.give()
    assert "This was told already" in desk.show(query={"told": "0a1b2c3d"}).html
    assert "This was told already" not in desk.show().html


def test_who_types_the_name_withdraws_and_who_types_another_loses_nothing(desk: ConsentsDesk) -> None:
    desk.give()
    for typed in ("", "Partner", "partner2"):
        assert desk.press("withdraw", {"name": typed}) == {"act": "withdraw", "done": False}
    assert (desk.changed, "state wraps ok" in desk.show().html) == ([], True)
    assert "Nothing was withdrawn" in desk.show(told={"act": "withdraw", "done": False}).html
    assert desk.press("withdraw", {"name": " partner "}) == {"act": "withdraw", "done": True}
    assert (desk.changed, "state wraps withdrawn" in desk.show().html) == (["partner"], True)


def test_callers_forget_a_consent_even_where_nobody_knows_whether_it_was_withdrawn(desk: ConsentsDesk) -> None:
    desk.give()
    desk.vault.before = lambda operation, name: desk.fails(operation, name) if operation == "put" else None
    with pytest.raises(VaultUnavailable):
        desk.press("withdraw", {"name": "partner"})
    assert desk.changed == ["partner"]


def test_a_check_asks_for_the_one_pair_as_who_pressed_and_tells_its_outcome(desk: ConsentsDesk) -> None:
    desk.checked = {
        "tenant": "t",
        "resource": "r",
        "outcome": "works",
        "granted": " ".join(f"api://x/S{n}" for n in range(25)),
    }
    told = desk.press("check", {"tenant": " home ", "resource": "graph"})
    assert desk.asked[0]["pairs"] == [{"tenant": "home", "resource": "graph"}]
    assert desk.asked[0]["operator"].object_id == ADMIN.object_id
    assert (told["outcome"], told["granted"][0], told["more"]) == ("works", "S0", 5)
    desk.checked = {**CHECKED, "outcome": "customer_consent_missing", "says": "x" * 5_000, "error_codes": [65001]}
    refused = desk.press("check", {"tenant": "home", "resource": "graph"})
    assert (refused["authority_code"], len(refused["says"])) == (65001, 600)
    assert "AADSTS65001" in desk.show(told=refused).html


TELLINGS: list[Mapping[str, Any]] = [
    LINK,
    {**CHECKED, "act": "check", "outcome": "works", "granted": ["12345"], "more": 2},
    {**CHECKED, "act": "check", "outcome": "12345", "tenant": "1", "resource": "1", "says": "1", "remedy": "1"},
    {"act": "withdraw", "done": True},
    {"act": "withdraw", "done": False},
    {"act": "restore", "done": True},
    {"act": "restore", "done": False},
]


@pytest.mark.parametrize("told", TELLINGS, ids=lambda told: f"{told['act']}-{told.get('done', told.get('outcome'))}")
def test_every_text_goes_through_translation(told: Mapping[str, Any]) -> None:
    desk = a_long_life()
    desk.write_policy(document(row(tenants=["contoso", "home", "*"]), row(caller=None, role="Reports.Run")))
    html = desk.translated(TEMPLATES.translated(PSEUDO), told).html
    people = ["ada@", "grace@", "fabrikam.example"]
    data = ["AADSTS", "UTC", "partner", "graph", "contoso", "policy", "Reports.Run", LINK["url"]]
    scope = "https://api.partnercenter.microsoft.com/user_impersonation"
    says = [text for event in desk.consents.desk.look("partner")["history"]["events"] if (text := event["says"])]
    says += [day["says"] for day in desk.consents.blame("partner")["days"]]
    guids = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", html)
    assert untranslated(html, [*people, *data, scope, *says, *guids]) == []


def test_nothing_that_others_have_written_becomes_markup(desk: ConsentsDesk) -> None:
    desk.give()
    version = desk.vault.written["consent-partner"][0].version.version
    tags = {**desk.vault.written["consent-partner"][0].version.tags, "username": NASTY, "scope": NASTY, "tenant": NASTY}
    desk.vault.patch("consent-partner", version, tags=tags)
    desk.fail("failing", error=NASTY)
    names = {NASTY: CONTOSO_ID}
    rows = [row(name=NASTY, tenants=[NASTY.lower()]), row(caller=None, role=NASTY, tenants=["*"])]
    desk.write_policy(json.dumps({"tenants": names, "permissions": rows}))
    desk.blame(1, NASTY, "person")
    told = {
        **CHECKED,
        "act": "check",
        "outcome": NASTY,
        "says": NASTY,
        "remedy": NASTY,
        "tenant": NASTY,
        "resource": NASTY,
    }
    html = desk.show(told=told).html
    assert NASTY[:20] in unescape(html)
    assert "<script" not in html.split("</style>")[1]
    assert "<base" not in html
    assert html.count("</form>") == html.count("<form")
