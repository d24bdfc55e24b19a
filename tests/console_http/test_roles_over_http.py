"""Who may open and press what, for each set of roles there is, and what a session does whose roles are too old."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import chain, combinations
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

import console_http
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.visit import Shown
from local.clock import read_offset, write_offset
from local.controls import Controls
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_APPLICATION, SECOND_ADMIN, TAILSPIN
from shared.form_fields import FORM
from tests.consent_http.browser import code_of, stored
from tests.console_http.browser import Console, forms_of

CONSENTS, CUSTOMERS, POLICY = (
    {"Consent.Read", "Consent.Manage"},
    {"Customers.Read", "Customers.Manage"},
    {"Policy.Read"},
)
ROLES = sorted(CONSENTS | CUSTOMERS | POLICY)
SETS = [frozenset(one) for one in chain.from_iterable(combinations(ROLES, size) for size in range(len(ROLES) + 1))]
CONSENT, CUSTOMER = "consents/partner", f"customers/{TAILSPIN}"
# Whoever has one of these roles opens the page, or may press the button; by the routes as they are declared.
PAGES = {
    "console": ("", {*ROLES}),
    "console/consents/{name}": (f"/{CONSENT}", CONSENTS),
    "console/customers": ("/customers", CUSTOMERS),
    "console/customers/{tenant}": (f"/{CUSTOMER}", CUSTOMERS),
    "console/customers/{tenant}/acts/{act}": (f"/{CUSTOMER}/acts/{'0' * 32}", CUSTOMERS),
    "console/policy": ("/policy", POLICY),
}
BUTTONS = {
    "console/consents/{name}/link": (f"/{CONSENT}/link", {"Consent.Manage"}),
    "console/consents/{name}/check": (f"/{CONSENT}/check", CONSENTS),
    "console/consents/{name}/withdraw": (f"/{CONSENT}/withdraw", {"Consent.Manage"}),
    "console/consents/{name}/restore": (f"/{CONSENT}/restore", {"Consent.Manage"}),
    "console/customers/{tenant}/acts": (f"/{CUSTOMER}/acts", {"Customers.Manage"}),
}
# Of each button what is not done even by who may press it: another name, a day that is over.
FIELDS = {"name": "another", "tenant": "home", "resource": "graph", "act": "exclude", "id": "0" * 32, "reason": "no"}
BUTTON = re.compile(r'<form method="post" action="(?:https?://[^/"]+)?/api/(console/[^"]+)"')
UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
HTML_FORM = re.compile(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, whose people lose roles and whose clock is moved."""
    with running_stack(tmp_path_factory.mktemp("roles") / "state", keeps_ledger=True) as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        assert fire_timer(running, function="check_customers") == "Success"
        yield running


def records(state: StackState, event: str) -> list[dict[str, object]]:
    lines = (line.partition(" INFO broker.audit ")[2] for line in state.log_file("host").read_text().splitlines())
    return [found for line in lines if line and (found := json.loads(line))["event"] == event]


def acts_of(page: httpx.Response) -> dict[str, tuple[str, dict[str, str]]]:
    """The buttons of a customer's page: where each goes, and its fields, by its act."""
    found = ((address, dict(FIELD.findall(inside))) for address, inside in HTML_FORM.findall(page.text))
    return {fields["act"]: (address, fields) for address, fields in found if "act" in fields}


