"""A person in front of a browser, scripted: follows links, reads forms, presses buttons, over real HTTP."""

import functools
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx

from local.world import User


@functools.cache
def usual_trust() -> ssl.SSLContext:
    """The machine's authorities, read once: httpx would read them anew for each client, 20 ms each time."""
    return ssl.create_default_context()


MOST_PAGES = 8
EMPTY_DOMAIN = re.compile(r";\s*domain=\s*(?=;|$)", re.IGNORECASE)
type Seen = Callable[[httpx.Response], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a page: where it goes, and its fields as they stand."""

    method: str
    action: str
    fields: Mapping[str, str]


class BrowserTransport(httpx.HTTPTransport):
    """Ignores a cookie's empty Domain, as browsers do (RFC 6265 section 5.2.3) and Python's cookie jar does not.

    The Functions host writes one into every cookie that has no Domain.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, and what a browser would make of the answer's cookies."""
        response = super().handle_request(request)
        response.headers = httpx.Headers(
            [
                (name, EMPTY_DOMAIN.sub("", value) if name.lower() == "set-cookie" else value)
                for name, value in response.headers.multi_items()
            ]
        )
        return response


class Person:
    """One browser with its cookies; `trace` lists each page's method, address without query, and status."""

    def __init__(self, seen: Seen = lambda _response: None, *, trust: ssl.SSLContext | None = None) -> None:
        """`seen` is told every response, redirects included; `trust` has the authorities if not the machine's."""
        hooks = {"response": [httpx.Response.read, seen]}
        transport = BrowserTransport(verify=trust or usual_trust(), trust_env=False)
        self._client = httpx.Client(
            follow_redirects=True, timeout=30, trust_env=False, transport=transport, event_hooks=hooks
        )
        self.trace: list[tuple[str, str, int]] = []

    def __enter__(self) -> Self:
        """Open the browser."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, cookies and all."""
        self._client.close()

    def open(self, url: str) -> httpx.Response:
        """Follow a link to where it leads."""
        return self._noted(self._client.get(url))

    def submit(self, page: httpx.Response, answers: Mapping[str, str] | None = None) -> httpx.Response:
        """Press the button of a page's first form, with these fields filled in."""
        form = first_form(page)
        if form is None:
            raise LookupError(f"There is no form on {page.url.copy_with(query=None)} ({page.status_code}).")
        fields = {**form.fields, **(answers or {})}
        url = urljoin(str(page.url), form.action or str(page.url))
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        if form.method == "get":
            return self._noted(self._client.get(url, params=fields))
        return self._noted(self._client.post(url, data=fields, headers={"Origin": origin}))

    def consent(self, link: str, user: User) -> httpx.Response:
        """Open a consent link and go through to the last page, signing in as `user` where asked."""
        page = self.open(link)
        for _ in range(MOST_PAGES):
            form = first_form(page)
            if form is None or not page.is_success:
                return page
            asked = {"username": user.username, "password": user.password}
            page = self.submit(page, {name: text for name, text in asked.items() if name in form.fields})
        raise LookupError("The pages do not come to an end.")

    def _noted(self, response: httpx.Response) -> httpx.Response:
        for step in (*response.history, response):
            self.trace.append((step.request.method, str(step.url.copy_with(query=None)), step.status_code))
        return response


def first_form(page: httpx.Response) -> Form | None:
    """The first form of an HTML page; None when it has none."""
    reader = _FormReader()
    reader.feed(page.text if "html" in page.headers.get("content-type", "") else "")
    return reader.form


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._fields: dict[str, str] = {}
        self._reading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        if tag == "form" and self.form is None:
            self._reading = True
            self.form = Form(
                method=given.get("method", "get").lower(), action=given.get("action", ""), fields=self._fields
            )
        elif tag == "input" and self._reading and given.get("name"):
            self._fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._reading = False
