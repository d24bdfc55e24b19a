"""Who may ask the broker for what: the app roles and the clients that the code knows, and nobody unasked."""

from uuid import UUID, uuid5

from shared.callers import assertion
from shared.setting_table import OPERATOR_CLIENTS
from tests.infra.check import noticing
from tests.infra.damage import Added, Put, Removed, Source, Text
from tests.infra.deployment import Deployment, Value
from tests.infra.kinds import APP_ROLE_ASSIGNMENT, APPLICATION, BROKER_API, PRINCIPAL, WORKFLOW
from tests.infra.project import Project

PEOPLE = [
    assertion.CONSENT_MANAGE,
    assertion.CONSENT_READ,
    assertion.CUSTOMERS_MANAGE,
    assertion.CUSTOMERS_READ,
    assertion.POLICY_READ,
]
# As the parameters of this deployment name them.
OPERATOR = "00000000-0000-0000-0000-0000000000a1"
CALLERS = ("00000000-0000-0000-0000-0000000000c1", "00000000-0000-0000-0000-0000000000c2")
CONSENTERS = ("00000000-0000-0000-0000-0000000000f1", "00000000-0000-0000-0000-0000000000f2")
UNASKED = ("operatorId", "callerIds", "policyEditorIds", "consenterIds", "consentTenants")
API, PARTNER = "[reference('brokerPrincipal').id]", "[reference('partnerPrincipal').id]"
# What stands for an assignment to an application without app roles.
NO_ROLE = "00000000-0000-0000-0000-000000000000"
REQUIRED = "properties.appRoleAssignmentRequired"
ASSIGNMENT_OFF = '"partnerAssignmentRequired": {\n      "type": "bool",\n      "defaultValue": false'
SCOPE, CLIENTS = "properties.api.oauth2PermissionScopes.0", "properties.api.preAuthorizedApplications"
# The namespace of Bicep's `guid()`, which is a UUID of version 5.
GUID_NAMESPACE = UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")


def role_id(deployment: Deployment, role: str) -> str:
    """Each environment's own, so that two of them in a tenant are told apart."""
    return str(uuid5(GUID_NAMESPACE, f"{deployment.environment}-{role}"))


def registered(project: Project) -> list[Deployment]:
    """The deployments that make registrations."""
    return [one for name, one in project.deployments.items() if name != "without-registrations"]


@noticing(
    Source("app/app-roles.json", '"Token.Issue"', '"Token.Get"'),
    Put(APPLICATION, "properties.appRoles.0.value", "Token.Get", BROKER_API),
    Put(APPLICATION, "properties.appRoles.0.allowedMemberTypes", ["Application", "User"], BROKER_API),
    Put(APPLICATION, "properties.appRoles.3.id", str(uuid5(GUID_NAMESPACE, "Customers.Manage")), BROKER_API),
    Put(APPLICATION, "properties.appRoles.2.isEnabled", value=False, name=BROKER_API),
    Put(APPLICATION, "properties.appRoles", lambda roles: [*roles, {**roles[0], "value": "Everything"}], BROKER_API),
)
def app_roles_are_those_the_code_checks(project: Project) -> None:
    takers = {assertion.TOKEN_ISSUE: ["Application"], **{role: ["Application", "User"] for role in PEOPLE}}
    for deployment in registered(project):
        roles = deployment.one(APPLICATION, BROKER_API).at("properties.appRoles")
        assert {role["value"]: role["allowedMemberTypes"] for role in roles} == takers
        assert {role["value"]: role["id"] for role in roles} == {role: role_id(deployment, role) for role in takers}
        assert all(role["isEnabled"] for role in roles)


def assigned(deployment: Deployment, resource: str) -> list[tuple[str, str]]:
    """Whom, which app role of this one."""
    assignments = deployment.all(APP_ROLE_ASSIGNMENT)
    assert {one.at("properties.resourceId") for one in assignments} <= {API, PARTNER}
    return sorted(
        (one.at("properties.principalId"), one.at("properties.appRoleId"))
        for one in assignments
        if one.at("properties.resourceId") == resource
    )


def let_in(parameter: str) -> Text:
    """Everybody is, unless it is said who."""
    declared = f'"{parameter}": {{\n      "type": "string",\n      "defaultValue": '
    return Text("infra/main.json", f'{declared}""', f'{declared}"*"')


def to_somebody(assignment: Value) -> Value:
    return {**assignment, "properties": {**assignment["properties"], "principalId": "somebody"}}


