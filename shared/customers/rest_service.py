"""A REST service of Microsoft's as the broker asks it: readings are repeated, changes are sent once."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import requests

from shared.budget import Budget
from shared.clock import Clock, utc_now
from shared.customers.patience import NO_TIME, is_over
from shared.entra.tokens import AccessToken
from shared.errors import Unavailable
from shared.outbound import LONGEST_PAGE, Outbound
from shared.retry_after import seconds_to_wait

TRIES = 3
# Seconds that a thread sleeps at most between two tries.
LONGEST_WAIT = 5.0
PASSING = frozenset({408, 429, 500, 502, 503, 504})
# Of a change, this alone says for certain that nothing was done.
NOT_DONE = frozenset({429})


class RestService:
    """Every method may block, and raises `unavailable`; what a status means is its user's to say."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        url: str,
        unavailable: type[Unavailable],
        budget: Budget,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._outbound = outbound
        self._unavailable = unavailable
        self._budget = budget
        self._clock = clock
        self._sleep = sleep

    def answer(
        self,
        method: str,
        path: str,
        token: AccessToken,
        correlation: str,
        *,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        reading: bool | None = None,
    ) -> requests.Response:
        """The answer, after at most three tries; `reading` where a POST changes nothing.

        A change that got no answer, or a 5xx, may have been done: it is not sent again, and whoever wants it looks
        first (RFC 9110 section 9.2.2).
        """
        reading = method == "GET" if reading is None else reading
        sent = {**(headers or {}), **_headers(token, correlation)}
        wait: int | None = None
        for attempt in range(TRIES):
            if is_over():
                raise self._unavailable(NO_TIME)
            if attempt:
                self._sleep(min(2.0**attempt / 2 if wait is None else wait, LONGEST_WAIT))
            self._budget.spend()
            try:
                answer = self._outbound.request(
                    method, f"{self.url}/{path}", json=content, headers=sent, once=not reading, longest=LONGEST_PAGE
                )
            except requests.RequestException as error:
                if reading:
                    continue
                raise self._unavailable from error
            if answer.status_code not in PASSING:
                return answer
            wait = seconds_to_wait(answer.headers.get("Retry-After"), now=self._clock())
            if not reading and answer.status_code not in NOT_DONE:
                break
        raise self._unavailable(retry_after=wait or None)

    def content(self, answer: requests.Response) -> Mapping[str, Any]:
        """The JSON object of an answer."""
        try:
            content = answer.json()
        except (ValueError, RecursionError) as error:
            raise self._unavailable("Its answer could not be read.") from error
        if not isinstance(content, Mapping):
            raise self._unavailable("Its answer could not be read.")
        return content


def _headers(token: AccessToken, correlation: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.token}",
        "Accept": "application/json",
        "ms-correlationid": correlation,
        "client-request-id": correlation,
        "ms-requestid": str(uuid.uuid4()),
    }
