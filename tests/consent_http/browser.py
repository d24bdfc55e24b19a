"""A browser whose every step a test can see, keep back or change, and what its pages say."""

import re
import uuid
from collections.abc import Mapping
from html import unescape
from typing import Any, Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from local.person import BrowserTransport, first_form, usual_trust
from local.state import StackState
from local.workload import Workload
from local.world import User

REDIRECT_PATH = "/api/consent/redirect"


def new_name() -> str:
    """A consent no other test has to do with."""
    return f"test-{uuid.uuid4().hex}"


class Browser:
    """Follows no redirect by itself: what travels between the broker and Entra ID is in the test's hands."""

    def __init__(self) -> None:
        transport = BrowserTransport(verify=usual_trust(), trust_env=False)
        self.client = httpx.Client(follow_redirects=False, timeout=30, trust_env=False, transport=transport)

    def __enter__(self) -> Self:
        """Open the browser."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, cookies and all."""
        self.client.close()

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Open one address."""
        return self.client.get(url, headers=headers)

    def press(self, page: httpx.Response, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Press the only button of a page, as a browser does it: with its origin."""
        form = first_form(page)
        assert form is not None, page.text
        origin = {"Origin": f"{page.url.scheme}://{page.url.netloc.decode()}", "Sec-Fetch-Site": "same-origin"}
        url = urljoin(str(page.url), form.action or str(page.url))
        return self.client.post(url, data=dict(form.fields), headers={**origin, **(headers or {})})

    def begin(self, link: str) -> str:
        """Open a link, press its button; the address at Entra ID that the broker sends the browser to."""
        begun = self.press(self.open(link))
        assert begun.status_code == httpx.codes.SEE_OTHER, begun.text
        return begun.headers["location"]

    def sign_in(self, address: str, user: User) -> str:
        """Sign in at Entra ID; the redirect back to the broker, not followed."""
        return self.answer(self.open(address), user)

    def answer(self, page: httpx.Response, user: User) -> str:
        """Go on from a page of Entra ID's as `user`; the redirect back to the broker, not followed."""
        while not page.has_redirect_location:
            form = first_form(page)
            assert form is not None, page.text
            typed = {"username": user.username, "password": user.password}
            fields = {**form.fields, **{name: text for name, text in typed.items() if name in form.fields}}
            page = self.client.post(urljoin(str(page.url), form.action), data=fields)
        location: str = page.headers["location"]
        assert urlsplit(location).path == REDIRECT_PATH
        return location

    def consent(self, link: str, user: User) -> httpx.Response:
        """The whole way from the link to the last page."""
        return self.open(self.sign_in(self.begin(link), user))

    @property
    def flow_cookies(self) -> dict[str, str]:
        """The broker's cookies in this browser."""
        cookies = {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}
        return {name: value for name, value in cookies.items() if "consent-" in name}


def send(method: str, url: str | httpx.URL, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
    """One request of somebody who is no browser."""
    return httpx.request(method, url, trust_env=False, timeout=30, verify=usual_trust(), **arguments)


def query_of(url: str) -> dict[str, str]:
    """The query parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def code_of(page: httpx.Response) -> str:
    """The stable code on a refusal's page; empty on any other page."""
    found = re.search(r"<dt>Code</dt><dd>([a-z_]+)</dd>", page.text)
    return found[1] if found else ""


def title_of(page: httpx.Response | str) -> str:
    """The heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page if isinstance(page, str) else page.text)
    assert found is not None
    return unescape(found[1])


def operator_of(state: StackState) -> Workload:
    """The workload that may read and manage consents."""
    return Workload(state=state, name="operator")


def stored(state: StackState, name: str) -> dict[str, object] | None:
    """What operators are shown of a consent; None when nothing is stored."""
    answer = operator_of(state).call("GET", f"consents/{name}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    shown: dict[str, object] = answer.raise_for_status().json()
    return shown
