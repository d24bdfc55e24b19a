"""Whose a verified domain is, as the authority tells everybody: the tenant in the endpoints of the domain's document.

Source: learn, identity-platform/v2-protocols-oidc (the tenant of the metadata address may be a domain name). The public
cloud's authority answers for domains of other clouds too, with these clouds' endpoints.
"""

import json
import re
from dataclasses import dataclass

import requests

from shared.entra.discovery import PATH
from shared.errors import AuthorityUnavailable
from shared.outbound import Outbound
from shared.setting_values import GUID

LONGEST = 253
# In lower case, and as DNS has it (an international name begins with xn--); it cannot be an id.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?", re.ASCII)
UNKNOWN = frozenset({requests.codes.bad_request, requests.codes.not_found})


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The tenant a domain belongs to; None where it belongs to none of this cloud."""

    tenant_id: str | None


def is_domain(name: str) -> bool:
    """Whether this (in lower case) is a domain's name."""
    return len(name) <= LONGEST and bool(_DOMAIN.fullmatch(name))


class DomainDirectory:
    """Asks the authority, each time; may block."""

    def __init__(self, outbound: Outbound, *, authority_host: str) -> None:
        self._outbound = outbound
        self._authority_host = authority_host

    def owner(self, domain: str) -> Owner:
        """Whose it is; raises AuthorityUnavailable when that cannot be found out."""
        try:
            answer = self._outbound.get(f"{self._authority_host}/{domain}{PATH}")
            content = json.loads(answer.text)
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise AuthorityUnavailable from error
        if not isinstance(content, dict):
            raise AuthorityUnavailable("What it says of a domain cannot be understood.")
        if answer.status_code in UNKNOWN and isinstance(content.get("error"), str):
            return Owner(tenant_id=None)
        if answer.status_code != requests.codes.ok:
            raise AuthorityUnavailable("What it says of a domain cannot be understood.")
        return Owner(tenant_id=self._tenant_of(content.get("issuer"), content.get("token_endpoint")))

    def _tenant_of(self, issuer: object, token_endpoint: object) -> str | None:
        """The id that both name, on this authority's own origin; a document of another cloud or shape has none."""
        start = f"{self._authority_host}/"
        if not isinstance(issuer, str) or not issuer.startswith(start):
            return None
        tenant_id = issuer.removeprefix(start).partition("/")[0].lower()
        is_whole = issuer.lower() == f"{start}{tenant_id}/v2.0" and bool(GUID.fullmatch(tenant_id))
        is_same = isinstance(token_endpoint, str) and token_endpoint.lower() == f"{start}{tenant_id}/oauth2/v2.0/token"
        return tenant_id if is_whole and is_same else None
