"""Partner Center's REST API as the broker uses it: the partner's customers, and an application's consent in one.

Sources: learn, partner-center/developer/get-a-list-of-customers and control-panel-vendor-apis.
"""

import time
from collections.abc import Callable, Iterator, Mapping

import requests

from shared.budget import Budget
from shared.clock import Clock, utc_now
from shared.customers.customer import Customer, EnterpriseGrant, customer_of
from shared.customers.errors import PartnerCenterUnavailable
from shared.customers.partner_center_errors import already_exists, refusal
from shared.customers.rest_service import RestService
from shared.entra.tokens import AccessToken
from shared.outbound import Outbound

PAGE_SIZE, MOST_PAGES = 500, 200
# The front end of the app ends a request after 230 seconds: a list that takes longer than this is given up.
LONGEST_LIST = 120.0
# Documented for each application: 50 requests a second.
REQUESTS_A_SECOND = 50
# Asked with, and answered by (learn: partner-center/developer/partner-center-authentication, and partners' reports).
VALIDATE_MFA, MFA_COMPLIANT = "ValidateMfa", "isMfaCompliant"
OK, CREATED, NO_CONTENT, BAD_REQUEST, NOT_FOUND, CONFLICT = 200, 201, 204, 400, 404, 409
DONE = frozenset({OK, CREATED, NO_CONTENT})


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
        self._monotonic = monotonic
        self._service = RestService(
            outbound,
            url=f"{url}/v1",
            unavailable=PartnerCenterUnavailable,
            budget=Budget(REQUESTS_A_SECOND, seconds=1.0, monotonic=monotonic, sleep=sleep),
            clock=clock,
            sleep=sleep,
        )

    def customers(self, token: AccessToken, *, correlation: str) -> list[Customer]:
        """Every customer, page after page."""
        return [customer for page in self._pages(token, correlation) for customer in page]

    def require_available(self, token: AccessToken, *, correlation: str) -> None:
        """One page of customers; raises what stands in the way."""
        next(self._pages(token, correlation))

    def is_mfa_compliant(self, token: AccessToken, *, correlation: str) -> bool | None:
        """Whether Partner Center sees MFA in the token, before it refuses for want of it; None when it does not say.

        Raises PartnerCenterMfaMissing where it refuses already. Ask once a night: every answer of the list would tell.
        """
        answer = self._service.answer("GET", "customers?size=1", token, correlation, headers={VALIDATE_MFA: "true"})
        _require_done(answer)
        # The header is documented by partners alone, so a body that says it is believed too.
        said = answer.headers.get(MFA_COMPLIANT, self._service.content(answer).get(MFA_COMPLIANT))
        return {"true": True, "false": False}.get(str(said).lower())

    def consent(
        self,
        token: AccessToken,
        customer: str,
        *,
        application_id: str,
        display_name: str,
        grant: EnterpriseGrant,
        correlation: str,
    ) -> bool:
        """Consent to scopes of one API in a customer's tenant; False when there is a consent to it, whatever it holds.

        One API a request: of several, one that is refused would leave the others undone.
        """
        content = {
            "applicationId": application_id,
            "displayName": display_name,
            "applicationGrants": [{"enterpriseApplicationId": grant.application_id, "scope": ",".join(grant.scopes)}],
        }
        path = f"customers/{customer}/applicationconsents"
        answer = self._service.answer("POST", path, token, correlation, content=content)
        if answer.status_code == CONFLICT or (answer.status_code == BAD_REQUEST and already_exists(answer)):
            return False
        _require_done(answer)
        return True

    def remove_consent(self, token: AccessToken, customer: str, *, application_id: str, correlation: str) -> bool:
        """Take all that the application has in a customer's tenant back; False when there is nothing."""
        path = f"customers/{customer}/applicationconsents/{application_id}"
        answer = self._service.answer("DELETE", path, token, correlation)
        if answer.status_code == NOT_FOUND:
            return False
        _require_done(answer)
        return True

    def _pages(self, token: AccessToken, correlation: str) -> Iterator[list[Customer]]:
        path, until = f"customers?size={self._page_size}", self._monotonic() + LONGEST_LIST
        headers: Mapping[str, str] = {}
        for _ in range(MOST_PAGES):
            if self._monotonic() > until:
                raise PartnerCenterUnavailable("Its list did not end in time.")
            answer = self._service.answer("GET", path, token, correlation, headers=headers)
            _require_done(answer)
            content = self._service.content(answer)
            try:
                yield [customer_of(item) for item in content["items"]]
                following = content.get("links", {}).get("next")
                if not following:
                    return
                path = str(following["uri"]).removeprefix("/").removeprefix("v1/")
                headers = {str(header["key"]): str(header["value"]) for header in following.get("headers", [])}
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                raise PartnerCenterUnavailable("Its answer could not be read.") from error
        raise PartnerCenterUnavailable("Its pages do not come to an end.")


def _require_done(answer: requests.Response) -> None:
    if answer.status_code not in DONE:
        raise refusal(answer)
