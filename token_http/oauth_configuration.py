"""What an OAuth client discovers of the broker's token endpoint for one tenant (OpenID Connect Discovery, RFC 8414)."""

from typing import Any
from urllib.parse import quote

from token_http.oauth_dialect import GRANTS


def configuration(unverified_tenant: str, *, public_url: str) -> dict[str, Any]:
    """The document; the tenant stands in it as it was asked for, and whether there is such a one is not said.

    There is no authorization endpoint, yet MSAL takes no document without one: it is the page of consent links, which
    tells a person what to ask for.
    """
    base = f"{public_url}/api/{quote(unverified_tenant, safe='', errors='replace')}"
    return {
        "issuer": f"{base}/v2.0",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "grant_types_supported": list(GRANTS),
        "authorization_endpoint": f"{public_url}/api/consent",
        "response_types_supported": [],
    }
