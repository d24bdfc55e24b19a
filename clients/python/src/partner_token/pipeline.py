"""How requests reach the broker: the caller's own token on each, and another try where the broker asks to wait."""

import threading
import time
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline, PipelineResponse
from azure.core.pipeline.policies import HeadersPolicy, RetryPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from partner_token.errors import no_answer
from partner_token.messages import LEAST_LIFETIME, Broker
from partner_token.version import VERSION

LONGEST_WAIT = 30.0
CONNECT_SECONDS, READ_SECONDS = 5, 240
AGAIN = frozenset({429, 503})
SAFE_TO_REPEAT = frozenset({"GET", "POST", "PUT", "DELETE"})
TRIES = {"retry_total": 3, "retry_connect": 2, "retry_read": 0, "retry_status": 3, "retry_backoff_factor": 0.5}

Heard = Callable[[HttpRequest, HttpResponse], None]


class BoundedRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, never asleep for longer than half a minute; a POST is repeated only where that is safe.

    503 is the broker's word for "later"; asking for a token or making a link twice does no harm.
    """

    def __init__(self) -> None:
        super().__init__(**TRIES)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether the answer is worth another try: the broker says 503 for that, and a gateway may say 429."""
        return bool(settings["total"]) and response.http_response.status_code in AGAIN

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """The wait that the answer asks for, bounded."""
        wait = super().get_retry_after(response)
        return None if wait is None else min(float(wait), LONGEST_WAIT)


class OwnToken:
    """The caller's own token for the broker, kept until shortly before its end: some credentials start a process."""

    def __init__(self, credential: TokenCredential, broker: Broker) -> None:
        self._credential = credential
        self._scope = broker.scope
        self._kept: AccessToken | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """The token itself; raises what the credential raises."""
        with self._lock:
            if self._kept is None or self._kept.expires_on - time.time() < LEAST_LIFETIME:
                self._kept = self._credential.get_token(self._scope)
            return self._kept.token


class Connection:
    """Sends requests to one broker as one identity; `heard` is told of each answer."""

    def __init__(self, broker: Broker, credential: TokenCredential, *, heard: Heard | None = None) -> None:
        self.broker = broker
        self.own = OwnToken(credential, broker)
        self._heard = heard
        self._transport = RequestsTransport(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        policies: list[Any] = [
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy(f"partner-token/{VERSION}"),
            BoundedRetry(),
        ]
        self._pipeline: Pipeline[HttpRequest, HttpResponse] = Pipeline(self._transport, policies)

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status; raises BrokerError when there is none, and what the credential raises."""
        # Before the pipeline: what is wrong with the sign-in is none of the way to the broker. azure-core's own policy
        # would refuse http, which the broker's local stack speaks; Broker has checked the address.
        request.headers["Authorization"] = f"Bearer {self.own.token()}"
        try:
            response: HttpResponse = self._pipeline.run(request, retry_on_methods=SAFE_TO_REPEAT).http_response
            response.read()
        except AzureError as error:
            raise no_answer(self.broker.url, error) from error
        if self._heard is not None:
            self._heard(request, response)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
