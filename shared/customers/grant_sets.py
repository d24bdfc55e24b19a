"""The grant sets of the policy vault, read: whole or not at all."""

from collections.abc import Sequence

from shared.cloud import Cloud
from shared.customers.application_grants import NAMED, SECRET, GrantSet, GrantSets, parse_grants
from shared.customers.errors import ApplicationGrantsInvalid
from shared.errors import ConsentUnreadable
from shared.vault import SecretVault


def read_grant_sets(vault: SecretVault, cloud: Cloud) -> GrantSets:
    """The grant sets of the policy vault; raises ApplicationGrantsInvalid saying which is wrong, and where.

    One that is broken or disabled stops all: nobody can tell whose it is, and its customers would get another one.
    """
    names = _names(vault)
    if not names:
        raise ApplicationGrantsInvalid("There is no such secret.")
    found = [parse_grants(_text(vault, name), cloud, name=name) for name in names]
    named = [one for one in found if one.name != SECRET]
    _require_apart(named)
    return GrantSets(usual=next((one for one in found if one.name == SECRET), None), named=named)


def any_grant_set(vault: SecretVault) -> bool:
    """Whether there is one at all."""
    return bool(_names(vault))


def _names(vault: SecretVault) -> list[str]:
    return sorted(one.name for one in vault.list_latest() if one.name == SECRET or one.name.startswith(NAMED))


def read_grants(vault: SecretVault, cloud: Cloud, tenant_id: str) -> GrantSet:
    """The grant set that is for this customer; raises ApplicationGrantsInvalid or CustomerWithoutGrants."""
    return read_grant_sets(vault, cloud).of(tenant_id)


def _require_apart(named: Sequence[GrantSet]) -> None:
    holders: dict[str, str] = {}
    for one in named:
        for tenant in sorted(one.customers):
            other = holders.setdefault(tenant, one.name)
            if other != one.name:
                raise ApplicationGrantsInvalid(f"{other} and {one.name} both list the customer {tenant}.")


def _text(vault: SecretVault, name: str) -> str:
    try:
        secret = vault.get(name)
    except ConsentUnreadable:
        raise ApplicationGrantsInvalid(f"The secret is disabled: {name}.") from None
    if secret is None:
        raise ApplicationGrantsInvalid(f"The secret is not there any more: {name}.")
    return secret.value
