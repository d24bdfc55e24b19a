"""One request of the module dialect: its tokens, and how its Connect command wants the customer's tenant named."""

from collections.abc import Mapping, Sequence

from shared.callers.assertion import Principal
from shared.cloud import Cloud
from shared.consents.consent import DEFAULT_NAME
from shared.errors import InvalidRequest
from shared.rows_errors import RowsRefused, RowsUnavailable
from shared.subject import APPLICATION
from token_http.initial_domains import InitialDomains
from token_http.message import HOME, Issued, TokenRequest
from token_http.module import Module, Named, Parameters
from token_http.modules import URL, module_named, requests
from token_http.service import Decide


class Connection:
    """What a caller asks for by a module's name and a query."""

    def __init__(
        self, name: str, query: Mapping[str, str], *, cloud: Cloud, domains: InitialDomains, client_id: str
    ) -> None:
        """`client_id` is that of the partner application, which stands for an account where it connects itself."""
        self._name = name
        self._query = query
        self._cloud = cloud
        self._domains = domains
        self._client_id = client_id
        self._domain = ""

    @property
    def module(self) -> Module:
        """The module; raises InvalidRequest for one that there is not."""
        return module_named(self._name)

    def requests(self, _caller: Principal) -> Sequence[TokenRequest]:
        """A request for each token; raises InvalidRequest naming what is wrong."""
        return requests(self._name, self._query, self._cloud)

    async def learn(self, asked: Sequence[TokenRequest], decide: Decide) -> None:
        """Find out what the command needs beside tokens; raises InvalidRequest where that is not known.

        Before the tokens are looked at, since nothing that was decided before a wait is believed after it.
        """
        module, request = self.module, asked[0]
        if module.named is Named.BY_ID or request.tenant.strip().lower() == HOME:
            return
        tenant_id, consent = (await decide(request)).tenant_id, self._query.get("consent", DEFAULT_NAME)
        try:
            self._domain = await self._domains.of(tenant_id, consent=consent, asked=request.tenant)
        except (RowsUnavailable, RowsRefused):
            if module.named is Named.BY_DOMAIN:
                raise
        if module.named is Named.BY_DOMAIN and not self._domain:
            raise InvalidRequest(
                f"tenant: {module.command} knows a tenant by its initial domain alone (.{self._cloud.initial_domain}), "
                "and this one's is not known. The daily check of customers learns it, or give it that name in the "
                "policy's tenants and ask by it."
            )

    def parameters(self, issued: Sequence[Issued]) -> Parameters:
        """What the Connect command takes."""
        known = {"domain": self._domain, "url": self._query.get(URL, "")}
        if self._query.get("as") == APPLICATION.value:
            return self.module.parameters_of_application(issued, self._cloud, client_id=self._client_id, **known)
        return self.module.parameters(issued, self._cloud, **known)
