"""What the broker refuses or fails at, as the SDKs' own kind of error: its code, its remedy, its correlation id."""

import json

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpResponse

UNAVAILABLE = 503


class BrokerError(ClientAuthenticationError):
    """The broker gave no answer to use; the message says what happened and what to do, and never holds a token.

    `code` is stable (docs/errors.md of the broker), "" when something else than the broker answered. `transient`:
    worth trying again, after `retry_after` seconds if that is not None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        correlation_id: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.correlation_id = correlation_id
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may work a little later."""
        return self.status is None or self.status >= UNAVAILABLE


def error_of(response: HttpResponse) -> BrokerError:
    """The error in a refusal of the broker; a gateway's page keeps its status and loses its text."""
    try:
        content = json.loads(response.text())
        code, sentence = str(content["code"]), str(content["error_description"])
        correlation = str(content.get("correlation_id", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return BrokerError(
            f"HTTP {response.status_code}, and not in the broker's words: is this its address?",
            status=response.status_code,
        )
    seconds = response.headers.get("Retry-After", "")
    return BrokerError(
        f"{code}: {sentence} (correlation id {correlation})",
        code=code,
        status=response.status_code,
        correlation_id=correlation,
        retry_after=int(seconds) if seconds.isdigit() else None,
    )
