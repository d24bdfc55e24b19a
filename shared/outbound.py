"""The one HTTP client that leaves this app: trust, time and size limits on every request, redirects never followed."""

import functools
import io
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import PoolManager
from urllib3.exceptions import ProxyError
from urllib3.util import Retry

from shared.connections import KEEPALIVE, KnownPool, KnownTlsPool, Lifetimes, StaleConnection

CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
CHUNK = 16_384
# Bytes, once decompressed: tokens, keys and documents; and one page of a list.
LONGEST_ANSWER, LONGEST_PAGE = 1_000_000, 16_000_000


class AnswerTooLong(requests.RequestException):
    """The other side sends more than any honest answer holds."""


class Outbound:
    """A pooled client of requests, shaped as MSAL wants its `http_client`; raises requests.RequestException.

    A connection that cannot be made, or a used one that turns out dead before an answer begins, is tried once more.
    """

    def __init__(self, *, trusted_ca_file: str | None, threads: int, lifetimes: Lifetimes | None = None) -> None:
        """`trusted_ca_file` (PEM) replaces the usual authorities; `threads` is how many will use it at once."""
        repeating = KnownAdapter(retries=OnceMore(stale=True), threads=threads, lifetimes=lifetimes)
        single = KnownAdapter(retries=OnceMore(stale=False), threads=threads, lifetimes=Lifetimes.used_once())
        self._repeating, self._single = session_of(repeating), session_of(single)
        # Set on every request: REQUESTS_CA_BUNDLE would override the session's own.
        self._verify: str | bool = trusted_ca_file or True

    def get(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - requests' own arguments
        """GET, with our trust and limits."""
        return self.request("GET", url, **arguments)

    def post(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - as above
        """POST, with our trust and limits; harmless when it arrives twice, as a token request is."""
        return self.request("POST", url, **arguments)

    def request(
        self,
        method: str,
        url: str,
        *,
        once: bool = False,
        longest: int = LONGEST_ANSWER,
        **arguments: Any,  # noqa: ANN401 - as above
    ) -> requests.Response:
        """Any method, with our trust and limits; its body is read whole.

        `once`: sent at most once, and on a new connection: no answer does not mean not done (RFC 9110 section 9.2.2).
        `longest` in bytes.
        """
        limits = {"timeout": (CONNECT_SECONDS, READ_SECONDS), "verify": self._verify, "allow_redirects": False}
        session = self._single if once else self._repeating
        answer = session.request(method, url, **{**arguments, **limits, "stream": True})
        return read_whole(answer, longest=longest)

    def close(self) -> None:
        """Close the pooled connections."""
        self._repeating.close()
        self._single.close()


class OnceMore(Retry):
    """One more try where nothing was sent, and with `stale` where nobody read what was sent; never after a time-out.

    urllib3's own waiting is off: it would sleep for as long as a Retry-After likes, with a caller waiting.
    """

    def __init__(self, *, stale: bool, total: int | bool = 1, **more: Any) -> None:  # noqa: ANN401 - urllib3 copies itself
        rules = {"connect": 1, "read": 0, "redirect": 0, "status": 0, "other": 0, "respect_retry_after_header": False}
        super().__init__(total, **{**rules, **more})
        self._stale = stale

    def new(self, **changes: Any) -> Self:  # noqa: ANN401 - urllib3's own
        """The same rule with fewer tries left."""
        return super().new(stale=self._stale, **changes)

    def increment(self, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - urllib3's own
        """The rule for the next try; raises what went wrong when there is none."""
        if isinstance(kwargs.get("error"), StaleConnection):
            kwargs["_pool"].distrust()
        return super().increment(*args, **kwargs)

    def _is_connection_error(self, error: Exception) -> bool:
        met = error.original_error if isinstance(error, ProxyError) else error
        return (self._stale and isinstance(met, StaleConnection)) or super()._is_connection_error(error)


class KnownAdapter(HTTPAdapter):
    """Pools of known connections; with `longest` (bytes) every answer is read whole within it."""

    def __init__(
        self, *, retries: Retry, threads: int, lifetimes: Lifetimes | None = None, longest: int | None = None
    ) -> None:
        self._lifetimes = lifetimes or Lifetimes()
        self._longest = longest
        super().__init__(pool_connections=8, pool_maxsize=threads, max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        """See HTTPAdapter."""
        super().init_poolmanager(*args, socket_options=KEEPALIVE, **kwargs)
        self._know(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:  # noqa: ANN401 - as above
        """See HTTPAdapter."""
        manager: PoolManager = super().proxy_manager_for(*args, socket_options=KEEPALIVE, **kwargs)
        self._know(manager)
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as above
        """See HTTPAdapter."""
        answer = super().send(*args, **kwargs)
        return answer if self._longest is None else read_whole(answer, longest=self._longest)

    def _know(self, manager: PoolManager) -> None:
        pools = {"http": KnownPool, "https": KnownTlsPool}
        manager.pool_classes_by_scheme = {
            scheme: functools.partial(pool, lifetimes=self._lifetimes)  # type: ignore[misc]  # urllib3 wants classes
            for scheme, pool in pools.items()
        }


def session_of(adapter: KnownAdapter) -> requests.Session:
    """A session that takes proxies from the environment and nothing else: no netrc, no cookies."""
    session = _NoRedirects()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.auth = _AsItIs()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def read_whole(answer: requests.Response, *, longest: int) -> requests.Response:
    """The same answer with its body read and decompressed; raises AnswerTooLong, or what requests raises."""
    body = io.BytesIO()
    for chunk in answer.iter_content(CHUNK):
        body.write(chunk)
        if body.tell() > longest:
            answer.close()
            raise AnswerTooLong(f"more than {longest} bytes")
    answer._content = body.getvalue()  # noqa: SLF001 - requests has no other way
    return answer


class _NoRedirects(requests.Session):
    """Where an answer leads is not read: requests would read that answer whole for it, and choke on no address."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' own
        """None: nothing is followed."""
        return None


class _AsItIs(AuthBase):
    """No authentication of requests' own: without one it would put what ~/.netrc says over our Authorization."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
