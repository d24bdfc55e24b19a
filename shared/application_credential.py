"""What the partner application proves itself with: its managed identity's assertion, or a secret out of Key Vault."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cachetools import TTLCache

from shared.authority import Credential
from shared.errors import ApplicationMisconfigured, ConsentUnreadable, Unavailable
from shared.managed_identity import BrokerIdentity
from shared.vault import SecretVault

SECRET_KEPT_SECONDS = 300


def federated_credential(identity: BrokerIdentity, *, audience: str) -> Credential:
    """The managed identity as federated credential: no secret at all. MSAL asks for the assertion at each request."""
    credential: Mapping[str, Any] = {"client_assertion": lambda: identity.federated_assertion(audience)}
    return lambda: credential


def client_secret_credential(
    vault: SecretVault, name: str, *, monotonic: Callable[[], float] = time.monotonic
) -> Credential:
    """The secret stored under `name`, read again every five minutes so that a renewed one takes effect.

    Raises ApplicationMisconfigured when there is none. An outage of the vault leaves the last one in use.
    """
    kept: TTLCache[str, str] = TTLCache(1, SECRET_KEPT_SECONDS, timer=monotonic)
    last: dict[str, str] = {}
    lock = threading.Lock()

    def credential() -> str:
        with lock:
            value = kept.get(name)
            if value is None:
                value = kept[name] = last[name] = _read(vault, name, otherwise=last.get(name))
            return value

    return credential


def _read(vault: SecretVault, name: str, *, otherwise: str | None) -> str:
    try:
        secret = vault.get(name)
    except Unavailable:
        if otherwise is None:
            raise
        return otherwise
    except ConsentUnreadable:
        raise ApplicationMisconfigured(f"The secret {name} is disabled.") from None
    if secret is None:
        raise ApplicationMisconfigured(f"The vault has no secret {name}.")
    return secret.value
