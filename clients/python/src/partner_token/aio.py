"""The same credential for asynchronous SDK clients."""

import asyncio
import copy
import time
from collections.abc import Mapping
from typing import Any, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import AsyncRetryPolicy, HeadersPolicy, UserAgentPolicy
from azure.core.pipeline.transport import AsyncioRequestsTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.identity.aio import DefaultAzureCredential

from partner_token.credential import DEFAULT_CONSENT
from partner_token.errors import no_answer
from partner_token.messages import AS_APPLICATION, LEAST_LIFETIME, Broker, answer_of, token_fields, token_of
from partner_token.pipeline import AGAIN, CONNECT_SECONDS, LONGEST_WAIT, READ_SECONDS, SAFE_TO_REPEAT, TRIES
from partner_token.tenants import PATH, Tenant, page_query, tenants_of
from partner_token.version import VERSION


class BrokerCredential:
    """See partner_token.BrokerCredential; azure-core's AsyncTokenCredential, of one event loop.

    It needs no aiohttp for itself: requests, which azure-core brings, in a thread; azure-identity's asynchronous
    credentials do.
    """

    def __init__(
        self,
        broker_url: str,
        *,
        audience: str,
        tenant: str,
        consent: str = DEFAULT_CONSENT,
        credential: AsyncTokenCredential | None = None,
    ) -> None:
        self._broker = Broker(broker_url, audience)
        self._tenant = tenant
        self._whose: Mapping[str, str] = {"consent": consent}
        self._own: Any = credential if credential is not None else DefaultAzureCredential()
        self._owned = credential is None
        self._is_part = False
        self._transport = AsyncioRequestsTransport(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        policies: list[Any] = [
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy(f"partner-token/{VERSION}"),
            _BoundedRetry(),
        ]
        self._pipeline: AsyncPipeline[HttpRequest, AsyncHttpResponse] = AsyncPipeline(self._transport, policies)
        self._mine: dict[str, AccessToken] = {}  # all of `for_tenant` share it
        self._kept: dict[str, AccessTokenInfo] = {}
        self._lock = asyncio.Lock()

    async def get_token(
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
        token = await self._token(scopes, claims, fresh=fresh)
        return AccessToken(token.token, token.expires_on)

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same with azure-core's newer shape."""
        return await self._token(scopes, (options or {}).get("claims"))

    async def tenants(self) -> list[Tenant]:
        """The tenants that this identity may ask for, by this consent or as application; raises BrokerError."""
        found: list[Tenant] = []
        after: str | None = None
        while True:
            request = self._broker.request("GET", PATH, query=page_query(self._whose, after))
            page = await self._asked(request)
            found.extend(tenants_of(page))
            after = page.get("next")
            if not after:
                return found

    def for_tenant(self, tenant: str) -> Self:
        """The same for another tenant: same identity, same connections, which end with this one."""
        other = copy.copy(self)
        vars(other).update(_tenant=tenant, _kept={}, _lock=asyncio.Lock(), _is_part=True)
        return other

    async def close(self) -> None:
        """Close the connections, and the credential if it was made here; one of `for_tenant` has none of its own."""
        if self._is_part:
            return
        # requests in a thread: azure-core's asynchronous transport over it closes without waiting.
        self._transport.close()
        if self._owned:
            await self._own.close()

    async def __aenter__(self) -> Self:
        """For use in an `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def _token(self, scopes: tuple[str, ...], claims: str | None, *, fresh: bool = False) -> AccessTokenInfo:
        fields = token_fields(self._tenant, scopes, self._whose, claims, fresh=fresh)
        async with self._lock:
            kept = self._kept.get(scopes[0])
            if kept is not None and not claims and not fresh and kept.expires_on - time.time() >= LEAST_LIFETIME:
                return kept
            token = self._kept[scopes[0]] = token_of(await self._asked(self._broker.request("POST", "token", fields)))
            return token

    async def _asked(self, request: HttpRequest) -> dict[str, Any]:
        scope = self._broker.scope
        mine = self._mine.get(scope)
        if mine is None or mine.expires_on - time.time() < LEAST_LIFETIME:
            mine = self._mine[scope] = await self._own.get_token(scope)
        request.headers["Authorization"] = f"Bearer {mine.token}"
        try:
            response = (await self._pipeline.run(request, retry_on_methods=SAFE_TO_REPEAT)).http_response
            await response.read()
        except AzureError as error:
            raise no_answer(self._broker.url, error) from error
        return answer_of(response)  # type: ignore[arg-type]  # text, status and headers are the same


class ApplicationCredential(BrokerCredential):
    """See partner_token.ApplicationCredential."""

    def __init__(
        self, broker_url: str, *, audience: str, tenant: str, credential: AsyncTokenCredential | None = None
    ) -> None:
        super().__init__(broker_url, audience=audience, tenant=tenant, credential=credential)
        self._whose = AS_APPLICATION


class _BoundedRetry(AsyncRetryPolicy[Any, Any]):
    """See partner_token.pipeline.BoundedRetry."""

    def __init__(self) -> None:
        super().__init__(**TRIES)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:  # noqa: ANN401 - azure-core's signature
        """See partner_token.pipeline.BoundedRetry."""
        return bool(settings["total"]) and response.http_response.status_code in AGAIN

    def get_retry_after(self, response: Any) -> float | None:  # noqa: ANN401 - azure-core's signature
        """The wait that the answer asks for, bounded."""
        wait = super().get_retry_after(response)
        return None if wait is None else min(float(wait), LONGEST_WAIT)
