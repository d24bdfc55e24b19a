"""A GitHub job as itself: its OIDC token, asked for anew for each token of Entra ID, since it lives five minutes.

Source: docs.github.com, actions/reference/security/oidc; learn, workload-identity-federation-create-trust.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import ClientAssertionCredential

SECONDS, TRIES = 20, 3
# What Entra ID's clouds take an assertion for (learn: workload-identity-federation-considerations).
EXCHANGES = {
    "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
PUBLIC_EXCHANGE = "api://AzureADTokenExchange"


class GitHubCredential:
    """azure-core's TokenCredential and SupportsTokenInfo for a job with `id-token: write`; reads these variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._url = environment["ACTIONS_ID_TOKEN_REQUEST_URL"]
        self._job_token = environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
        host = urlsplit(environment.get("AZURE_AUTHORITY_HOST", "")).hostname or ""
        self._audience = EXCHANGES.get(host, PUBLIC_EXCHANGE)
        self._inner = ClientAssertionCredential(
            environment["AZURE_TENANT_ID"],
            environment["AZURE_CLIENT_ID"],
            self._assertion,
            # Whoever names an authority means it: no other one is asked about it.
            disable_instance_discovery=bool(host),
        )

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 - azure-core's signature
        """A token of Entra ID for this job."""
        return self._inner.get_token(*scopes, **options)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same with azure-core's newer shape."""
        return self._inner.get_token_info(*scopes, options=options)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _assertion(self) -> str:
        """A fresh token of the job; raises ClientAuthenticationError, or ServiceRequestError when nobody answers."""
        for attempt in range(TRIES):
            try:
                answer = requests.get(
                    self._url,
                    params={"audience": self._audience},
                    headers={"Authorization": f"bearer {self._job_token}", "Accept": "application/json"},
                    timeout=SECONDS,
                )
            except requests.RequestException as error:
                if attempt + 1 == TRIES:
                    # `from None`: the text holds the address, and with it the job's own query.
                    raise ServiceRequestError(f"{type(error).__name__} on the way to GitHub's tokens.") from None
                continue
            if answer.status_code < 500 or attempt + 1 == TRIES:  # noqa: PLR2004 - RFC 9110 section 15.6
                return _value(answer)
        raise AssertionError("the last try returns or raises")


def _value(answer: requests.Response) -> str:
    try:
        value = answer.json()["value"]
    except (ValueError, LookupError, TypeError):
        value = None
    if not isinstance(value, str) or not value:
        raise ClientAuthenticationError(f"GitHub gave the job no token (HTTP {answer.status_code}).")
    return value
