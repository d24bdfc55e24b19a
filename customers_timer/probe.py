"""The probe: whether the person may do anything in the customer's tenant, by reading one id with the token.

Source: learn, graph/api/organization-list. Without a role of the relationship Microsoft Graph answers 403.
"""

import requests

from customers_timer.target import Target
from shared.clock import utc_now
from shared.customers.errors import DelegatedRoleMissing
from shared.entra.matching import Family
from shared.entra.tokens import AccessToken
from shared.errors import AuthorityUnavailable
from shared.outbound import Outbound
from shared.retry_after import seconds_to_wait

PATH = "/v1.0/organization?$select=id"
OK, FORBIDDEN = 200, 403


class OrganizationProbe:
    """Asks Microsoft Graph; a token of any other API is taken as it is."""

    def __init__(self, outbound: Outbound, *, url: str, family: Family) -> None:
        """`family` tells which API a resource is of, cloud by cloud."""
        self._outbound = outbound
        self._url = url
        self._family = family

    def __call__(self, token: AccessToken, target: Target) -> None:
        """Raise DelegatedRoleMissing, or AuthorityUnavailable when nothing was found out."""
        if self._family(target.resource) != "graph":
            return
        try:
            answer = self._outbound.get(self._url + PATH, headers={"Authorization": f"Bearer {token.token}"})
        except requests.RequestException as error:
            raise AuthorityUnavailable("Microsoft Graph does not answer.") from error
        if answer.status_code == FORBIDDEN:
            raise DelegatedRoleMissing
        if answer.status_code != OK:
            wait = seconds_to_wait(answer.headers.get("Retry-After"), now=utc_now())
            raise AuthorityUnavailable(f"Microsoft Graph answered {answer.status_code}.", retry_after=wait)
