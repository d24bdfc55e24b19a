"""A browser before the console, and what its pages say."""

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

    @property
    def cookie(self) -> str:
        """The session's."""
        return next(cookie.value or "" for cookie in self.client.cookies.jar if cookie.name == "console")
