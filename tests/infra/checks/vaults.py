"""What the two vaults have to be: opened by roles alone, never purged, every access on record."""

from tests.infra.check import noticing
from tests.infra.damage import GONE, Added, Put, Removed, Source
from tests.infra.deployment import Value
from tests.infra.kinds import DIAGNOSTICS, POLICY_VAULT, TOKEN_VAULT, VAULT, WORKSPACE
from tests.infra.project import Project

DOORS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")


@noticing(
    Source("app/vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false"),
    Put(VAULT, "properties.enablePurgeProtection", value=False),
    Put(VAULT, "properties.enableSoftDelete", value=False),
    Put(VAULT, "properties.softDeleteRetentionInDays", 7),
    Put(VAULT, "properties.enableRbacAuthorization", GONE),
    Put(VAULT, "apiVersion", "2024-11-01"),
    Put(VAULT, "properties.networkAcls.bypass", "AzureServices"),
    *(Put(VAULT, f"properties.{door}", value=True) for door in DOORS),
)
def vaults_are_opened_by_roles_alone_and_never_purged(project: Project) -> None:
    for vault in (vault for deployment in project for vault in deployment.all(VAULT)):
        # Control-plane versions before this one end in February 2027.
        assert vault.at("apiVersion") == "2026-02-01"
        assert vault.at("properties.enableRbacAuthorization") is True
        assert vault.at("properties.enableSoftDelete") is True
        assert vault.at("properties.softDeleteRetentionInDays") == 90
        assert vault.at("properties.enablePurgeProtection") is True
        assert vault.at("properties.networkAcls.bypass") == "None"
        for door in DOORS:
            assert vault.at(f"properties.{door}") is False


def other_vault(resource: Value) -> Value:
    return {**resource, "name": resource["name"].replace(TOKEN_VAULT, "kv-other-")}


@noticing(
    Source(
        "main.bicep",
        "name: '${abbreviations.keyVault}policy-${token}'",
        "name: '${abbreviations.keyVault}token-${token}'",
    ),
    Removed(VAULT, POLICY_VAULT),
    Put(VAULT, "name", lambda name: name.replace(POLICY_VAULT, TOKEN_VAULT), POLICY_VAULT),
    Put(VAULT, "properties.sku.name", "premium", POLICY_VAULT),
    Added(VAULT, other_vault, TOKEN_VAULT),
)
def there_are_two_vaults_of_the_same_kind(project: Project) -> None:
    for deployment in project:
        assert len(deployment.all(VAULT)) == 2
        # Only editors of the policy are ever let in from outside.
        who_comes_in = dict.fromkeys(("networkAcls", "publicNetworkAccess"))
        tokens, policy = deployment.one(VAULT, TOKEN_VAULT), deployment.one(VAULT, POLICY_VAULT)
        assert tokens.at("properties") | who_comes_in == policy.at("properties") | who_comes_in


@noticing(
    Source("app/vault.bicep", "categoryGroup: 'audit'", "categoryGroup: 'allMetrics'"),
    Put(DIAGNOSTICS, "properties.logs.0.enabled", value=False, name="audit"),
    Put(DIAGNOSTICS, "properties.logs.0.categoryGroup", "metrics", "audit"),
    Put(DIAGNOSTICS, "properties.workspaceId", "elsewhere", "audit"),
    Put(DIAGNOSTICS, "id", lambda found: found.replace(POLICY_VAULT, TOKEN_VAULT)),
    Removed(DIAGNOSTICS, "audit"),
)
def every_access_to_a_vault_is_on_record(project: Project) -> None:
    for deployment in project:
        for vault in deployment.all(VAULT):
            recorded = [one for one in deployment.all(DIAGNOSTICS) if one.id.startswith(f"{vault.id}/providers/")]
            assert [one.at("properties.workspaceId") for one in recorded] == [deployment.one(WORKSPACE).id]
            assert {"categoryGroup": "audit", "enabled": True} in recorded[0].at("properties.logs")
