"""The initial domain of a customer's tenant, such as contoso.onmicrosoft.com, by which Exchange's commands know it.

Partner Center tells it, and the check of customers keeps it. Whoever asks under such a domain has named it already.
"""

from shared.cloud import Cloud
from shared.customers.results import Results
from shared.entra.wildcard import is_initial
from shared.pool import Pool
from token_http.tenant_names import spelled


class InitialDomains:
    """Knows the domains of customers that a check has met."""

    def __init__(self, results: Results, *, cloud: Cloud, pool: Pool) -> None:
        self._results = results
        self._cloud = cloud
        self._pool = pool

    async def of(self, tenant_id: str, *, consent: str, asked: str) -> str:
        """The domain of the tenant that `asked` led to, as far as checks by this consent met it; empty for none known.

        Raises RowsUnavailable or RowsRefused.
        """
        known = await self._pool.run(lambda: self._results.known(consent, tenant_id=tenant_id))
        name = spelled(asked)
        return known.initial_domain(tenant_id, self._cloud) or (name if is_initial(name, self._cloud) else "")