class Recorder:
    """A door that keeps which roles each page and button is declared for."""

    def __init__(self) -> None:
        self.pages: dict[str, set[str]] = {}
        self.acts: dict[str, set[str]] = {}

    def page(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        self.pages[path] = set(roles)
        return lambda show: show

    def act(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        self.acts[path] = set(roles)
        return lambda show: show


def test_every_page_and_button_that_is_declared_is_tried_here() -> None:
    door, nobody = Recorder(), SimpleNamespace()
    dependencies = SimpleNamespace(
        consents=SimpleNamespace(desk=nobody, check=nobody),
        customers=nobody,
        deeds=nobody,
        policy=nobody,
        pools=SimpleNamespace(looking=nobody),
        settings=SimpleNamespace(policy_vault_url=""),
    )
    for page in console_http.PAGES:
        page.declare(cast("Door", door), cast("Dependencies", dependencies))
    assert door.pages == {path: roles for path, (_, roles) in PAGES.items()}
    assert door.acts == {path: roles for path, (_, roles) in BUTTONS.items()}


@pytest.mark.parametrize("roles", SETS, ids=lambda roles: "+".join(sorted(roles)) or "none")
def test_each_set_of_roles_opens_its_pages_sees_its_buttons_and_presses_no_other(
    state: StackState, roles: frozenset[str]
) -> None:
    Controls(state, state.entra).post("roles", {"user": SECOND_ADMIN.object_id, "roles": sorted(roles)})
    with Console(state) as console:
        home = console.arrive(SECOND_ADMIN)
        token = forms_of(home)["sign-out"][1]["token"] if roles else "0" * 32
        seen: set[str] = set()
        for route, (path, needed) in PAGES.items():
            page = console.open(console.address + path)
            is_open = not roles.isdisjoint(needed)
            assert (page.status_code, code_of(page)) == (403, "role_missing") or is_open, route
            assert page.status_code in {200, 404} or not is_open, route
            assert f'href="/api/console{path}"' not in home.text or is_open, "no menu leads to a closed door"
            seen |= {unescape(address) for address in BUTTON.findall(page.text)}
        shown = {path for path, _ in BUTTONS.values() if f"console{path}" in seen}
        # What the state does not allow (a consent in force is not restored) is not shown to anybody.
        may = {path for path, needed in BUTTONS.values() if not roles.isdisjoint(needed)}
        assert shown == may - {f"/{CONSENT}/restore"}
        for path, needed in BUTTONS.values():
            answer = console.post(console.address + path, {**FIELDS, "token": token})
            refused = "role_missing" if roles else "console_form_refused"
            assert (answer.status_code, code_of(answer)) == (403, refused) or not roles.isdisjoint(needed), path
            assert answer.status_code in {303, 400} or roles.isdisjoint(needed), path
    assert (stored(state, "partner") or {})["status"] == "ok"
    assert records(state, "customer.excluded") == []


def test_a_stale_sessions_buttons_do_nothing_and_signing_in_again_repeats_nothing(state: StackState) -> None:
    def held() -> dict[str, list[str]]:
        return Controls(state, state.entra).consents(tenant=TAILSPIN, client=PARTNER_APPLICATION)

    with Console(state) as console:
        console.arrive(ADMIN)
        root = console.address.removesuffix("/api/console")
        address, fields = acts_of(console.open(f"{console.address}/{CUSTOMER}"))["plan"]
        deed = console.client.post(root + address, data=fields, timeout=60).headers["location"]
        northwind = acts_of(console.open(f"{console.address}/customers/{NORTHWIND}"))
        consent = forms_of(console.open(f"{console.address}/{CONSENT}"))
        buttons = [
            acts_of(console.open(deed))["consent"],
            (northwind["exclude"][0], {**northwind["exclude"][1], "reason": "stale", "until": UNTIL}),
            northwind["check"],
            (consent["withdraw"][0], {**consent["withdraw"][1], "name": "partner"}),
            consent["link"],
            consent["check"],
        ]
        for _ in range(3):
            write_offset(state.clock_file, read_offset(state.clock_file) + timedelta(minutes=25))
            last = console.open(console.address)
        assert last.status_code == httpx.codes.SEE_OTHER, "the roles have to be confirmed"
        before, made, checked = held(), len(records(state, "link.made")), len(records(state, "consent.checked"))
        for path, filled in buttons:
            stale = console.post(root + path, filled)
            assert (stale.status_code, code_of(stale)) == (401, "console_sign_in_again"), path
            assert 'href="/api/console/sign-in"' in stale.text
            assert "location" not in stale.headers
        home = console.arrive(ADMIN)
        assert "<h1>Overview</h1>" in home.text
        assert (stored(state, "partner") or {})["status"] == "ok"
        assert (held(), records(state, "consent.withdrawn"), records(state, "customer.excluded")) == (before, [], [])
        assert [len(records(state, event)) for event in ("link.made", "consent.checked")] == [made, checked]
        for path, filled in buttons:
            old = console.post(root + path, filled)
            assert code_of(old) == "console_form_refused", "a form of the session that is over"
        assert (held(), (stored(state, "partner") or {})["status"]) == (before, "ok")


def withdrawing(state: StackState, body: str, *, kind: str) -> httpx.Response:
    """What a body answers that has the token of the page's own form."""
    with Console(state) as console:
        console.arrive(ADMIN)
        token = forms_of(console.open(f"{console.address}/{CONSENT}"))["withdraw"][1]["token"]
        headers = {"Content-Type": kind} if kind else {}
        content = body.replace("{token}", token).encode()
        return console.client.post(f"{console.address}/{CONSENT}/withdraw", content=content, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        "token={token}&name=partner&name=partner",
        "token={token}&token={token}&name=partner",
        "token={token}&name=partner&" + "&".join(f"x{number}=1" for number in range(100)),
        "token={token}&name=partner%FF",
        "token={token};name=partner",
        "token={token}&name=partner\u00e9",
        '{"token": "{token}", "name": "partner"}',
    ],
    ids=["field-twice", "token-twice", "many-fields", "no-utf-8", "semicolon", "not-escaped", "json"],
)
def test_what_no_form_of_a_browser_sends_withdraws_nothing(state: StackState, body: str) -> None:
    assert code_of(withdrawing(state, body, kind=FORM)) == "console_form_refused"
    assert (stored(state, "partner") or {})["status"] == "ok"


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/json", ""])
def test_a_body_of_another_kind_withdraws_nothing(state: StackState, kind: str) -> None:
    assert code_of(withdrawing(state, "token={token}&name=partner", kind=kind)) == "console_form_refused"
    assert (stored(state, "partner") or {})["status"] == "ok"


def test_a_body_that_is_too_long_withdraws_nothing(state: StackState) -> None:
    answer = withdrawing(state, f"token={{token}}&name=partner&more={'x' * 20_000}", kind=FORM)
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")
    assert (stored(state, "partner") or {})["status"] == "ok"


# Look-alikes in Cyrillic and full width, a capital, a space that is none, half of it, and more of it.
@pytest.mark.parametrize(
    "typed", ["p\u0430rtner", "\uff50artner", "Partner", "part\u200bner", "part", "partner partner"]
)
def test_a_name_that_merely_looks_like_it_withdraws_nothing(state: StackState, typed: str) -> None:
    with Console(state) as console:
        console.arrive(ADMIN)
        pressed = console.act(console.open(f"{console.address}/{CONSENT}"), "withdraw", name=typed)
        assert "Nothing was withdrawn" in console.open(pressed.headers["location"]).text
    assert (stored(state, "partner") or {})["status"] == "ok"


def test_many_roles_of_the_registration_and_a_long_address_keep_nobody_out(state: StackState) -> None:
    """Browsers keep no cookie beyond 4,096 characters; with a longer one nobody would ever be signed in."""
    entra = Controls(state, state.entra)
    roles = ["Consent.Read", *(f"Automation.Of.Some.Team.Number.{number:03}" for number in range(100))]
    entra.post("roles", {"user": SECOND_ADMIN.object_id, "roles": roles})
    with Console(state) as console:
        assert "<h1>Overview</h1>" in console.arrive(SECOND_ADMIN).text
        for _ in range(3):
            write_offset(state.clock_file, read_offset(state.clock_file) + timedelta(minutes=25))
            last = console.open(f"{console.address}/{CONSENT}?{'x' * 4_000}")
        assert last.status_code == httpx.codes.SEE_OTHER
        assert all(len(one.name) + len(one.value or "") < 4_096 for one in console.client.cookies.jar)
        landed = console.land(console.open(last.headers["location"]).headers["location"])
        assert landed.status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=1e9", "page=%D9%A1", "page=99999", "state=x", "cause=%27"]
)
def test_an_odd_query_of_the_customers_is_refused_in_words(state: StackState, query: str) -> None:
    with Console(state) as console:
        console.arrive(ADMIN)
        page = console.open(f"{console.address}/customers?{query}")
        assert (page.status_code, code_of(page)) == (400, "invalid_request")
        odd = console.open(f"{console.address}/customers/{CONTOSO}?consent=%2E%2E")
        assert (odd.status_code, code_of(odd)) == (400, "invalid_request")
