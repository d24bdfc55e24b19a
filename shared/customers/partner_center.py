"""Partner Center's REST API as the broker uses it: the partner's customers, and an application's consent in one.

Sources: learn, partner-center/developer/get-a-list-of-customers and control-panel-vendor-apis.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import requests

from shared.budget import Budget
from shared.clock import Clock, utc_now
from shared.customers.customer import Customer, EnterpriseGrant, customer_of
from shared.customers.errors import CustomerUnknown, PartnerCenterRefused, PartnerCenterUnavailable
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError
from shared.outbound import LONGEST_PAGE, Outbound
from shared.retry_after import seconds_to_wait

PAGE_SIZE, MOST_PAGES = 500, 200
# Documented for each application: 50 requests a second.
REQUESTS_A_SECOND = 50
TRIES = 3
# Seconds that a thread sleeps at most between two tries.
LONGEST_WAIT = 5.0
PASSING = frozenset({408, 429, 500, 502, 503, 504})
# Of a change, this alone says for certain that nothing was done.
NOT_DONE = frozenset({429})
CODE = re.compile(r"[0-9A-Za-z]{1,40}")
OK, CREATED, NO_CONTENT, NOT_FOUND, CONFLICT = 200, 201, 204, 404, 409


class PartnerCenter:
    """Every method may block; raises PartnerCenterUnavailable, PartnerCenterRefused or CustomerUnknown."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        url: str,
        page_size: int = PAGE_SIZE,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._page_size = page_size
        self._outbound = outbound
        self._url = f"{url}/v1"
        self._clock = clock
        self._sleep = sleep
        self._budget = Budget(REQUESTS_A_SECOND, seconds=1.0, monotonic=monotonic, sleep=sleep)

    def customers(self, token: AccessToken, *, correlation: str) -> list[Customer]:
        """Every customer, page after page."""
        return [customer for page in self._pages(token, correlation) for customer in page]

    def require_available(self, token: AccessToken, *, correlation: str) -> None:
        """One page of customers; raises what stands in the way."""
        next(self._pages(token, correlation))

    def consent(
        self,
        token: AccessToken,
        customer: str,
        *,
        application_id: str,
        display_name: str,
        grants: Sequence[EnterpriseGrant],
        correlation: str,
    ) -> bool:
        """Make the application's consent in a customer's tenant; False when there is one already, whatever it holds."""
        content = {
            "applicationId": application_id,
            "displayName": display_name,
            "applicationGrants": [
                {"enterpriseApplicationId": grant.application_id, "scope": ",".join(grant.scopes)} for grant in grants
            ],
        }
        path = f"customers/{customer}/applicationconsents"
        answer = self._asked("POST", path, token, correlation, content=content, also=(CONFLICT,))
        return answer.status_code != CONFLICT

    def remove_consent(self, token: AccessToken, customer: str, *, application_id: str, correlation: str) -> bool:
        """Take the application's consent in a customer's tenant back; False when there is none."""
        path = f"customers/{customer}/applicationconsents/{application_id}"
        answer = self._asked("DELETE", path, token, correlation, also=(NOT_FOUND,))
        return answer.status_code != NOT_FOUND

    def _pages(self, token: AccessToken, correlation: str) -> Iterator[list[Customer]]:
        path = f"customers?size={self._page_size}"
        headers: Mapping[str, str] = {}
        for _ in range(MOST_PAGES):
            content = _json(self._asked("GET", path, token, correlation, headers=headers))
            try:
                yield [customer_of(item) for item in content["items"]]
                following = content.get("links", {}).get("next")
                if not following:
                    return
                path = str(following["uri"]).removeprefix("/").removeprefix("v1/")
                headers = {str(header["key"]): str(header["value"]) for header in following.get("headers", [])}
            except (LookupError, TypeError, AttributeError) as error:
                raise PartnerCenterUnavailable("Its answer could not be read.") from error
        raise PartnerCenterUnavailable("Its pages do not come to an end.")

    def _asked(
        self,
        method: str,
        path: str,
        token: AccessToken,
        correlation: str,
        *,
        content: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        also: Sequence[int] = (),
    ) -> requests.Response:
        """The answer, after at most three tries.

        A change that got no answer, or a 5xx, may have been done: it is not sent again, and whoever wants it looks
        first (RFC 9110 section 9.2.2).
        """
        reading = method == "GET"
        sent = {**(headers or {}), **_headers(token, correlation)}
        wait: int | None = None
        for attempt in range(TRIES):
            if attempt:
                self._sleep(min(2.0**attempt / 2 if wait is None else wait, LONGEST_WAIT))
            self._budget.spend()
            try:
                answer = self._outbound.request(
                    method, f"{self._url}/{path}", json=content, headers=sent, once=not reading, longest=LONGEST_PAGE
                )
            except requests.RequestException as error:
                if reading:
                    continue
                raise PartnerCenterUnavailable from error
            if answer.status_code not in PASSING:
                return _accepted(answer, also)
            wait = seconds_to_wait(answer.headers.get("Retry-After"), now=self._clock())
            if not reading and answer.status_code not in NOT_DONE:
                break
        raise PartnerCenterUnavailable(retry_after=wait or None)


def _headers(token: AccessToken, correlation: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.token}",
        "Accept": "application/json",
        "ms-correlationid": correlation,
        "ms-requestid": str(uuid.uuid4()),
    }


def _accepted(answer: requests.Response, also: Sequence[int]) -> requests.Response:
    if answer.status_code in {OK, CREATED, NO_CONTENT, *also}:
        return answer
    # Only a change names one customer: a list that is not found is another matter.
    of_customer = answer.status_code == NOT_FOUND and answer.request.method != "GET"
    error: type[BrokerError] = CustomerUnknown if of_customer else PartnerCenterRefused
    raise error(f"(HTTP {answer.status_code}{_code(answer)})")


def _code(answer: requests.Response) -> str:
    """Partner Center's own code, such as 900421 for a missing MFA; its texts stay here."""
    try:
        given = str(answer.json()["code"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f", code {given}" if CODE.fullmatch(given) else ""


def _json(answer: requests.Response) -> Mapping[str, Any]:
    try:
        content = answer.json()
    except (ValueError, RecursionError) as error:
        raise PartnerCenterUnavailable("Its answer could not be read.") from error
    if not isinstance(content, Mapping):
        raise PartnerCenterUnavailable("Its answer could not be read.")
    return content
