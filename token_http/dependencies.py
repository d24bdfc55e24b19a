"""What the routes of the token endpoint work with, and what each of them does alike."""

from collections.abc import Iterable
from dataclasses import dataclass

import azure.functions as func

from shared.application_stops import ApplicationStops
from shared.callers.operator_check import OperatorCheck
from shared.client_address import client_address
from shared.clock import Clock
from shared.cloud import Cloud
from shared.pool import Pool
from shared.responses import correlation_id
from token_http import notice
from token_http.availability import Probes
from token_http.diagnosis import Diagnosis
from token_http.initial_domains import InitialDomains
from token_http.notice import Notice
from token_http.service import TokenService
from token_http.trail import Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the token endpoint works with; `stops_within`: seconds until every instance knows what is stopped."""

    service: TokenService
    operator: OperatorCheck
    lint_pool: Pool
    stops: ApplicationStops
    stops_pool: Pool
    stops_within: int
    probes: Probes
    diagnosis: Diagnosis
    domains: InitialDomains
    cloud: Cloud
    home_tenant: str
    partner_client_id: str
    public_url: str
    clock: Clock

    def trail(self, req: func.HttpRequest, context: func.Context, *, dialect: str) -> Trail:
        """The audit record of a request that has just come."""
        check = self.operator
        address = client_address(req.headers) if check.tells_address else None
        return Trail(dialect=dialect, correlation=correlation_id(context), bursts=check.bursts, address=address)


def warned(response: func.HttpResponse, notices: Iterable[Notice]) -> func.HttpResponse:
    """The answer with its notices as a header."""
    warning = notice.header(notices)
    if warning:
        response.headers["Warning"] = warning
    return response
