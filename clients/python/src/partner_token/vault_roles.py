"""The broker's roles on its two vaults, as ARM tells them (infra/app/access.bicep gives them)."""

from collections.abc import Iterator, Mapping
from typing import Any

from partner_token.azure_reader import AzureReader
from partner_token.seen import Seen, bad, good, not_seen

WHERE = "arm"
SUBSCRIPTIONS, VAULTS, ASSIGNMENTS, DEFINITIONS = "2022-12-01", "2023-07-01", "2022-04-01", "2022-04-01"
SECRETS = "microsoft.keyvault/vaults/secrets/"
GET, SET = f"{SECRETS}getsecret/action", f"{SECRETS}setsecret/action"


def of_vaults(arm: AzureReader, settings: Mapping[str, Any], identity: str | None) -> Iterator[Seen]:
    """Whether the broker's identity may read both and write the token vault; raises NotSeen."""
    vaults = {
        str(vault.get("properties", {}).get("vaultUri", "")).rstrip("/").lower(): vault
        for subscription in arm.all("subscriptions", **{"api-version": SUBSCRIPTIONS})
        for vault in arm.all(
            f"subscriptions/{subscription['subscriptionId']}/providers/Microsoft.KeyVault/vaults",
            **{"api-version": VAULTS},
        )
    }
    for name, needed in (("token_vault", {GET, SET}), ("policy_vault", {GET})):
        vault = vaults.get(settings[name].rstrip("/").lower())
        if vault is None or identity is None:
            says = "No subscription that you see holds it." if identity else "The broker's identity is not known."
            yield not_seen(WHERE, f"roles on {name}", says)
        else:
            yield _roles(arm, name, vault, identity=identity, needed=needed)


def _roles(arm: AzureReader, name: str, vault: Mapping[str, Any], *, identity: str, needed: set[str]) -> Seen:
    what, path = f"roles on {name}", str(vault["id"]).strip("/")
    if not vault.get("properties", {}).get("enableRbacAuthorization"):
        return bad(WHERE, what, "The vault goes by access policies.", "Turn Azure role-based access control on.")
    assigned = arm.all(
        f"{path}/providers/Microsoft.Authorization/roleAssignments",
        **{"api-version": ASSIGNMENTS, "$filter": f"assignedTo('{identity}')"},
    )
    held: set[str] = set()
    names: list[str] = []
    for one in assigned:
        role = arm.one(str(one["properties"]["roleDefinitionId"]).strip("/"), **{"api-version": DEFINITIONS}) or {}
        names.append(str(role.get("properties", {}).get("roleName")))
        held |= _data_actions(role)
    if all(_covers(held, action) for action in needed):
        return good(WHERE, what, ", ".join(sorted(names)))
    says = f"The broker's identity {identity} has {', '.join(sorted(names)) or 'no role'}."
    return bad(WHERE, what, says, "Give it the role of infra/app/access.bicep on this vault.")


def _data_actions(role: Mapping[str, Any]) -> set[str]:
    permissions = role.get("properties", {}).get("permissions", [])
    return {str(action).lower() for one in permissions for action in one.get("dataActions", [])}


def _covers(held: set[str], action: str) -> bool:
    """Whether one of these actions is it, or covers it by a star."""
    return any(one == action or (one.endswith("*") and action.startswith(one[:-1])) for one in held)
