"""Who has which role on what: the broker's identity on five resources, editors on the policy vault, nobody else."""

import re

from tests.infra.check import noticing
from tests.infra.damage import Added, Put, Removed, Source
from tests.infra.deployment import Deployment, Resource
from tests.infra.kinds import (
    ASSIGNMENT,
    GROUP,
    HOST_STORAGE,
    IDENTITY,
    INSIGHTS,
    PACKAGE_STORAGE,
    POLICY_VAULT,
    ROLE,
    STORAGE,
    TOKEN_VAULT,
    VAULT,
)
from tests.infra.project import Project

# Azure built-in roles, by the names and ids of learn.microsoft.com/azure/role-based-access-control/built-in-roles.
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
TABLE_DATA_CONTRIBUTOR = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
# The operator and the editors of the deployment that has some, by its parameters.
EDITORS = {"alerts": ("00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2")}
VERBS = ("getSecret/action", "setSecret/action", "readMetadata/action", "update/action")
DELETE = "Microsoft.KeyVault/vaults/secrets/delete"
SCOPE = re.compile(r"\[extensionResourceId\('([^']+)', |(.+)/providers/Microsoft\.Authorization/roleAssignments/")


@noticing(
    Source("app/access.bicep", "secrets/update/action'", f"secrets/update/action'\n          '{DELETE}'"),
    Put(ROLE, "properties.permissions.0.dataActions.4", DELETE),
    Put(ROLE, "properties.permissions.0.actions.0", "*/read"),
    Put(ROLE, "properties.permissions.1", {"actions": ["*"]}),
    Put(ROLE, "properties.roleName", "Consent broker token keeper ()"),
    Put(ROLE, "properties.assignableScopes.0", lambda scope: scope.partition("/resourceGroups/")[0]),
)
def the_token_role_reads_and_writes_secrets_and_nothing_more(project: Project) -> None:
    for deployment in project:
        role = deployment.one(ROLE)
        assert role.at("properties.permissions") == [
            {
                "actions": [],
                "notActions": [],
                "dataActions": [f"Microsoft.KeyVault/vaults/secrets/{verb}" for verb in VERBS],
                "notDataActions": [],
            }
        ]
        # Names of roles are unique in a tenant, which may have more than one broker.
        assert role.at("properties.roleName") == f"Consent broker token keeper ({deployment.environment})"
        assert role.at("properties.assignableScopes") == [deployment.one(GROUP).id]


def scope_of(assignment: Resource) -> str:
    """The resource that the role is given on."""
    found = SCOPE.match(assignment.id)
    assert found, assignment.id
    return found.group(1) or found.group(2)


def given(deployment: Deployment) -> list[tuple[str, ...]]:
    """On what, which role, to whom."""
    return [
        (scope_of(one), one.at("properties.roleDefinitionId"), one.at("properties.principalId"))
        for one in deployment.all(ASSIGNMENT)
    ]


def built_in(deployment: Deployment, role: str) -> str:
    subscription = deployment.one(GROUP).id.partition("/resourceGroups/")[0]
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def due(deployment: Deployment, editors: tuple[str, ...]) -> list[tuple[str, ...]]:
    broker = f"[{deployment.one(IDENTITY).later('principalId')}]"
    policy = deployment.one(VAULT, POLICY_VAULT).id
    return [
        (deployment.one(VAULT, TOKEN_VAULT).id, deployment.one(ROLE).id, broker),
        (policy, built_in(deployment, SECRETS_USER), broker),
        # An owner where the host keeps its state; where the package lies, what a deployment needs.
        (deployment.one(STORAGE, HOST_STORAGE).id, built_in(deployment, BLOB_DATA_OWNER), broker),
        (deployment.one(STORAGE, HOST_STORAGE).id, built_in(deployment, TABLE_DATA_CONTRIBUTOR), broker),
        (deployment.one(STORAGE, PACKAGE_STORAGE).id, built_in(deployment, BLOB_DATA_CONTRIBUTOR), broker),
        (deployment.one(INSIGHTS).id, built_in(deployment, METRICS_PUBLISHER), broker),
        *((policy, built_in(deployment, SECRETS_OFFICER), editor) for editor in editors),
    ]


@noticing(
    Source("app/roles.json", SECRETS_USER, SECRETS_OFFICER),
    Put(ASSIGNMENT, "properties.roleDefinitionId", lambda role: f"{role.rpartition('/')[0]}/{SECRETS_OFFICER}"),
    Put(ASSIGNMENT, "properties.principalId", "00000000-0000-0000-0000-0000000000ff"),
    Put(ASSIGNMENT, "id", lambda found: found.replace(POLICY_VAULT, TOKEN_VAULT)),
    Put(ASSIGNMENT, "id", lambda found: found.replace(PACKAGE_STORAGE, HOST_STORAGE)),
    Put(ASSIGNMENT, "id", lambda found: found.replace("/providers/Microsoft.KeyVault/vaults/kv-", "/kv-")),
    Removed(ASSIGNMENT),
    Added(ASSIGNMENT, lambda found: found),
)
def each_role_is_given_once_to_whom_it_belongs(project: Project) -> None:
    for name, deployment in project.deployments.items():
        assert sorted(given(deployment)) == sorted(due(deployment, EDITORS.get(name, ())))
