"""The way into the console and out of it, over HTTP: sessions, roles, forms, and who is let in."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from local.person import first_form
from local.state import StackState
from local.world import ADMIN, CUSTOMER_ADMIN, READER, SECOND_ADMIN, User
from tests.consent_http.browser import code_of, query_of, send
from tests.console_http.browser import Console


@pytest.fixture
def console(stack: StackState) -> Iterator[Console]:
    with Console(stack) as browser:
        yield browser


def test_whoever_has_no_session_is_shown_the_way_in_and_nothing_else(console: Console) -> None:
    page = console.open(console.address)
    assert (page.status_code, code_of(page)) == (401, "console_sign_in_needed")
    assert 'href="/api/console/sign-in"' in page.text


@pytest.mark.parametrize("user", [ADMIN, READER], ids=["manager", "reader"])
def test_who_has_a_role_sees_the_overview(console: Console, user: User) -> None:
    page = console.arrive(user)
    assert page.status_code == httpx.codes.OK, page.text
    assert user.username in page.text
    assert "<h1>Overview</h1>" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "<script" not in page.text


def test_no_token_reaches_the_browser(console: Console) -> None:
    page = console.arrive(ADMIN)
    assert "eyJ" not in page.text + str(dict(page.headers)) + console.cookie


def test_who_has_no_role_is_let_in_nowhere(console: Console) -> None:
    page = console.arrive(SECOND_ADMIN)
    assert (page.status_code, code_of(page)) == (403, "role_missing")
    assert "<table" not in page.text


def test_the_sign_in_asks_for_no_token_to_keep(console: Console) -> None:
    asked = console.open(f"{console.address}/sign-in").headers["location"]
    assert "offline_access" not in asked
    assert "response_mode" not in asked, "query is what there is without one"
    assert "code_challenge_method=S256" in asked


def test_a_redirect_that_is_opened_twice_or_elsewhere_signs_nobody_in(console: Console, stack: StackState) -> None:
    console.arrive(ADMIN)
    assert code_of(console.open(console.redirect)) == "console_sign_in_failed"
    with Console(stack) as other:
        assert code_of(other.open(console.redirect)) == "console_sign_in_failed"
        assert code_of(other.open(console.address)) == "console_sign_in_needed"


def test_signing_out_ends_the_session_wherever_its_cookie_is(console: Console) -> None:
    page = console.arrive(ADMIN)
    cookie = console.cookie
    left = console.press(page)
    assert "You are signed out" in left.text
    assert code_of(console.open(console.address)) == "console_sign_in_needed"
    replayed = send("GET", console.address, headers={"Cookie": f"console={cookie}"})
    assert code_of(replayed) == "console_sign_in_needed"


def test_who_signs_in_over_somebody_elses_session_ends_it_wherever_its_cookie_is(console: Console) -> None:
    console.arrive(ADMIN)
    before = console.cookie
    page = console.arrive(READER)
    assert READER.username in page.text
    replayed = send("GET", console.address, headers={"Cookie": f"console={before}"})
    assert code_of(replayed) == "console_sign_in_needed"
    assert READER.username in console.open(console.address).text


@pytest.mark.parametrize("cookie", ["x", "0" * 32 + ".x"])
def test_a_cookie_that_is_no_session_keeps_nobody_from_signing_in(console: Console, cookie: str) -> None:
    console.client.cookies.set("console", cookie, domain="localhost.local" if "localhost" in console.address else "")
    assert ADMIN.username in console.arrive(ADMIN).text


def test_a_form_of_another_site_or_another_session_does_nothing(console: Console) -> None:
    page = console.arrive(ADMIN)
    form = first_form(page)
    assert form is not None
    for fields, headers in (
        (dict(form.fields), {"Sec-Fetch-Site": "cross-site"}),
        (dict(form.fields), {"Origin": "https://evil.example"}),
        ({"token": "0" * 32}, {}),
        ({}, {}),
    ):
        pressed = console.client.post(f"{console.address}/sign-out", data=fields, headers=headers)
        assert (pressed.status_code, code_of(pressed)) == (403, "console_form_refused")
    assert console.open(console.address).status_code == httpx.codes.OK


@pytest.mark.parametrize("cookie", ["", "x", "0" * 32 + ".x", "a" * 9000])
def test_a_made_up_cookie_is_no_session(stack: StackState, cookie: str) -> None:
    page = send("GET", f"{stack.host}/api/console", headers={"Cookie": f"console={cookie}"})
    assert code_of(page) in {"console_sign_in_needed", "seal_key_unknown"}


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(console: Console) -> None:
    console.arrive(ADMIN)
    set_cookie = console.open(console.address).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert urlsplit(console.address).scheme == "http", "and __Host- with Secure where it is https (test_session.py)"


@pytest.mark.parametrize("user", [CUSTOMER_ADMIN], ids=["customer"])
def test_a_person_of_another_tenant_is_no_operator(console: Console, user: User) -> None:
    page = console.open(console.open(f"{console.address}/sign-in").headers["location"])
    form = first_form(page)
    assert form is not None
    typed = {**form.fields, "username": user.username, "password": user.password}
    refused = console.client.post(urljoin(str(page.url), form.action), data=typed)
    assert refused.is_client_error or "error=" in refused.headers.get("location", ""), "Entra ID does not let them in"
    assert code_of(console.open(console.address)) == "console_sign_in_needed"


def test_no_header_changes_where_the_console_leads(console: Console, stack: StackState) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Original-URL": "//evil.example", "X-MS-CLIENT-PRINCIPAL": "e30="}
    leaving = console.open(f"{console.address}/sign-in", forged).headers["location"]
    assert query_of(leaving)["redirect_uri"] == f"{stack.host}/api/console/redirect"
    assert code_of(console.open(console.address, forged)) == "console_sign_in_needed"
    arrived = console.open(console.answered(leaving, ADMIN), forged)
    assert arrived.headers["location"] == console.address


def test_no_parameter_of_the_way_in_names_a_page_to_go_to(console: Console) -> None:
    leaving = console.open(f"{console.address}/sign-in?return_to=//evil.example&next=//evil.example")
    arrived = console.open(console.answered(leaving.headers["location"], ADMIN))
    assert arrived.headers["location"] == console.address


def test_a_method_in_a_header_presses_no_button(console: Console) -> None:
    console.arrive(ADMIN)
    for name in ("X-HTTP-Method-Override", "X-Method-Override"):
        assert console.open(f"{console.address}/sign-out", {name: "POST"}).status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert console.open(console.address).status_code == httpx.codes.OK


def test_a_sign_in_that_another_browser_finished_is_worth_nothing_in_this_one(
    console: Console, stack: StackState
) -> None:
    console.open(f"{console.address}/sign-in")
    with Console(stack) as attacker:
        redirect = attacker.answered(attacker.open(f"{attacker.address}/sign-in").headers["location"], SECOND_ADMIN)
    assert code_of(console.open(redirect)) == "console_sign_in_failed"


def test_two_tabs_sign_in_at_once_and_a_code_under_the_other_tabs_state_is_refused(console: Console) -> None:
    leaving = [console.open(f"{console.address}/sign-in").headers["location"] for _ in range(2)]
    first, second = [console.answered(address, ADMIN) for address in leaving]
    mixed = f"{first.partition('?')[0]}?code={query_of(first)['code']}&state={query_of(second)['state']}"
    assert code_of(console.open(mixed)) == "console_sign_in_failed"
    assert console.land(second).status_code == httpx.codes.OK


def test_nothing_of_the_console_is_kept_by_a_browser_or_told_to_another_site(console: Console) -> None:
    page = console.arrive(ADMIN)
    leaving = console.open(f"{console.address}/sign-in")
    arrived = console.open(console.answered(leaving.headers["location"], ADMIN))
    refused = console.open(f"{console.address}/redirect")
    for answer in (page, leaving, arrived, refused, console.press(page)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] in {"no-referrer", "same-origin"}
