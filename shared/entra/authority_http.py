"""The HTTP client MSAL is given: one pool, `Retry-After` within reach, and discovery from one template."""

import json
import threading
from typing import Any

import requests

from shared.errors import AuthorityUnavailable
from shared.outbound import Outbound

DISCOVERY = "/v2.0/.well-known/openid-configuration"
# What a discovery document is nothing without; it is kept for good, so it is looked at first.
NEEDED = {"authorization_endpoint", "token_endpoint"}
LONGEST_RETRY_AFTER = 300
THROTTLED = 429


class AuthorityHttp:
    """Shaped as MSAL wants it: `get`, `post`, `close`.

    Every tenant's discovery document differs from the home tenant's in the tenant id alone; reading it once saves a
    request for each new customer tenant, and an unknown tenant is then refused by the token endpoint in words.
    """

    def __init__(self, outbound: Outbound, *, authority_host: str, home_tenant: str) -> None:
        self._outbound = outbound
        self._authority_host = authority_host
        self._home_tenant = home_tenant
        self._template = ""
        self._of_thread = threading.local()

    def authority_of(self, tenant_id: str) -> str:
        """The authority (issuer of tokens) of one tenant, as MSAL takes it."""
        return f"{self._authority_host}/{tenant_id}"

    def require_available(self) -> None:
        """Ask the authority for the home tenant's discovery document; raises AuthorityUnavailable."""
        try:
            answer = self._outbound.get(f"{self._authority_host}/{self._home_tenant}{DISCOVERY}")
        except requests.RequestException as error:
            raise AuthorityUnavailable from error
        if answer.status_code != requests.codes.ok:
            raise AuthorityUnavailable

    def get(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - MSAL's contract
        """Discovery of any tenant, answered from the home tenant's."""
        tenant_id = url.removeprefix(f"{self._authority_host}/").removesuffix(DISCOVERY)
        if url != f"{self._authority_host}/{tenant_id}{DISCOVERY}":
            return self._outbound.get(url, **arguments)
        if not self._template:
            answer = self._outbound.get(f"{self._authority_host}/{self._home_tenant}{DISCOVERY}", **arguments)
            if not answer.ok or self._home_tenant not in answer.text:
                return answer
            if not json.loads(answer.text).keys() >= NEEDED:
                return answer
            self._template = answer.text
        return _answer(self._template.replace(self._home_tenant, tenant_id))

    def post(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - MSAL's contract
        """A token request; MSAL hides how long a throttled client is asked to wait, so it is read here."""
        answer = self._outbound.post(url, **arguments)
        self._of_thread.status = answer.status_code
        seconds = answer.headers.get("Retry-After", "")
        self._of_thread.retry_after = (
            min(int(seconds), LONGEST_RETRY_AFTER) if seconds.isascii() and seconds.isdigit() else None
        )
        return answer

    def close(self) -> None:
        """MSAL's contract; the pool belongs to its owner."""

    def begin(self) -> None:
        """Begin a request in this thread: what was said of the last one is forgotten."""
        self._of_thread.retry_after = self._of_thread.status = None

    def throttled(self) -> bool:
        """Whether the last answer in this thread was 429."""
        status: int | None = getattr(self._of_thread, "status", None)
        return status == THROTTLED

    def retry_after(self) -> int | None:
        """Seconds the last answer in this thread asked to wait, at most five minutes."""
        seconds: int | None = getattr(self._of_thread, "retry_after", None)
        return seconds


def _answer(text: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.encoding = 200, "utf-8"
    answer._content = text.encode()  # noqa: SLF001 - requests has no other way to make one
    return answer
