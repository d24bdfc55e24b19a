"""Who reaches vaults and storage: in a network nobody from outside, but editors of the policy."""

from shared.connections import Lifetimes
from tests.infra.check import noticing
from tests.infra.damage import Put, Removed, Source
from tests.infra.deployment import Resource
from tests.infra.kinds import (
    HOST_STORAGE,
    NAT,
    NETWORK,
    POLICY_VAULT,
    PRIVATE_ENDPOINT,
    PRIVATE_ZONE_GROUP,
    SITE,
    STORAGE,
    TOKEN_VAULT,
    VAULT,
)
from tests.infra.project import Project

CLOSED, OPEN = ("Disabled", "Deny"), ("Enabled", "Allow")
CONNECTION = "properties.privateLinkServiceConnections.0.properties"
# The ranges that the parameters of this deployment name.
EDITORS = [{"value": "203.0.113.0/24"}, {"value": "198.51.100.7/32"}]


def access(resource: Resource) -> tuple[str, str]:
    return resource.at("properties.publicNetworkAccess"), resource.at("properties.networkAcls.defaultAction")


@noticing(
    Source("app/storage.bicep", "isPrivate ? 'Deny'", "isPrivate ? 'Allow'", seen_in="network"),
    Put(VAULT, "properties.publicNetworkAccess", "Enabled", TOKEN_VAULT),
    Put(VAULT, "properties.networkAcls.defaultAction", "Allow"),
    Put(VAULT, "properties.networkAcls.ipRules.0", {"value": "0.0.0.0/0"}),
    Put(VAULT, "properties.networkAcls.ipRules", EDITORS, TOKEN_VAULT),
    Put(STORAGE, "properties.publicNetworkAccess", "Enabled"),
    Put(STORAGE, "properties.networkAcls.defaultAction", "Allow"),
)
def in_a_network_vaults_and_storage_are_closed_to_the_rest(project: Project) -> None:
    network = project["network"]
    tokens, policy = network.one(VAULT, TOKEN_VAULT), network.one(VAULT, POLICY_VAULT)
    assert {access(one) for one in (tokens, *network.all(STORAGE))} == {CLOSED}
    assert access(policy) == ("Enabled", "Deny")
    assert policy.at("properties.networkAcls.ipRules") == EDITORS
    # Without one, Flex Consumption has no fixed address to let in: roles alone decide.
    for deployment in (one for name, one in project.deployments.items() if name != "network"):
        assert {access(one) for one in (*deployment.all(VAULT), *deployment.all(STORAGE))} == {OPEN}
        assert not [rule for one in deployment.all(VAULT) for rule in one.at("properties.networkAcls.ipRules")]
    assert not tokens.at("properties.networkAcls.ipRules")


@noticing(
    Source("main.bicep", "tableStorageId: hostStorage", "tableStorageId: packageStorage", seen_in="network"),
    Put(PRIVATE_ENDPOINT, f"{CONNECTION}.groupIds.0", "table"),
    Put(PRIVATE_ENDPOINT, f"{CONNECTION}.privateLinkServiceId", "another"),
    Put(PRIVATE_ENDPOINT, "properties.subnet.id", "another"),
    Put(PRIVATE_ZONE_GROUP, "properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId", "another"),
    Removed(PRIVATE_ENDPOINT),
    Removed(PRIVATE_ZONE_GROUP),
)
def in_a_network_each_has_its_private_endpoint_under_its_usual_name(project: Project) -> None:
    network = project["network"]
    vaults, accounts = network.all(VAULT), network.all(STORAGE)
    joined = [
        (one.at(f"{CONNECTION}.privateLinkServiceId"), *one.at(f"{CONNECTION}.groupIds"))
        for one in network.all(PRIVATE_ENDPOINT)
    ]
    due = [*((vault.id, "vault") for vault in vaults), *((account.id, "blob") for account in accounts)]
    assert sorted(joined) == sorted([*due, (network.one(STORAGE, HOST_STORAGE).id, "table")])
    subnet = f"{network.one(NETWORK).id}/subnets/endpoints"
    assert {one.at("properties.subnet.id") for one in network.all(PRIVATE_ENDPOINT)} == {subnet}
    zones = [one.at("properties.privateDnsZoneConfigs.0") for one in network.all(PRIVATE_ZONE_GROUP)]
    assert sorted(zone["name"] for zone in zones) == ["blob", "blob", "table", "vault", "vault"]
    for zone in zones:
        part = zone["name"]
        named = "privatelink.vaultcore.azure.net" if part == "vault" else f"privatelink.{part}.{{0}}"
        assert named in zone["properties"]["privateDnsZoneId"]


@noticing(
    Source("main.bicep", "vnetEnabled ? network!.outputs.appSubnetId : ''", "''", seen_in="network"),
    Put(SITE, "properties.virtualNetworkSubnetId", "another"),
    Put(NETWORK, "properties.subnets.0.properties.natGateway", {"id": "another"}),
    Put(NAT, "properties.idleTimeoutInMinutes", 2),
    Put(NETWORK, "properties.subnets.0.properties.delegations", []),
    Removed(NETWORK),
)
def in_a_network_the_app_has_one_address_outwards(project: Project) -> None:
    for name, deployment in project.deployments.items():
        joined = deployment.one(SITE).at("properties.virtualNetworkSubnetId")
        if name != "network":
            assert joined is None
            assert not deployment.all(NETWORK)
            continue
        network = deployment.one(NETWORK)
        assert joined == f"{network.id}/subnets/app"
        subnet = network.at("properties.subnets.0")
        assert subnet["name"] == "app"
        gateway = deployment.one(NAT)
        assert subnet["properties"]["natGateway"]["id"] == gateway.id
        # What the gateway forgets, the broker has given up before.
        assert 60 * gateway.at("properties.idleTimeoutInMinutes") > Lifetimes().idle
        delegated = [one["properties"]["serviceName"] for one in subnet["properties"]["delegations"]]
        assert delegated == ["Microsoft.App/environments"]
