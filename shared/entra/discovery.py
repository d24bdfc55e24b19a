"""What the authority says of itself: its endpoints, believed only on its own origin, read once for all tenants.

Every tenant's document differs from the home tenant's in the tenant id alone; reading it once saves a request for each
new customer tenant, and an unknown tenant is then refused by the token endpoint in words.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.errors import AuthorityUnavailable
from shared.kept_document import Ages, KeptDocument, in_a_thread
from shared.outbound import Outbound
from shared.setting_values import LOOPBACK

PATH = "/v2.0/.well-known/openid-configuration"
# OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2; all else in the document is ignored.
AUTHORIZATION, TOKEN = "authorization_endpoint", "token_endpoint"
# Believed where they are there: a private cloud may have no device codes.
POSSIBLE = ("device_authorization_endpoint", "jwks_uri")

LOCAL_PAGE = re.compile(
    r"http://(?:" + "|".join(re.escape(host) for host in sorted(LOOPBACK)) + r")(?::[0-9]{1,5})?(?=/)"
)


class Discovery:
    """The endpoints of any tenant; raises AuthorityUnavailable while there is no document to believe."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        authority_host: str,
        home_tenant: str,
        ages: Ages,
        monotonic: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._outbound = outbound
        self._authority_host = authority_host
        self._home_tenant = home_tenant
        self._kept = KeptDocument(self._read, ages=ages, monotonic=monotonic, start=start)

    def document(self, tenant_id: str) -> Mapping[str, str]:
        """The endpoints and the issuer of this tenant, under the names of the standard."""
        return {name: address.replace(self._home_tenant, tenant_id) for name, address in self._kept.get().items()}

    def require_available(self) -> None:
        """Ask now, whatever is kept; raises AuthorityUnavailable."""
        self._read()

    def _read(self) -> Mapping[str, str]:
        address = f"{self._authority_host}/{self._home_tenant}{PATH}"
        try:
            answer = self._outbound.get(address)
            content = json.loads(answer.text) if answer.status_code == requests.codes.ok else None
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise AuthorityUnavailable from error
        if not isinstance(content, dict) or not self._is_believed(content):
            raise AuthorityUnavailable("What it says of itself cannot be believed.")
        issuer = f"{self._authority_host}/{self._home_tenant}/v2.0"
        named = (name for name in (AUTHORIZATION, TOKEN, *POSSIBLE) if name in content)
        return {**{name: content[name] for name in named}, "issuer": issuer}

    def _is_believed(self, content: Mapping[str, Any]) -> bool:
        named = (TOKEN, *(name for name in POSSIBLE if name in content))
        own = [self._is_own(content.get(name), origin=self._authority_host) for name in named]
        return all(own) and self._is_for_a_browser(content.get(AUTHORIZATION))

    def _is_for_a_browser(self, address: object) -> bool:
        """On the authority's own origin, or, where that is on this machine, plain http on this machine."""
        if self._is_own(address, origin=self._authority_host):
            return True
        if not isinstance(address, str) or urlsplit(self._authority_host).hostname not in LOOPBACK:
            return False
        page = LOCAL_PAGE.match(address)
        return page is not None and self._is_own(address, origin=page[0])

    def _is_own(self, address: object, *, origin: str) -> bool:
        """Exactly this origin, then a path with the home tenant as one of its segments, and nothing more."""
        if not isinstance(address, str) or not address.startswith(f"{origin}/"):
            return False
        path = address.removeprefix(origin)
        plain = path.isascii() and path.isprintable() and not set(path) & set(" \\?#@%")
        segments = path.split("/")
        return plain and self._home_tenant in segments and ".." not in segments
