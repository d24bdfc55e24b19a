"""What can be wrong with a vault, beside what is stored in it."""

from shared import acts
from shared.errors import BrokerError, Unavailable


class VaultRefused(BrokerError):
    """The broker's identity may not do this in the vault."""

    code = "vault_refused"
    says = "Key Vault refused the broker's own identity."
    remedy = "The broker's administrator checks the role assignments on the vault (docs/settings.md); wait if new."
    act = acts.VAULT_ROLE


class VaultNetworkRefused(VaultRefused):
    """The vault's firewall, or its lack of a private endpoint, keeps the broker out; no role would help."""

    code, says = "vault_network_refused", "Key Vault's network settings do not let the broker in."
    remedy = (
        "The broker's administrator lets the app's subnet or private endpoint in at the vault (Networking), or turns "
        "the app's own network integration on; no role is missing."
    )
    act = acts.VAULT_NETWORK


class VaultRequestRefused(VaultRefused):
    """The vault did not understand a request: most likely it does not know this version of its API."""

    code, says = "vault_request_refused", "Key Vault did not understand the broker's request."
    remedy = (
        "A vault in a sovereign cloud or a private stack may lag behind: set KEY_VAULT_API_VERSION to a version that "
        "it knows."
    )
    act, known = acts.CORRECT_SETTING, {"setting": "KEY_VAULT_API_VERSION"}


class VaultValueTooLarge(VaultRefused):
    """What was to be stored is larger than one secret holds; nothing was changed."""

    code, says = "vault_value_too_large", "Key Vault takes at most 25 KB for one secret; nothing was changed."
    remedy = (
        "The broker's administrator looks why the refresh token is so large (groups or claims in it), "
        "and the person consents anew."
    )
    act = acts.FEWER_GROUPS


class VaultUnavailable(Unavailable):
    """Key Vault does not answer, or throttles."""

    code, says = "vault_unavailable", "Key Vault does not answer or asks to wait."


class VaultThrottled(VaultUnavailable):
    """More requests came than the vault takes in ten seconds, from the broker or from others."""

    code, says = "vault_throttled", "Key Vault gets more requests than it takes, and asks to wait."
    remedy = (
        "Try again after the time in Retry-After. If it lasts, see who else uses the vault, and lower "
        "REFRESH_CONCURRENCY."
    )
    act = acts.VAULT_LOAD
