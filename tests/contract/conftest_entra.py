"""Entra ID in a process of its own, with MSAL, a browser and a plain client that speak to it."""

import html
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import jwt
import msal
import pytest
import requests
from jwt.types import Options

from local.certificates import write_certificates
from local.clock import write_offset
from local.entra import run
from local.processes import start, stop
from local.signing import SigningKeys
from local.state import StackState
from local.world import ADMIN, PARTNER_APPLICATION, PARTNER_TENANT, User

SECRET = "partner-application-secret-of-the-local-stack"
REDIRECT = "http://localhost:8400/api/consent/redirect"
PARTNER_CENTER_SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
ARM_DEFAULT = "https://management.azure.com/.default"
Answer = dict[str, Any]
# What MSAL takes: a secret, a key with its certificate, or a callable that makes an assertion.
Credential = str | Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Entra ID being served, with a browser, a plain client, and MSAL's own way to speak to it."""

    state: StackState
    http: httpx.Client
    session: requests.Session

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"x-local-control": self.state.control_secret}
        response = self.http.request(method, f"{self.state.entra}/_local/{path}", json=body, headers=headers)
        assert response.is_success
        return response

    def move_clock(self, offset: timedelta) -> None:
        write_offset(self.state.clock_file, offset)

    def mint(self, user: User = ADMIN, client: str = PARTNER_APPLICATION, **more: object) -> str:
        """A refresh token as somebody might hold it: `spa`, `mfa`, `age_days`."""
        body = {"user": user.object_id, "client": client, "scope": PARTNER_CENTER_SCOPE, **more}
        token: str = self.control("POST", "refresh_tokens", body).json()["refresh_token"]
        return token

    def reset(self) -> None:
        """As it was at the start, but for keys and codes."""
        self.move_clock(timedelta())
        for ordered in ("errors", "consents", "credentials"):
            self.control("DELETE", ordered)
        self.http.cookies.clear()

    def app(
        self, tenant: str = PARTNER_TENANT, client: Credential = PARTNER_APPLICATION, credential: Credential = SECRET
    ) -> msal.ConfidentialClientApplication:
        """A new object each time: MSAL answers a repeated request that failed from memory."""
        return msal.ConfidentialClientApplication(
            client,
            client_credential=credential,
            authority=f"{self.state.entra}/{tenant}",
            instance_discovery=False,
            azure_region=False,
            http_client=self.session,
        )

    def exchange(self, refresh_token: str, tenant: str, scope: str, **app: Credential) -> Answer:
        result: Answer = self.app(tenant, **app).acquire_token_by_refresh_token(refresh_token, [scope])
        return result

    def claims(self, token: str) -> Answer:
        """The claims of a token whose signature the published keys confirm."""
        published = self.http.get(f"{self.state.entra}/common/discovery/v2.0/keys").json()
        key = jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(token)["kid"]]
        # Time may be moved over there, and stands still here.
        unchecked: Options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims: Answer = jwt.decode(token, key, algorithms=["RS256"], options=unchecked)
        return claims

    def token(self, tenant: str = PARTNER_TENANT, **form: str) -> httpx.Response:
        credentials = {"client_id": PARTNER_APPLICATION, "client_secret": SECRET}
        return self.http.post(f"{self.state.entra}/{tenant}/oauth2/v2.0/token", data=credentials | form)

    def authorize(self, tenant: str = PARTNER_TENANT, **changed: str) -> httpx.Response:
        query = {
            "client_id": PARTNER_APPLICATION,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"{PARTNER_CENTER_SCOPE} offline_access openid profile",
            "state": "the-state",
        }
        url = f"{self.state.entra_browser}/{tenant}/oauth2/v2.0/authorize"
        return self.http.get(url, params={name: value for name, value in (query | changed).items() if value})


def submit(http: httpx.Client, page: httpx.Response, **typed: str) -> httpx.Response:
    """Fill in the one form of a page and send it."""
    form = re.search(r'<form method="post" action="([^"]+)">(.*?)</form>', page.text, re.DOTALL)
    assert form is not None, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[2]))
    return http.post(
        urljoin(str(page.url), html.unescape(form[1])), data={k: html.unescape(v) for k, v in hidden.items()} | typed
    )


def sign_in(http: httpx.Client, page: httpx.Response, user: User) -> httpx.Response:
    """Type user name and password, and approve if that is asked."""
    answer = submit(http, page, username=user.username, password=user.password)
    return submit(http, answer) if "Approve" in answer.text else answer


def redirected(response: httpx.Response) -> dict[str, str]:
    """The parameters a browser brings back to the client."""
    assert response.status_code == 302, response.text
    assert response.headers["location"].startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


def begin(app: msal.ConfidentialClientApplication, scope: str, **more: str) -> Answer:
    # MSAL would rather have form_post, which SameSite=Lax cookies do not survive.
    with pytest.warns(UserWarning, match="form_post"):
        flow: Answer = app.initiate_auth_code_flow([scope], redirect_uri=REDIRECT, **more)
    return flow


def consented(stack: Stack, user: User, scope: str = PARTNER_CENTER_SCOPE) -> Answer:
    """The whole code flow with MSAL and a browser of its own."""
    app = stack.app()
    flow = begin(app, scope, prompt="login")
    with httpx.Client() as browser:
        answer = redirected(sign_in(browser, browser.get(flow["auth_uri"]), user))
    result: Answer = app.acquire_token_by_auth_code_flow(flow, answer)
    assert "error" not in result, result
    return result


@contextmanager
def serving(state: StackState, listening: socket.socket, browser: socket.socket) -> Iterator[Stack]:
    process = start(run, state, {"entra": listening, "entra_browser": browser})
    try:
        with ExitStack() as opened:
            http = opened.enter_context(
                httpx.Client(verify=ssl.create_default_context(cafile=state.ca_file), timeout=20)
            )
            session = opened.enter_context(requests.Session())
            session.verify, session.trust_env = str(state.ca_file), False
            yield Stack(state=state, http=http, session=session)
    finally:
        stop(process)


def make_state(folder: Path, *, port: int, browser_port: int) -> StackState:
    nowhere = "https://localhost:1"
    state = StackState(
        folder=folder,
        host=nowhere,
        entra=f"https://localhost:{port}",
        entra_browser=f"http://localhost:{browser_port}",
        token_vault=nowhere,
        policy_vault=nowhere,
        managed_identity=nowhere,
        keeps_ledger=True,
    )
    write_certificates(ca=state.ca_file, certificate=state.certificate_file, key=state.certificate_key_file)
    SigningKeys(state.signing_keys_folder).rotate()
    return state


@contextmanager
def running_entra(folder: Path) -> Iterator[Stack]:
    """Entra ID alone, on free ports, over a folder of its own."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_server(("127.0.0.1", 0)) as browser,
    ):
        state = make_state(folder, port=listening.getsockname()[1], browser_port=browser.getsockname()[1])
        with serving(state, listening, browser) as stack:
            yield stack
