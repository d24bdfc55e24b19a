"""The initial domain of a customer's tenant, such as contoso.onmicrosoft.com, by which Exchange's commands know it.

Partner Center tells it, and the check of customers keeps it. Whoever asks under such a domain has named it already.
"""

from shared.cloud import Cloud
from shared.customers.results import Results
from shared.entra.wildcard import host_of
from shared.pool import Pool


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
        kept = await self._pool.run(lambda: self._kept(consent, tenant_id))
        return kept or self._initial(asked.strip())

    def _kept(self, consent: str, tenant_id: str) -> str:
        found = self._results.all(consent, tenant_id=tenant_id)
        return next((domain for one in found if (domain := self._initial(one.domain))), "")

    def _initial(self, name: str) -> str:
        # The host of SharePoint has the same label, and so there is one for an initial domain alone.
        return name.lower() if host_of(name, self._cloud) else ""
