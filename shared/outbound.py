"""The one HTTP client that leaves this app: trust and time limits on every request, redirects never followed."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
# A connection that cannot be made is tried once more; an answer is an answer: urllib3 would sleep for as long as its
# Retry-After likes, with a caller waiting.
ONCE_MORE = Retry(total=1, connect=1, read=0, redirect=0, status=0, other=0, respect_retry_after_header=False)


class Outbound:
    """A pooled client of requests, shaped as MSAL wants its `http_client`; raises requests.RequestException."""

    def __init__(self, *, trusted_ca_file: str | None, threads: int) -> None:
        """`trusted_ca_file` (PEM) replaces the usual authorities; `threads` is how many will use it at once."""
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_connections=8, pool_maxsize=threads, max_retries=ONCE_MORE))
        # Set on every request: REQUESTS_CA_BUNDLE would override the session's own.
        self._verify: str | bool = trusted_ca_file or True

    def get(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - requests' own arguments
        """GET, with our trust and time limits."""
        return self.request("GET", url, **arguments)

    def post(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - as above
        """POST, with our trust and time limits."""
        return self.request("POST", url, **arguments)

    def request(self, method: str, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - as above
        """Any method, with our trust and time limits."""
        limits = {"timeout": (CONNECT_SECONDS, READ_SECONDS), "verify": self._verify, "allow_redirects": False}
        return self._session.request(method, url, **{**arguments, **limits})

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()
