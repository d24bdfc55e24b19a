"""A credential for any Azure SDK: access tokens of one customer's tenant, out of one consent, from the broker."""

import copy
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential, TokenRequestOptions
from azure.identity import DefaultAzureCredential

from partner_token.messages import AS_APPLICATION, LEAST_LIFETIME, Broker, answer_of, token_fields, token_of
from partner_token.pipeline import Connection
from partner_token.tenants import PATH, Tenant, page_query, tenants_of

DEFAULT_CONSENT = "partner"


class BrokerCredential:
    """azure-core's TokenCredential and SupportsTokenInfo; safe to share between threads.

    `tenant` is a tenant id, a domain, a name of the broker's access policy, or "home". `credential` is who asks
    (DefaultAzureCredential unless given): a workload with the app role Token.Issue. Raises ValueError for an address
    that is not https, and BrokerError (a ClientAuthenticationError) when the broker refuses.

    A tenant that an SDK learns from a challenge is not followed: this credential is for one tenant.
    """

    def __init__(
        self,
        broker_url: str,
        *,
        audience: str,
        tenant: str,
        consent: str = DEFAULT_CONSENT,
        credential: TokenCredential | None = None,
    ) -> None:
        self._tenant = tenant
        self._whose: Mapping[str, str] = {"consent": consent}
        self._own: Any = credential if credential is not None else DefaultAzureCredential()
        self._owned = credential is None
        self._is_part = False
        self._connection = Connection(Broker(broker_url, audience), self._own)
        self._kept: dict[str, AccessTokenInfo] = {}
        self._lock = threading.Lock()

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,  # noqa: ARG002 - azure-core's signature
        enable_cae: bool = False,  # noqa: ARG002 - as above
        fresh: bool = False,
        **_kwargs: Any,  # noqa: ANN401 - as above
    ) -> AccessToken:
        """A token for one scope, such as https://graph.microsoft.com/.default.

        `fresh`: at most a minute old, for instance after a permission was added in the tenant.
        """
        token = self._token(scopes, claims, fresh=fresh)
        return AccessToken(token.token, token.expires_on)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same with azure-core's newer shape."""
        return self._token(scopes, (options or {}).get("claims"))

    def tenants(self) -> list[Tenant]:
        """The tenants that this identity may ask for, by this consent or as application; raises BrokerError."""
        found: list[Tenant] = []
        after: str | None = None
        while True:
            request = self._connection.broker.request("GET", PATH, query=page_query(self._whose, after))
            page = answer_of(self._connection.send(request))
            found.extend(tenants_of(page))
            after = page.get("next")
            if not after:
                return found

    def for_tenant(self, tenant: str) -> Self:
        """The same for another tenant: same identity, same connections, which end with this one."""
        other = copy.copy(self)
        vars(other).update(_tenant=tenant, _kept={}, _lock=threading.Lock(), _is_part=True)
        return other

    def close(self) -> None:
        """Close the connections, and the credential if it was made here; one of `for_tenant` has none of its own."""
        if self._is_part:
            return
        self._connection.close()
        if self._owned:
            self._own.close()

    def __enter__(self) -> Self:
        """For use in a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _token(self, scopes: tuple[str, ...], claims: str | None, *, fresh: bool = False) -> AccessTokenInfo:
        fields = token_fields(self._tenant, scopes, self._whose, claims, fresh=fresh)
        # Held while the broker is asked: of many threads that start at once, one asks.
        with self._lock:
            kept = self._kept.get(scopes[0])
            if kept is not None and not claims and not fresh and kept.expires_on - time.time() >= LEAST_LIFETIME:
                return kept
            request = self._connection.broker.request("POST", "token", fields)
            token = self._kept[scopes[0]] = token_of(answer_of(self._connection.send(request)))
            return token


class ApplicationCredential(BrokerCredential):
    """The same with app-only tokens of the partner application itself, of nobody's consent.

    The policy needs a row that says `"as": "application"`. A token comes even where the application has no role in the
    tenant: then no API takes it.
    """

    def __init__(
        self, broker_url: str, *, audience: str, tenant: str, credential: TokenCredential | None = None
    ) -> None:
        super().__init__(broker_url, audience=audience, tenant=tenant, credential=credential)
        self._whose = AS_APPLICATION
