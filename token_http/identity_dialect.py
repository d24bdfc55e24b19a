"""The managed-identity dialect: the App Service protocol, so that an unmodified Azure SDK gets a customer's token.

`GET .../msi/{consent}/{tenant}?resource=...&api-version=2019-08-01`, or `.../msi-application/{tenant}?...` for a token
of the application, with the caller's own token where App Service has its secret, in `X-IDENTITY-HEADER` (learn:
app-service/overview-managed-identity, "REST endpoint reference").
"""

from collections.abc import Mapping
from datetime import datetime

from shared.callers.assertion import Principal, bearer
from shared.cloud import Cloud
from shared.consents.consent import checked_name
from shared.entra.resource import Scope
from shared.errors import AssertionMissing, BrokerError, InvalidRequest
from shared.request_fields import checked_parameters
from shared.subject import APPLICATION, Subject
from token_http.message import Issued, TokenRequest

API_VERSION = "2019-08-01"
# Clients name the identity they want; here that can only be the caller itself.
SELECTORS = ("client_id", "object_id", "principal_id")
PARAMETERS = ("resource", "api-version", *SELECTORS)


def assertion_of(headers: Mapping[str, str]) -> str:
    """The caller's token, unverified, from either header; raises InvalidRequest when both are there and differ."""
    identity_header, authorization = headers.get("X-IDENTITY-HEADER", "").strip(), headers.get("Authorization")
    if not identity_header:
        return bearer(authorization)
    if authorization is not None and bearer(authorization) != identity_header:
        raise InvalidRequest("X-IDENTITY-HEADER and Authorization differ: send the caller's token in one of them.")
    return identity_header


def parse(consent: Subject, tenant: str, query: Mapping[str, str], *, caller: Principal, cloud: Cloud) -> TokenRequest:
    """The request; raises InvalidRequest naming the parameter that is wrong, unknown, or about another identity."""
    checked_parameters(query, PARAMETERS)
    if query.get("api-version") != API_VERSION:
        raise InvalidRequest(f"api-version: {API_VERSION}.")
    if not query.get("resource"):
        raise InvalidRequest("resource: an identifier URI, an application id, or a short name.")
    own = {caller.object_id, caller.application_id}
    for selector in SELECTORS:
        if selector in query and query[selector].lower() not in own:
            raise InvalidRequest(f"{selector}: another identity than the caller's; leave it out.")
    checked = consent if consent is APPLICATION else checked_name(consent)
    return TokenRequest(tenant=tenant, consent=checked, scope=Scope.of_resource(query["resource"], cloud))


def render(issued: Issued, *, client_id: str, now: datetime) -> dict[str, str]:
    """The App Service shape: `expires_on` is a text of epoch seconds, `client_id` the application the token is of.

    `expires_in`, in seconds, is from the metadata service's shape: go-azure-sdk reads nothing else.
    """
    return {
        "access_token": issued.token.token,
        "client_id": client_id,
        "expires_in": str(max(0, int((issued.token.expires_on - now).total_seconds()))),
        "expires_on": str(int(issued.token.expires_on.timestamp())),
        "resource": issued.resource,
        "token_type": "Bearer",
    }


def render_error(error: BrokerError, correlation: str) -> dict[str, str | int]:
    """The App Service error shape, which SDKs show to people: code, sentence, remedy and correlation id in one text."""
    told = "No caller's token was sent in X-IDENTITY-HEADER." if isinstance(error, AssertionMissing) else ""
    message = " ".join(part for part in (f"{error.code}:", told, error.description) if part)
    return {"statusCode": error.status, "message": f"{message} Correlation id: {correlation}"}
