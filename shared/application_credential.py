"""What the partner application proves itself with: its managed identity's assertion, or a secret out of Key Vault."""

from collections.abc import Mapping
from typing import Any

from cachetools import TTLCache

from shared.authority import Credential
from shared.errors import ApplicationMisconfigured
from shared.managed_identity import BrokerIdentity
from shared.vault import SecretVault

SECRET_KEPT_SECONDS = 300


def federated_credential(identity: BrokerIdentity) -> Credential:
    """The managed identity as federated credential: no secret at all. MSAL asks for the assertion at each request."""
    credential: Mapping[str, Any] = {"client_assertion": identity.federated_assertion}
    return lambda: credential


def client_secret_credential(vault: SecretVault, name: str) -> Credential:
    """The secret stored under `name`; raises ApplicationMisconfigured when there is none."""
    kept: TTLCache[str, str] = TTLCache(1, SECRET_KEPT_SECONDS)

    def credential() -> str:
        value = kept.get(name)
        if value is None:
            secret = vault.get(name)
            if secret is None:
                raise ApplicationMisconfigured(f"The vault has no secret {name}.")
            value = kept[name] = secret.value
        return value

    return credential