@noticing(
    Source("app/entra.bicep", "'Consent.Read', 'Customers.Manage'", "'Consent.Read', 'Token.Issue'", seen_in="alerts"),
    Put(APP_ROLE_ASSIGNMENT, "properties.appRoleId", "another"),
    Put(APP_ROLE_ASSIGNMENT, "properties.principalId", "somebody"),
    Put(APP_ROLE_ASSIGNMENT, "properties.resourceId", lambda old: PARTNER if old == API else API),
    Removed(APP_ROLE_ASSIGNMENT),
    Added(APP_ROLE_ASSIGNMENT, to_somebody),
    *(let_in(name) for name in UNASKED),
)
def app_roles_are_given_to_those_who_are_named_and_to_nobody_unasked(project: Project) -> None:
    for name, deployment in project.deployments.items():
        issue = role_id(deployment, assertion.TOKEN_ISSUE)
        logic_apps = [
            f"[reference('{one.id}', '2019-05-01', 'full').identity.principalId]" for one in deployment.all(WORKFLOW)
        ]
        due = [(caller, issue) for caller in logic_apps]
        if name == "alerts":
            due = [(caller, issue) for caller in CALLERS] + [(OPERATOR, role_id(deployment, role)) for role in PEOPLE]
        assert assigned(deployment, API) == sorted(due)
        consenters = CONSENTERS if name == "alerts" else ()
        assert assigned(deployment, PARTNER) == [(person, NO_ROLE) for person in consenters]
    parameters = project.template["parameters"]
    assert [parameters[name]["defaultValue"] for name in UNASKED] == [""] * len(UNASKED)


@noticing(
    Source("app/entra.bicep", "value: 'Broker.Operate'", "value: 'user_impersonation'"),
    Put(APPLICATION, f"{SCOPE}.value", "user_impersonation", BROKER_API),
    Put(APPLICATION, f"{SCOPE}.type", "User", BROKER_API),
    Put(APPLICATION, f"{CLIENTS}.0.appId", "04b07795-8ddb-461a-bbee-02f9e1bf7b47", BROKER_API),
    Put(APPLICATION, f"{CLIENTS}.1.appId", "04b07795-8ddb-461a-bbee-02f9e1bf7b46", BROKER_API),
    Put(APPLICATION, f"{CLIENTS}.1.delegatedPermissionIds", [], BROKER_API),
)
def people_come_through_the_clients_the_code_knows(project: Project) -> None:
    for deployment in registered(project):
        api = deployment.one(APPLICATION, BROKER_API)
        scope, clients = api.at(SCOPE), api.at(CLIENTS)
        assert (scope["value"], scope["type"], scope["isEnabled"]) == (assertion.OPERATE_SCOPE, "Admin", True)
        assert [client["appId"] for client in clients] == OPERATOR_CLIENTS.split(",")
        assert all(client["delegatedPermissionIds"] == [scope["id"]] for client in clients)


def principals(deployment: Deployment) -> dict[str, Value]:
    """Whether each of the two asks for assignment, by the expression of its application."""
    return {
        one.at("properties.appId"): one.content["properties"].get("appRoleAssignmentRequired")
        for one in deployment.all(PRINCIPAL)
    }


@noticing(
    Source("app/entra.bicep", "consented.') : assignmentRequired", "consented.') : false", seen_in="alerts"),
    Put(PRINCIPAL, REQUIRED, lambda required: not required),
    Removed(PRINCIPAL),
    Text("infra/main.json", ASSIGNMENT_OFF, ASSIGNMENT_OFF.replace("false", "true")),
    Text(
        "infra/main.json",
        "fail('partnerAssignmentRequired needs consenterIds",
        "concat('partnerAssignmentRequired needs consenterIds",
    ),
)
def the_partner_application_is_for_assigned_people_alone_when_asked_and_only_with_some_assigned(
    project: Project,
) -> None:
    for name, deployment in project.deployments.items():
        if name == "without-registrations":
            assert not deployment.all(PRINCIPAL)
            continue
        assert principals(deployment) == {
            "[reference('brokerApi').appId]": True,
            "[reference('partnerApplication').appId]": name == "alerts",
        }
    assert project.template["parameters"]["partnerAssignmentRequired"]["defaultValue"] is False
    assert "if(and(parameters('assignmentRequired'), empty(parameters('consenterIds'))), fail(" in project.text(
        "infra/main.json"
    )
