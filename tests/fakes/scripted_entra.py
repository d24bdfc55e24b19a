"""Entra ID's token endpoint below MSAL, answering as the test says: any status, headers and body, tenant by tenant."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.outbound import Outbound

AUTHORITY_HOST = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of the token endpoint; a `body` that is neither text nor bytes is sent as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One token request: of which tenant, with which client secret and refresh token."""

    tenant_id: str
    secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


def tokens(posted: Posted) -> Answer:
    """What a request is granted: an access token that names its tenant, and the next refresh token."""
    body = {
        "token_type": "Bearer",
        "access_token": f"token-of-{posted.tenant_id}",
        "expires_in": 3600,
        "refresh_token": f"{posted.refresh_token}+",
    }
    return Answer(body=body)


class ScriptedEntra(Outbound):
    """An HTTP client that reaches nobody; `answer` decides each token request, `posted` keeps them."""

    def __init__(self, answer: Callable[[Posted], Answer] = tokens) -> None:
        super().__init__(trusted_ca_file=None, threads=1)
        self.answer = answer
        self.posted: list[Posted] = []

    def request(self, method: str, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - as its parent
        """Discovery of any tenant, or the scripted answer."""
        tenant_id = urlsplit(url).path.split("/")[1]
        if method == "GET":
            return _response(Answer(body=_discovery(tenant_id)))
        form, headers = arguments["data"], arguments.get("headers") or {}
        # As a real one: what is no header's text is not sent.
        requests.Request(method, url, headers=headers).prepare()
        for value in headers.values():
            str(value).encode("latin-1")
        posted = Posted(tenant_id=tenant_id, secret=form["client_secret"], refresh_token=form.get("refresh_token", ""))
        self.posted.append(posted)
        return _response(self.answer(posted))


def _discovery(tenant_id: str) -> dict[str, str]:
    base = f"{AUTHORITY_HOST}/{tenant_id}"
    return {
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "issuer": f"{base}/v2.0",
    }


def _response(answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code, response.encoding = answer.status, "utf-8"
    response.headers.update(answer.headers)
    body = answer.body
    given = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    response._content = given if isinstance(given, bytes) else json.dumps(body).encode()
    return response
