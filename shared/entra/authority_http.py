"""The HTTP client MSAL is given: one pool, `Retry-After` within reach, and discovery without a request."""

import json
import threading
from typing import Any

import requests

from shared.clock import Clock, utc_now
from shared.entra import discovery
from shared.entra.discovery import Discovery
from shared.outbound import Outbound
from shared.retry_after import seconds_to_wait

SUCCESS, REDIRECT, THROTTLED, SERVER_ERROR = 200, 300, 429, 500


class AuthorityHttp:
    """Shaped as MSAL wants it: `get`, `post`, `close`."""

    def __init__(
        self, outbound: Outbound, discovery: Discovery, *, authority_host: str, clock: Clock = utc_now
    ) -> None:
        self._outbound = outbound
        self._discovery = discovery
        self._clock = clock
        self._authority_host = authority_host
        self._of_thread = threading.local()

    def authority_of(self, tenant_id: str) -> str:
        """The authority (issuer of tokens) of one tenant, as MSAL takes it."""
        return f"{self._authority_host}/{tenant_id}"

    def get(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - MSAL's contract
        """Discovery of any tenant; raises AuthorityUnavailable, and requests' own for anything else."""
        tenant_id = url.removeprefix(f"{self._authority_host}/").removesuffix(discovery.PATH)
        if url != f"{self._authority_host}/{tenant_id}{discovery.PATH}":
            return self._outbound.get(url, **arguments)
        return _answer(json.dumps(self._discovery.document(tenant_id)))

    def post(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - MSAL's contract
        """A token request; MSAL hides how long a throttled client is asked to wait, so it is read here."""
        answer = self._outbound.post(url, **arguments)
        self._of_thread.status = answer.status_code
        self._of_thread.retry_after = seconds_to_wait(answer.headers.get("Retry-After"), now=self._clock())
        return answer

    def close(self) -> None:
        """MSAL's contract; the pool belongs to its owner."""

    def begin(self) -> None:
        """Begin a request in this thread: what was said of the last one is forgotten."""
        self._of_thread.retry_after = self._of_thread.status = None

    def says_later(self) -> bool:
        """Whether the last answer in this thread was 429 or a server's failure, whatever its body is."""
        status: int | None = getattr(self._of_thread, "status", None)
        return status is not None and (status == THROTTLED or status >= SERVER_ERROR)

    def says_no(self) -> bool:
        """Whether the last answer in this thread was no success."""
        status: int | None = getattr(self._of_thread, "status", None)
        return status is not None and not SUCCESS <= status < REDIRECT

    def retry_after(self) -> int | None:
        """Seconds the last answer in this thread asked to wait, at most five minutes."""
        seconds: int | None = getattr(self._of_thread, "retry_after", None)
        return seconds


def _answer(text: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.encoding = 200, "utf-8"
    answer._content = text.encode()  # noqa: SLF001 - requests has no other way to make one
    return answer
