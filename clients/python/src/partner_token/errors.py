"""What the broker refuses or fails at, as the SDKs' own kind of error: its code, its act, its correlation id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpResponse

THROTTLED, SERVER_ERROR, UNAVAILABLE = 429, 500, 503
GATEWAY = frozenset({502, 503, 504})
CHECK_ADDRESS = "Check BROKER_URL and what stands before the broker; partner-broker doctor looks at each."


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody has to do: a stable name (docs/errors.md of the broker), what is known of it, and it in words."""

    name: str = ""
    remedy: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Act":
        """The act in an answer; one without a name where there is none, or none that can be read."""
        remedy, act = str(answer.get("remedy") or ""), answer.get("act")
        if not isinstance(act, Mapping) or not isinstance(act.get("name"), str):
            return cls(remedy=remedy)
        given = act.get("parameters")
        known = given.items() if isinstance(given, Mapping) else ()
        return cls(name=act["name"], remedy=remedy, parameters={str(name): str(text) for name, text in known})


class BrokerError(ClientAuthenticationError):
    """The broker gave no answer to use; the message says what happened and what to do, and never holds a token.

    `code` is stable (docs/errors.md of the broker), "" when something else than the broker answered, or nobody.
    `says` is what happened, `act` what to do, `concerns` whose trouble it is where customers
    are changed (docs/customers.md).
    `transient`: worth trying again, after `retry_after` seconds if that is not None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        correlation_id: str = "",
        retry_after: int | None = None,
        says: str = "",
        act: Act | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.correlation_id = correlation_id
        self.retry_after = retry_after
        self.says = says or message
        self.act = act or Act()
        self.concerns = ""

    @property
    def transient(self) -> bool:
        """Whether the same request may work a little later: nobody answered, or asked to wait."""
        if self.status is None or self.status == THROTTLED or self.status in GATEWAY:
            return True
        return not self.code and self.status >= SERVER_ERROR


def no_answer(url: str, error: Exception) -> BrokerError:
    """Nobody answered at the broker's address; the SDK's text may hold more than is told."""
    remedy = "Check BROKER_URL, name resolution, proxy and network; partner-broker doctor looks at each."
    return BrokerError(f"No answer from {url} ({type(error).__name__}).", act=Act(remedy=remedy))


def error_of(response: HttpResponse) -> BrokerError:
    """The error in a refusal of the broker; a gateway's page keeps its status and loses its text."""
    seconds = response.headers.get("Retry-After", "")
    retry_after = int(seconds) if seconds.isascii() and seconds.isdigit() else None
    try:
        content = json.loads(response.text())
        code, sentence = str(content["code"]), str(content["error_description"])
        correlation = str(content.get("correlation_id", ""))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return BrokerError(
            f"HTTP {response.status_code}, and not in the broker's words: is this its address?",
            status=response.status_code,
            retry_after=retry_after,
            act=Act(remedy=CHECK_ADDRESS),
        )
    error = BrokerError(
        f"{code}: {sentence} (correlation id {correlation})",
        code=code,
        status=response.status_code,
        correlation_id=correlation,
        retry_after=retry_after,
        says=str(content.get("says") or sentence),
        act=Act.of(content),
    )
    error.concerns = str(content.get("concerns") or "")
    return error
