"""The way into the console and out of it, over HTTP: sessions, roles, forms, and who is let in."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from local.person import first_form
from local.state import StackState
from local.world import ADMIN, READER, SECOND_ADMIN, User
from tests.consent_http.browser import Browser, send


class Console(Browser):
    """A browser before the console."""

    def __init__(self, state: StackState) -> None:
        super().__init__()
        self.address = f"{state.host}/api/console"

    def arrive(self, user: User) -> httpx.Response:
        """Sign in, up to the page that was asked for."""
        page = self.open(self.open(f"{self.address}/sign-in").headers["location"])
        while not page.has_redirect_location:
            form = first_form(page)
            assert form is not None, page.text
            typed = {"username": user.username, "password": user.password}
            fields = {**form.fields, **{name: text for name, text in typed.items() if name in form.fields}}
            page = self.client.post(urljoin(str(page.url), form.action), data=fields)
        self.redirect = page.headers["location"]
        arrived = self.open(self.redirect)
        return self.open(arrived.headers["location"]) if arrived.has_redirect_location else arrived

    @property
    def cookie(self) -> str:
        """The session's."""
        return next(cookie.value or "" for cookie in self.client.cookies.jar if cookie.name == "console")


@pytest.fixture
def console(stack: StackState) -> Iterator[Console]:
    with Console(stack) as browser:
        yield browser


def refusal_of(page: httpx.Response) -> str:
    found = re.search(r"<dt>Code</dt><dd>([a-z_]+)</dd>", page.text)
    return found[1] if found else ""


def test_whoever_has_no_session_is_shown_the_way_in_and_nothing_else(console: Console) -> None:
    page = console.open(console.address)
    assert (page.status_code, refusal_of(page)) == (401, "console_sign_in_needed")
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
    assert (page.status_code, refusal_of(page)) == (403, "role_missing")
    assert "<table" not in page.text


def test_the_sign_in_asks_for_no_token_to_keep(console: Console) -> None:
    asked = console.open(f"{console.address}/sign-in").headers["location"]
    assert "offline_access" not in asked
    assert "response_mode" not in asked, "query is what there is without one"
    assert "code_challenge_method=S256" in asked


def test_a_redirect_that_is_opened_twice_or_elsewhere_signs_nobody_in(console: Console, stack: StackState) -> None:
    console.arrive(ADMIN)
    assert refusal_of(console.open(console.redirect)) == "console_sign_in_failed"
    with Console(stack) as other:
        assert refusal_of(other.open(console.redirect)) == "console_sign_in_failed"
        assert refusal_of(other.open(console.address)) == "console_sign_in_needed"


def test_signing_out_ends_the_session_wherever_its_cookie_is(console: Console) -> None:
    page = console.arrive(ADMIN)
    cookie = console.cookie
    left = console.press(page)
    assert "You are signed out" in left.text
    assert refusal_of(console.open(console.address)) == "console_sign_in_needed"
    replayed = send("GET", console.address, headers={"Cookie": f"console={cookie}"})
    assert refusal_of(replayed) == "console_sign_in_needed"


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
        assert (pressed.status_code, refusal_of(pressed)) == (403, "console_form_refused")
    assert console.open(console.address).status_code == httpx.codes.OK


@pytest.mark.parametrize("cookie", ["", "x", "0" * 32 + ".x", "a" * 9000])
def test_a_made_up_cookie_is_no_session(stack: StackState, cookie: str) -> None:
    page = send("GET", f"{stack.host}/api/console", headers={"Cookie": f"console={cookie}"})
    assert refusal_of(page) in {"console_sign_in_needed", "seal_key_unknown"}


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(console: Console) -> None:
    console.arrive(ADMIN)
    set_cookie = console.open(console.address).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert urlsplit(console.address).scheme == "http", "and __Host- with Secure where it is https (test_session.py)"
