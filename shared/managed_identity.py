"""The broker's own identity, as the platform gives it: Key Vault's tokens and the partner application's assertion."""

import threading
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential

from shared.errors import IdentityUnavailable

# What Entra ID accepts as the audience of a managed identity used as federated credential, public cloud
# (learn: workload-identity-federation-config-app-trust-managed-identity).
TOKEN_EXCHANGE = "api://AzureADTokenExchange/.default"  # noqa: S105 - a scope


class BrokerIdentity:
    """An azure-core credential that asks the platform once for what many threads want at the same time."""

    def __init__(self, client_id: str | None) -> None:
        """`client_id` names a user-assigned identity; None is the system-assigned one."""
        options: dict[str, Any] = {"retry_total": 1, "connection_timeout": 3, "read_timeout": 10}
        self._credential: TokenCredential = ManagedIdentityCredential(client_id=client_id, **options)
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:  # noqa: ANN401 - azure-core's signature
        """azure-core's TokenCredential; azure-identity keeps the token, the lock keeps a cold start to one request."""
        with self._lock:
            return self._credential.get_token(*scopes, **kwargs)

    def federated_assertion(self) -> str:
        """The client assertion of the partner application (RFC 7523); raises IdentityUnavailable."""
        try:
            return self.get_token(TOKEN_EXCHANGE).token
        except AzureError as error:
            raise IdentityUnavailable from error
