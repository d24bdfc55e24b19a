"""MSAL's application objects: one for each tenant, the least recently used dropped, all with one HTTP client."""

import threading

import msal
from cachetools import LRUCache

from shared.entra.application_credential import Proof
from shared.entra.authority_http import AuthorityHttp
from shared.entra.msal_caches import NoHttpCache, NoTokenCache

TENANTS_KEPT = 1000


class MsalApplications:
    """Kept because making one costs time; nothing that a tenant said is kept in them."""

    def __init__(self, http: AuthorityHttp, *, client_id: str, exclude_scopes: tuple[str, ...] = ()) -> None:
        """`exclude_scopes` are those that MSAL would ask for by itself and must not."""
        self._http = http
        self._client_id = client_id
        self._exclude_scopes = list(exclude_scopes)
        self._kept: LRUCache[str, msal.ConfidentialClientApplication] = LRUCache(TENANTS_KEPT)
        self._lock = threading.Lock()

    def of(self, tenant_id: str, proof: Proof) -> msal.ConfidentialClientApplication:
        """The application in this tenant, with this proof."""
        with self._lock:
            known = self._kept.get(tenant_id)
        # An administrator may have renewed the secret.
        if known is not None and known.client_credential is proof.client_credential:
            return known
        made = msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=proof.client_credential,
            authority=self._http.authority_of(tenant_id),
            http_client=self._http,
            http_cache=NoHttpCache(),
            token_cache=NoTokenCache(),
            instance_discovery=False,
            exclude_scopes=self._exclude_scopes,
            # Functions set REGION_NAME, which MSAL would otherwise warn about for each application.
            azure_region=False,
        )
        with self._lock:
            self._kept[tenant_id] = made
        return made

    def forget(self, tenant_id: str) -> None:
        """Make this tenant's application anew at its next use."""
        with self._lock:
            self._kept.pop(tenant_id, None)
