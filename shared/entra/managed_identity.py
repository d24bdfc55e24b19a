"""The broker's own identity, as the platform gives it: Key Vault's tokens and the partner application's assertion."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential

from shared.errors import IdentityUnavailable

FAILURE_SECONDS = 5.0


class BrokerIdentity:
    """An azure-core credential that asks the platform once for what many threads want at the same time."""

    def __init__(self, client_id: str | None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`client_id` names a user-assigned identity; None is the system-assigned one."""
        options: dict[str, Any] = {"retry_total": 1, "connection_timeout": 3, "read_timeout": 10}
        self._credential: TokenCredential = ManagedIdentityCredential(client_id=client_id, **options)
        self._monotonic = monotonic
        self._locks: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)
        self._failed: dict[tuple[str, ...], float] = {}

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:  # noqa: ANN401 - azure-core's signature
        """azure-core's TokenCredential; azure-identity keeps the token, the lock keeps a cold start to one request.

        Raises IdentityUnavailable, which is none of azure-core's own: its clients would take an identity that does not
        answer for a vault that does not, and ask again and again.
        """
        with self._locks[scopes]:
            # Those who waited for a failure share it; one by one they would wait for hours.
            if self._monotonic() - self._failed.get(scopes, -FAILURE_SECONDS) < FAILURE_SECONDS:
                raise IdentityUnavailable
            try:
                return self._credential.get_token(*scopes, **kwargs)
            except (AzureError, ValueError, TypeError, AttributeError) as error:
                # The latter three are MSAL's, for an answer that is no JSON or no object, such as a gateway's page.
                self._failed[scopes] = self._monotonic()
                raise IdentityUnavailable from error

    def federated_assertion(self, audience: str) -> str:
        """The client assertion of the partner application (RFC 7523); raises IdentityUnavailable.

        `audience` is what Entra ID accepts of a managed identity that serves as federated credential, cloud by cloud.
        """
        return self.get_token(f"{audience}/.default").token
