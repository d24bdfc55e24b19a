"""The managed identities of the made-up world: the broker, workloads, what operators run, and what each may."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """A workload; `roles` are app roles on the broker API, vault permissions are per vault."""

    name: str
    object_id: str
    client_id: str
    roles: tuple[str, ...] = ()
    token_vault: frozenset[str] = frozenset()
    policy_vault: frozenset[str] = frozenset()


_EVERY_SECRET_OPERATION = frozenset({"get", "list", "set", "update", "delete", "recover", "purge", "backup", "restore"})

IDENTITIES = (
    ManagedIdentity(
        name="broker",
        object_id="eeee0000-1111-4222-8333-444444440001",
        client_id="ffff0000-1111-4222-8333-444444440001",
        token_vault=frozenset({"get", "list", "set", "update"}),
        policy_vault=frozenset({"get", "list"}),
    ),
    ManagedIdentity(
        name="reports",
        object_id="eeee0000-1111-4222-8333-444444440002",
        client_id="ffff0000-1111-4222-8333-444444440002",
        roles=("Token.Issue",),
    ),
    ManagedIdentity(
        name="intruder",
        object_id="eeee0000-1111-4222-8333-444444440003",
        client_id="ffff0000-1111-4222-8333-444444440003",
        roles=("Token.Issue",),
    ),
    ManagedIdentity(
        name="stranger",
        object_id="eeee0000-1111-4222-8333-444444440004",
        client_id="ffff0000-1111-4222-8333-444444440004",
    ),
    ManagedIdentity(
        name="operator",
        object_id="eeee0000-1111-4222-8333-444444440005",
        client_id="ffff0000-1111-4222-8333-444444440005",
        roles=("Consent.Manage", "Consent.Read"),
    ),
    ManagedIdentity(
        name="policy-editor",
        object_id="eeee0000-1111-4222-8333-444444440006",
        client_id="ffff0000-1111-4222-8333-444444440006",
        policy_vault=frozenset({"get", "list", "set", "update", "delete", "recover"}),
    ),
    ManagedIdentity(
        name="provisioning",
        object_id="eeee0000-1111-4222-8333-444444440007",
        client_id="ffff0000-1111-4222-8333-444444440007",
        roles=("Customers.Manage",),
    ),
    ManagedIdentity(
        name="service-desk",
        object_id="eeee0000-1111-4222-8333-444444440009",
        client_id="ffff0000-1111-4222-8333-444444440009",
        roles=("Customers.Read",),
    ),
    ManagedIdentity(
        name="auditor",
        object_id="eeee0000-1111-4222-8333-444444440010",
        client_id="ffff0000-1111-4222-8333-444444440010",
        roles=("Policy.Read",),
    ),
    ManagedIdentity(
        name="vault-administrator",
        object_id="eeee0000-1111-4222-8333-444444440008",
        client_id="ffff0000-1111-4222-8333-444444440008",
        token_vault=_EVERY_SECRET_OPERATION,
        policy_vault=_EVERY_SECRET_OPERATION,
    ),
)
