"""The Logic App to start from: only where it is asked for, and with no token in its history."""

from tests.infra.check import noticing
from tests.infra.damage import GONE, Put, Removed, Source
from tests.infra.kinds import APP_ROLE_ASSIGNMENT, WORKFLOW
from tests.infra.project import Project

ACTIONS = "properties.definition.actions"


@noticing(
    Source("app/sample-caller.bicep", "                'outputs'\n", "", seen_in="certificate"),
    Put(WORKFLOW, f"{ACTIONS}.Get_token.runtimeConfiguration.secureData.properties.1", GONE),
    Put(WORKFLOW, f"{ACTIONS}.Use_token.runtimeConfiguration", GONE),
    Put(WORKFLOW, f"{ACTIONS}.Get_token.inputs.authentication.audience", GONE),
    Put(WORKFLOW, f"{ACTIONS}.Get_token.inputs.uri", "https://another.example/api/token"),
    Put(WORKFLOW, "identity.type", "None"),
    Put(WORKFLOW, "properties.state", "Enabled"),
    Removed(WORKFLOW),
)
def the_sample_caller_shows_no_token_in_its_history(project: Project) -> None:
    deployment = project["certificate"]
    workflow = deployment.one(WORKFLOW)
    assert workflow.at("identity.type") == "SystemAssigned"
    # Until a permission of the access policy names it, it would only be refused.
    assert workflow.at("properties.state") == "Disabled"
    actions = workflow.at(ACTIONS)
    assert len(actions) == 2
    for action in actions.values():
        assert action["runtimeConfiguration"] == {"secureData": {"properties": ["inputs", "outputs"]}}
    asked = actions["Get_token"]["inputs"]
    assert asked["uri"] == deployment.address("/api/token")
    assert asked["body"] == {"tenant": "contoso.example", "resource": "graph"}
    audience = deployment.outputs["BROKER_AUDIENCE"]
    assert asked["authentication"] == {"type": "ManagedServiceIdentity", "audience": audience}
    caller = f"reference('{workflow.id}', '2019-05-01', 'full').identity.principalId"
    assert deployment.one(APP_ROLE_ASSIGNMENT).at("properties.principalId") == f"[{caller}]"


@noticing(
    Source(
        "main.bicep", "'app/sample-caller.bicep' = if (sampleCallerEnabled)", "'app/sample-caller.bicep' = if (true)"
    ),
    Put(WORKFLOW, "type", "Microsoft.Logic/other"),
)
def the_sample_caller_is_made_only_where_it_is_asked_for(project: Project) -> None:
    assert [name for name, one in project.deployments.items() if one.all(WORKFLOW)] == ["certificate"]
