"""The buttons of a customer's page over HTTP: what they do, once, for whom, and what they never do."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from local.clock import read_offset, write_offset
from local.controls import Controls
from local.person import Person
from local.policy import APPLICATION_GRANTS
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, GRAPH, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT, READER, TAILSPIN
from tests.consent_http.browser import code_of
from tests.console_http.browser import Console

FORM = re.compile(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
WHOLE = next(one["scopes"] for one in APPLICATION_GRANTS["grants"] if one["resource"] == "graph")
UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, whose customers a check has met: these tests change them, and the time."""
    with (
        running_stack(tmp_path_factory.mktemp("acts") / "state", keeps_ledger=True) as running,
        Person() as person,
    ):
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        assert fire_timer(running, function="check_customers") == "Success"
        yield running


@dataclass(frozen=True)
class Desk:
    """One person before the customers' pages."""

    console: Console

    def page(self, tenant: str) -> httpx.Response:
        return self.console.open(f"{self.console.address}/customers/{tenant}")

    def form(self, page: httpx.Response, act: str, **typed: str) -> tuple[str, dict[str, str]]:
        """The form of this button, filled in."""
        for address, inside in FORM.findall(page.text):
            fields = {name: unescape(value) for name, value in FIELD.findall(inside)}
            if fields.get("act") == act:
                return address, {**fields, **typed}
        raise AssertionError(f"no button {act}: {said(page)}")

    def send(self, address: str, fields: dict[str, str]) -> httpx.Response:
        root = self.console.address.removesuffix("/api/console")
        return self.console.client.post(root + address, data=fields, timeout=60)

    def press(self, page: httpx.Response, act: str, **typed: str) -> httpx.Response:
        """Press a button; the page that it leads to."""
        answer = self.send(*self.form(page, act, **typed))
        assert answer.status_code == httpx.codes.SEE_OTHER, said(answer)
        return self.console.open(answer.headers["location"])


@pytest.fixture
def desk(state: StackState) -> Iterator[Desk]:
    with Console(state) as console:
        console.arrive(ADMIN)
        yield Desk(console)


def said(page: httpx.Response) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("</style>")[2])).split())


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    assert found, said(page)
    return unescape(found[1]).strip()


def held(state: StackState, tenant: str) -> dict[str, list[str]]:
    return Controls(state, state.entra).consents(tenant=tenant, client=PARTNER_APPLICATION)


def records(state: StackState, event: str) -> list[dict[str, object]]:
    lines = (line.partition(" INFO broker.audit ")[2] for line in state.log_file("host").read_text().splitlines())
    return [found for line in lines if line and (found := json.loads(line))["event"] == event]


def test_who_may_only_read_sees_no_button_and_a_forged_one_is_refused(state: StackState, desk: Desk) -> None:
    address, fields = desk.form(desk.page(TAILSPIN), "exclude", reason="forged", until=UNTIL)
    with Console(state) as console:
        console.arrive(READER)
        reader = Desk(console)
        page = reader.page(TAILSPIN)
        assert page.status_code == httpx.codes.OK
        assert "What you can do" not in page.text
        assert 'name="act"' not in page.text
        token = dict(FIELD.findall(page.text))["token"]
        for act in ("check", "plan", "consent", "exclude", "include"):
            refused = reader.send(address, {**fields, "token": token, "act": act, "shown": "0" * 32})
            assert (refused.status_code, code_of(refused)) == (403, "role_missing")
    assert records(state, "customer.excluded") == []


def test_a_customer_is_checked_again_and_its_page_has_what_was_found(state: StackState, desk: Desk) -> None:
    before = desk.page(TAILSPIN)
    assert "application_not_consented" in before.text
    graph = {"tenant": TAILSPIN, "client": PARTNER_APPLICATION, "resource": GRAPH}
    Controls(state, state.entra).post("consents", {**graph, "scopes": WHOLE})
    try:
        checked = desk.press(before, "check")
        assert title(checked) == "Checked"
        found = re.search(r"(\d) of (\d) resources work", checked.text)
        assert found, said(checked)
        assert int(found[1]) >= 1
        record = records(state, "consent.checked")[-1]
        assert (record["operator"], record["consent"], record["pairs"]) == (ADMIN.object_id, "partner", int(found[2]))
        assert desk.page(TAILSPIN).text.count("state works") >= 1
    finally:
        Controls(state, state.entra).clear("consents")
    desk.press(desk.page(TAILSPIN), "check")


