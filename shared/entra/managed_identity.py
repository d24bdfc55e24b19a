"""The broker's own identity, as the platform gives it: Key Vault's tokens and the partner application's assertion."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential

from shared.connections import Lifetimes
from shared.errors import IdentityUnavailable
from shared.sdk_transport import sdk_transport

FAILURE_SECONDS = 5.0
# A cold host's endpoint is not there yet, or not ready: Microsoft advises to try these again, ever more slowly
# (learn: entra/identity/managed-identities-azure-resources/how-to-use-vm-token, error handling).
PASSING = [404, 408, 410, 429, *range(500, 512)]
TRIES_AFTER_THE_FIRST, FIRST_WAIT_SECONDS = 4, 0.4
# No try begins after the former, none takes longer than the latter: whoever waits knows for how long at most.
LONGEST_CALL_SECONDS, LONGEST_ANSWER_SECONDS = 10, 6.0


class BrokerIdentity:
    """An azure-core credential that asks the platform once for what many threads want at the same time."""

    def __init__(self, client_id: str | None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`client_id` names a user-assigned identity; None is the system-assigned one."""
        options: dict[str, Any] = {
            "transport": sdk_transport(lifetimes=Lifetimes(answer=LONGEST_ANSWER_SECONDS)),
            "retry_total": TRIES_AFTER_THE_FIRST,
            "retry_status": TRIES_AFTER_THE_FIRST,
            "retry_on_status_codes": PASSING,
            "retry_backoff_factor": FIRST_WAIT_SECONDS / 2,
            "retry_backoff_max": 3,
            "timeout": LONGEST_CALL_SECONDS,
        }
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
            except (AzureError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
                # All but the first are MSAL's, for an answer that is no JSON or no object, such as a gateway's page.
                self._failed[scopes] = self._monotonic()
                raise IdentityUnavailable from error

    def federated_assertion(self, audience: str) -> str:
        """The client assertion of the partner application (RFC 7523); raises IdentityUnavailable.

        `audience` is what Entra ID accepts of a managed identity that serves as federated credential, cloud by cloud.
        """
        return self.get_token(f"{audience}/.default").token
