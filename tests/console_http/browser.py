"""A browser before the console, and what its pages say."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from local.person import first_form
from local.state import StackState
from local.world import User
from tests.consent_http.browser import Browser


class Console(Browser):
    """One browser, whose every step a test can see."""

    def __init__(self, state: StackState) -> None:
        super().__init__()
        self.address = f"{state.host}/api/console"
        self.redirect = ""

    def arrive(self, user: User) -> httpx.Response:
        """Sign in, up to the page that was asked for."""
        return self.land(self.answered(self.open(f"{self.address}/sign-in").headers["location"], user))

    def answered(self, address: str, user: User) -> str:
        """Go on at Entra ID as `user`; the redirect back to the console, not followed."""
        page = self.open(address)
        while not page.has_redirect_location:
            form = first_form(page)
            assert form is not None, page.text
            typed = {"username": user.username, "password": user.password}
            fields = {**form.fields, **{name: text for name, text in typed.items() if name in form.fields}}
            page = self.client.post(urljoin(str(page.url), form.action), data=fields)
        self.redirect = page.headers["location"]
        return self.redirect

    def land(self, redirect: str) -> httpx.Response:
        """Come back from Entra ID: the page that was asked for, or why there is none."""
        arrived = self.open(redirect)
        return self.open(arrived.headers["location"]) if arrived.has_redirect_location else arrived

    def act(self, page: httpx.Response, act: str, **typed: str) -> httpx.Response:
        """Press the button of this act on a page, with what was typed; the redirect it answers, not followed."""
        action, fields = forms_of(page)[act]
        return self.post(urljoin(str(page.url), action), {**fields, **typed})

    def post(self, url: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form as a page of the console does."""
        origin = {"Origin": self.address.removesuffix("/api/console"), "Sec-Fetch-Site": "same-origin"}
        return self.client.post(url, data=dict(fields), headers=origin)

    @property
    def cookie(self) -> str:
        """The session's."""
        return next(cookie.value or "" for cookie in self.client.cookies.jar if cookie.name == "console")


class _Forms(HTMLParser):
    """The hidden and filled-in fields of each form, by the last word of where it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, dict[str, str]]] = {}
        self._fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        if tag == "form":
            self._fields = {}
            self.found[given["action"].rpartition("/")[2]] = (given["action"], self._fields)
        elif tag == "input" and given.get("name") and given.get("type") != "checkbox":
            self._fields[given["name"]] = given.get("value", "")


def forms_of(page: httpx.Response) -> dict[str, tuple[str, dict[str, str]]]:
    """The forms of a page: where each goes, and its fields, by its act."""
    forms = _Forms()
    forms.feed(page.text)
    return forms.found
