"""The words between a client and the broker: requests, and the answers read back; the same for both credentials."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessTokenInfo
from azure.core.rest import HttpRequest, HttpResponse

from partner_token.errors import CHECK_ADDRESS, Act, BrokerError, error_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# As the SDKs do: nobody is handed a token that ends while it is being used.
LEAST_LIFETIME = 300
# A token of the partner application itself, of nobody's consent.
AS_APPLICATION: Mapping[str, str] = {"as": "application"}


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and the identifier URI that tokens for it are asked under; raises ValueError."""

    url: str
    audience: str

    def __post_init__(self) -> None:
        """Refuse an address that a token must not be sent to."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("broker_url: an https address such as https://broker.example (http for localhost alone)")
        if not self.audience:
            raise ValueError("audience: the broker's identifier URI, such as api://<its client id>")

    @property
    def scope(self) -> str:
        """What the caller's own identity is asked for."""
        return f"{self.audience.rstrip('/')}/.default"

    def request(
        self, method: str, path: str, content: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> HttpRequest:
        """One request of the broker's API; `path` without `/api/`."""
        return HttpRequest(method, f"{self.url.rstrip('/')}/api/{path}", json=content, params=dict(query or {}))


def answer_of(response: HttpResponse) -> dict[str, Any]:
    """The JSON object in an answer; raises BrokerError for a refusal and for whatever is none of the broker's."""
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        raise error_of(response)
    try:
        content = json.loads(response.text())
    except ValueError:
        raise _not_the_broker(response.status_code) from None
    if not isinstance(content, dict):
        raise _not_the_broker(response.status_code)
    return content


def _not_the_broker(status: int) -> BrokerError:
    says = "The answer is not the broker's: is this its address?"
    return BrokerError(says, status=status, act=Act(remedy=CHECK_ADDRESS))


def token_fields(
    tenant: str, scopes: tuple[str, ...], whose: Mapping[str, str], claims: str | None, *, fresh: bool = False
) -> dict[str, Any]:
    """The body of a token request; `whose` names the consent, or says that it is the application's.

    Raises ValueError unless there is exactly one scope.
    """
    if len(scopes) != 1:
        raise ValueError("exactly one scope of one resource: a token is for one resource only")
    fields = {"tenant": tenant, "scope": scopes[0], **whose}
    return {**fields, **({"claims": claims} if claims else {}), **({"fresh": True} if fresh else {})}


def token_of(answer: Mapping[str, Any]) -> AccessTokenInfo:
    """The token in a token answer; raises BrokerError."""
    try:
        return AccessTokenInfo(str(answer["access_token"]), int(answer["expires_on"]))
    except (LookupError, ValueError, TypeError):
        raise BrokerError("The answer holds no token: is this the broker's address?", status=200) from None