def test_a_consent_is_shown_first_and_then_made_just_so_and_once(state: StackState, desk: Desk) -> None:
    plan = desk.press(desk.page(TAILSPIN), "plan")
    assert TAILSPIN in said(plan), "a customer's name is the customer's to choose, its id is not"
    assert title(plan) == "What the consent would do"
    assert "would be granted" in plan.text
    assert held(state, TAILSPIN) == {}, "nothing is changed yet"
    address, fields = desk.form(plan, "consent")
    try:
        made = desk.press(plan, "consent")
        assert title(made) == "The consent is made", said(made)
        assert held(state, TAILSPIN) != {}
        on_record = records(state, "customer.consented")
        assert (on_record[-1]["operator"], on_record[-1]["outcome"]) == (ADMIN.object_id, "created")
        again = desk.send(address, fields)
        assert again.headers["location"] == str(made.url), "the same button leads to what it came to"
        assert desk.console.open(str(made.url)).text.count("granted") == made.text.count("granted")
        assert len(records(state, "customer.consented")) == len(on_record), "and nothing is done again"
        left = desk.press(desk.page(TAILSPIN), "plan")
        assert "There is nothing to do." in left.text
        assert 'value="consent"' not in left.text
    finally:
        Controls(state, state.entra).clear("consents")


def test_where_something_has_changed_the_new_plan_is_shown_and_nothing_is_done(state: StackState, desk: Desk) -> None:
    plan = desk.press(desk.page(TAILSPIN), "plan")
    graph = {"tenant": TAILSPIN, "client": PARTNER_APPLICATION, "resource": GRAPH}
    Controls(state, state.entra).post("consents", {**graph, "scopes": ["Directory.Read.All"]})
    try:
        before = held(state, TAILSPIN)
        shown = desk.press(plan, "consent")
        assert title(shown) == "Nothing was done: something has changed"
        assert held(state, TAILSPIN) == before
        assert 'value="consent"' in shown.text or 'value="plan"' in shown.text, "and the way on from here"
    finally:
        Controls(state, state.entra).clear("consents")


def test_what_only_a_replacement_adds_is_shown_with_what_it_loses_before_it_is_done(
    state: StackState, desk: Desk
) -> None:
    graph = {"tenant": TAILSPIN, "client": PARTNER_APPLICATION, "resource": GRAPH}
    Controls(state, state.entra).post("consents", {**graph, "scopes": ["Directory.Read.All"]})
    try:
        lacking = desk.press(desk.page(TAILSPIN), "plan")
        assert "lacks something that only a replacement adds" in lacking.text
        replacing = desk.press(lacking, "plan")
        assert "would be taken back and granted anew" in replacing.text
        assert held(state, TAILSPIN) != {}, "nothing is taken back yet"
        replaced = desk.press(replacing, "consent")
        assert title(replaced) == "The consent is made", said(replaced)
        assert set(held(state, TAILSPIN)[GRAPH]) == set(WHOLE)
        assert records(state, "customer.consented")[-1]["outcome"] == "replaced"
    finally:
        Controls(state, state.entra).clear("consents")


def test_no_form_makes_a_consent_that_was_not_shown(state: StackState, desk: Desk) -> None:
    address, fields = desk.form(desk.page(TAILSPIN), "plan")
    for number, shown in enumerate(("", "x", "0" * 31)):
        given = {**fields, "act": "consent", "shown": shown, "id": f"{number:032x}"}
        refused = desk.console.open(desk.send(address, given).headers["location"])
        assert title(refused) == "It did not succeed"
        assert "invalid_request" in refused.text
    assert held(state, TAILSPIN) == {}


def test_a_customer_is_kept_out_and_let_in_again(state: StackState, desk: Desk) -> None:
    out = desk.press(desk.page(NORTHWIND), "exclude", reason="leaves <b>us</b>", until=UNTIL)
    assert title(out) == "The customer is kept out"
    assert "leaves &lt;b&gt;us&lt;/b&gt;" in out.text
    record = records(state, "customer.excluded")[-1]
    assert (record["operator"], record["tenant"], record["reason"]) == (ADMIN.object_id, NORTHWIND, "leaves <b>us</b>")
    assert "leaves &lt;b&gt;us&lt;/b&gt;" in desk.console.open(f"{desk.console.address}/customers").text, "at once"
    page = desk.page(NORTHWIND)
    assert "Kept out of checks and alarms" in page.text
    assert 'value="check"' not in page.text
    assert title(desk.press(page, "include")) == "The customer is let in again"
    assert records(state, "customer.included")[-1]["operator"] == ADMIN.object_id
    # An old page's button, and another person's, are answered in words.
    assert title(desk.press(page, "include")) == "The customer is let in again", "the very button that was pressed"
    stale = {**desk.form(page, "include")[1], "id": "f" * 32}
    absent = desk.console.open(desk.send(desk.form(page, "include")[0], stale).headers["location"])
    assert title(absent) == "Nothing kept it out"


@pytest.mark.parametrize(
    ("reason", "until"), [("", UNTIL), ("   ", UNTIL), ("x" * 201, UNTIL), ("moves", "2020-01-01"), ("moves", "soon")]
)
def test_an_exclusion_without_a_reason_or_a_day_within_a_year_is_refused_on_a_page(
    desk: Desk, reason: str, until: str
) -> None:
    refused = desk.press(desk.page(NORTHWIND), "exclude", reason=reason, until=until)
    assert title(refused) == "It did not succeed"
    assert "invalid_request" in refused.text
    assert "What you can do" in desk.page(NORTHWIND).text


def test_who_is_kept_out_is_neither_checked_nor_consented_to(desk: Desk) -> None:
    old = desk.page(NORTHWIND)
    desk.press(old, "exclude", reason="moves", until=UNTIL)
    try:
        for act in ("check", "plan"):
            refused = desk.press(old, act)
            assert "customer_excluded" in refused.text
    finally:
        desk.press(desk.page(NORTHWIND), "include")


def test_a_button_pressed_twice_at_once_does_it_once(state: StackState, desk: Desk) -> None:
    address, fields = desk.form(desk.page(CONTOSO), "check")
    before = len(records(state, "consent.checked"))
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: desk.send(address, fields), range(2)))
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(records(state, "consent.checked")) == before + 1


def test_two_tabs_that_wait_for_the_same_customer_are_told_so(state: StackState, desk: Desk) -> None:
    page = desk.page(CONTOSO)
    one, other = desk.form(page, "check"), desk.form(page, "plan")
    Controls(state, state.entra).post("faults", {"method": "POST", "path": ".*/token", "times": 1, "delay": 3.0})
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(desk.send, *one)
        time.sleep(1)
        busy = desk.send(*other)
        going = desk.console.open(f"{desk.console.address}/customers/{CONTOSO}/acts/{one[1]['id']}")
        assert slow.result().status_code == httpx.codes.SEE_OTHER
    assert (busy.status_code, code_of(busy)) == (409, "console_busy")
    assert title(going) == "It goes on"
    assert title(desk.console.open(slow.result().headers["location"])) == "Checked"
    assert title(desk.press(page, "plan")) == "What the consent would do"


@pytest.mark.parametrize("tenant", ["contoso", "%2e%2e", "0", PARTNER_TENANT, CONTOSO[:-1] + "x", f"{CONTOSO},x"])
def test_an_odd_tenant_id_is_refused_in_words(desk: Desk, tenant: str) -> None:
    _, fields = desk.form(desk.page(CONTOSO), "plan")
    answer = desk.send(f"/api/console/customers/{tenant}/acts", fields)
    if answer.status_code == httpx.codes.SEE_OTHER:
        answer = desk.console.open(answer.headers["location"])
    assert "invalid_request" in answer.text
    assert "correlation" in answer.text.lower()


@pytest.mark.parametrize("wrong", [{"act": "remove"}, {"id": "x"}, {"id": ""}, {"consent": "../x"}])
def test_what_no_form_sends_is_refused_in_words(desk: Desk, wrong: dict[str, str]) -> None:
    address, fields = desk.form(desk.page(CONTOSO), "check")
    refused = desk.send(address, {**fields, **wrong})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")


def test_an_act_is_shown_to_nobody_but_who_pressed_it(state: StackState, desk: Desk) -> None:
    done = desk.press(desk.page(CONTOSO), "check")
    with Console(state) as console:
        console.arrive(READER)
        other = console.open(str(done.url))
        assert (other.status_code, title(other)) == (404, "Nothing is known of this act")
    elsewhere = desk.console.open(str(done.url).replace(CONTOSO, NORTHWIND))
    assert elsewhere.status_code == httpx.codes.NOT_FOUND


def test_a_role_taken_away_in_mid_session_and_a_stale_session_press_no_button(state: StackState, desk: Desk) -> None:
    page = desk.page(NORTHWIND)
    address, fields = desk.form(page, "exclude", reason="stale", until=UNTIL)
    for _ in range(3):
        write_offset(state.clock_file, read_offset(state.clock_file) + timedelta(minutes=25))
        last = desk.console.open(desk.console.address)
    assert last.status_code == httpx.codes.SEE_OTHER, "the roles have to be confirmed"
    stale = desk.send(address, fields)
    assert (stale.status_code, code_of(stale)) == (401, "console_sign_in_again")
    entra = Controls(state, state.entra)
    entra.post("roles", {"user": ADMIN.object_id, "roles": list(READER.roles)})
    try:
        desk.console.land(desk.console.open(last.headers["location"]).headers["location"])
        refused = desk.send(address, fields)
        assert (refused.status_code, code_of(refused)) == (403, "role_missing")
        assert "What you can do" not in desk.page(NORTHWIND).text
    finally:
        entra.post("roles", {"user": ADMIN.object_id, "roles": list(ADMIN.roles)})
    assert "stale" not in {one["reason"] for one in records(state, "customer.excluded")}


def test_what_partner_center_does_not_answer_is_a_page_too(state: StackState, desk: Desk) -> None:
    plan = desk.press(desk.page(TAILSPIN), "plan")
    center = Controls(state, state.partner_center)
    center.post("faults", {"path": ".*/applicationconsents.*", "times": -1, "status": 503})
    try:
        refused = desk.press(plan, "consent")
    finally:
        center.clear("faults")
    assert title(refused) == "It did not succeed"
    assert "partner_center_unavailable" in refused.text
    assert "docs/troubleshooting.md#partner_center_unavailable" in refused.text
