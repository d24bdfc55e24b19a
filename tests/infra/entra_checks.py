"""What the registrations have to be: roles and scope as the code checks them, no secret, nothing for strangers."""

import re

from shared.callers import assertion
from shared.cloud import CLOUDS
from shared.setting_table import OPERATOR_CLIENTS
from tests.infra.bicep import Code, Declaration, Loop
from tests.infra.check import ROOT, Project, noticing

MAIN, ENTRA, ROLES = "infra/main.bicep", "infra/app/entra.bicep", "infra/app/app-roles.json"
BY_HAND_API = "infra/registrations/broker-api.json"
BY_HAND_PARTNER = "infra/registrations/partner-application.json"
SIGN_IN_PERMISSIONS = {
    "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd": ["1cebfa2a-fb4d-419e-b5f9-839b4383e05a"],
    "00000003-0000-0000-c000-000000000000": [
        "37f7f235-527c-4136-accd-4a02d197296e",
        "14dad69e-099b-42c9-810b-d002981feec1",
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    ],
}
APPLICATION, USER = "Application", "User"


def registration(project: Project, name: str) -> Declaration:
    return project.bicep("app/entra.bicep").of("resource")[name]


@noticing(
    (ROLES, '"Token.Issue"', '"Token.Get"'),
    (ROLES, '["Application"]', '["Application", "User"]'),
    (ENTRA, "'Customers.Manage']", "'Customers.Read']"),
    (ENTRA, "appRoleId: guid(environmentName, 'Token.Issue')", "appRoleId: guid(environmentName, 'Consent.Read')"),
    (ENTRA, "id: guid(environmentName, role.value)", "id: guid(role.value)"),
)
def app_roles_are_those_the_code_checks(project: Project) -> None:
    allowed = {role["value"]: role["allowedMemberTypes"] for role in project.json(ROLES)}
    manage = [assertion.CONSENT_MANAGE, assertion.CONSENT_READ, assertion.CUSTOMERS_MANAGE]
    assert allowed == {assertion.TOKEN_ISSUE: [APPLICATION], **{role: [APPLICATION, USER] for role in manage}}
    assert project.bicep("app/entra.bicep").of("var")["operatorRoles"].value == manage
    roles = registration(project, "brokerApi").at("appRoles")
    assert isinstance(roles, Loop)
    assert roles.over == "role in roles"
    assert isinstance(roles.body, dict)
    assert roles.body["id"] == Code("guid(environmentName,role.value)")
    callers, operator = registration(project, "callers"), registration(project, "operator")
    assert callers.body["appRoleId"] == Code(f"guid(environmentName,'{assertion.TOKEN_ISSUE}')")
    assert operator.body["appRoleId"] == Code("guid(environmentName,role)")


@noticing(
    (ENTRA, "value: 'Broker.Operate'", "value: 'user_impersonation'"),
    (ENTRA, "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "04b07795-8ddb-461a-bbee-02f9e1bf7b47"),
    (ENTRA, "        appId: azurePowerShell\n", "        appId: azureCli\n"),
)
def people_come_through_the_clients_the_code_knows(project: Project) -> None:
    api = registration(project, "brokerApi")
    (scope,) = api.items("api.oauth2PermissionScopes")
    assert scope["value"] == assertion.OPERATE_SCOPE
    named = {Code(name): one.value for name, one in project.bicep("app/entra.bicep").of("var").items()}
    clients = [client["appId"] for client in api.items("api.preAuthorizedApplications")]
    assert [named[client] for client in clients if isinstance(client, Code)] == OPERATOR_CLIENTS.split(",")


@noticing(
    (ENTRA, "'AzureADMyOrg'", "'AzureADMultipleOrgs'"),
    (ENTRA, "requestedAccessTokenVersion: 2", "requestedAccessTokenVersion: 1"),
    (ENTRA, "name: 'idtyp'", "name: 'acct'"),
    (ENTRA, "appRoleAssignmentRequired: true", "appRoleAssignmentRequired: false"),
    (ENTRA, "  identifierUris: [\n    audience\n", "  identifierUris: [\n    environmentName\n"),
)
def the_brokers_api_is_for_this_tenant_alone(project: Project) -> None:
    api = registration(project, "brokerApi")
    assert api.at("signInAudience") == "AzureADMyOrg"
    assert api.at("api.requestedAccessTokenVersion") == 2
    assert api.at("identifierUris") == [Code("audience")]
    (claim,) = api.items("optionalClaims.accessToken")
    assert claim["name"] == "idtyp"
    assert registration(project, "brokerPrincipal").at("appRoleAssignmentRequired") is True


@noticing(
    (ENTRA, "/api/consent/redirect'", "/api/consent/callback'"),
    (ENTRA, "'AzureADMultipleOrgs'", "'AzureADMyOrg'"),
    (ENTRA, "    isEnabled: true\n    allProperties: true", "    isEnabled: false\n    allProperties: true"),
    (ENTRA, "enableIdTokenIssuance: false", "enableIdTokenIssuance: true"),
    (ENTRA, "1cebfa2a", "00000000"),
    (ENTRA, "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "7427e0e9-2fba-42fe-b0c0-848c9e6a8183"),
)
def the_partner_application_is_for_all_tenants_and_locked_there(project: Project) -> None:
    application = registration(project, "partnerApplication")
    assert application.at("signInAudience") == "AzureADMultipleOrgs"
    (path,) = set(re.findall(r"public_url}(/[a-z/]+)", (ROOT / "consent_http/flow.py").read_text(encoding="utf-8")))
    assert application.at("web.redirectUris") == [Code(f"'${{publicUrl}}{path}'")]
    assert set(application.mapping("web.implicitGrantSettings").values()) == {False}
    assert application.at("servicePrincipalLockConfiguration") == {"isEnabled": True, "allProperties": True}
    asked = application.at("requiredResourceAccess")
    assert isinstance(asked, Code)
    assert "items(union(signInPermissions,partnerPermissions))" in asked
    # Partner Center's user_impersonation; Graph's openid, profile and offline_access (graph/permissions-reference).
    assert project.bicep("app/entra.bicep").of("var")["signInPermissions"].value == SIGN_IN_PERMISSIONS


@noticing(
    (ENTRA, "AzureADTokenExchangeUSGov", "AzureADTokenExchange"),
    (ENTRA, "subject: federatedPrincipalId", "subject: operatorId"),
    (ENTRA, "'${partnerApplication.uniqueName}/broker-identity'", "'broker-identity'"),
    (ENTRA, "}${tenant().tenantId}/v2.0'", "}common/v2.0'"),
    (MAIN, "'federated' ? identity.outputs.principalId", "'federated' ? operatorId"),
)
def the_brokers_identity_is_the_partner_applications_credential(project: Project) -> None:
    credential = registration(project, "brokerIdentity")
    assert credential.condition == "(!empty(federatedPrincipalId))"
    # A bare name fails with NotFound: microsoftgraph/msgraph-bicep-types issue 271.
    assert credential.at("name") == Code("'${partnerApplication.uniqueName}/broker-identity'")
    assert credential.at("issuer") == Code("'${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'")
    assert credential.at("subject") == Code("federatedPrincipalId")
    audiences = project.bicep("app/entra.bicep").of("var")["tokenExchange"].value
    assert audiences == {cloud.name: cloud.token_exchange for cloud in CLOUDS.values()}
    chosen = project.bicep("main.bicep").of("module")["registrations"].at("params.federatedPrincipalId")
    assert chosen == Code("partnerCredential=='federated'?identity.outputs.principalId:''")


@noticing(
    (MAIN, "'app/entra.bicep' = if (createRegistrations)", "'app/entra.bicep' ="),
    (MAIN, "param operatorId string = ''", "param operatorId string"),
    (MAIN, "param callerIds string = ''", "param callerIds string = '*'"),
    ("infra/app/storage.bicep", "param name string", "extension microsoftGraphV1\nparam name string"),
)
def registrations_can_be_left_to_others_and_nobody_is_let_in_unasked(project: Project) -> None:
    main = project.bicep("main.bicep")
    assert main.of("module")["registrations"].condition == "(createRegistrations)"
    assert [file.path.name for file in project.files() if file.of("extension")] == ["entra.bicep"]
    for nobody in ("operatorId", "callerIds", "policyEditorIds", "consentTenants"):
        assert main.of("param")[nobody].value == ""


@noticing(
    (BY_HAND_API, "Broker.Operate", "Broker.Run"),
    (BY_HAND_API, '"requestedAccessTokenVersion": 2', '"requestedAccessTokenVersion": 1'),
    (BY_HAND_API, '"Customers.Manage",\n      "displayName"', '"Customers.Write",\n      "displayName"'),
    (BY_HAND_API, "6c3f1f6f0b04", "6c3f1f6f0b03"),
    (BY_HAND_API, "idtyp", "acct"),
    (BY_HAND_PARTNER, '"allProperties": true', '"allProperties": false'),
    (BY_HAND_PARTNER, "7427e0e9", "00000000"),
    (BY_HAND_PARTNER, "AzureADMultipleOrgs", "AzureADMyOrg"),
    (ROLES, "within the access policy.", "whatever the access policy says."),
)
def registrations_made_by_hand_are_the_same(project: Project) -> None:
    by_hand, bicep = project.json(BY_HAND_API), registration(project, "brokerApi")
    for same in ("description", "signInAudience", "optionalClaims"):
        assert by_hand[same] == bicep.at(same)
    assert by_hand["api"]["requestedAccessTokenVersion"] == bicep.at("api.requestedAccessTokenVersion")
    (scope,), (bicep_scope,) = by_hand["api"]["oauth2PermissionScopes"], bicep.items("api.oauth2PermissionScopes")
    assert {**scope, "id": None} == {**bicep_scope, "id": None}
    clients = by_hand["api"]["preAuthorizedApplications"]
    assert [client["appId"] for client in clients] == OPERATOR_CLIENTS.split(",")
    assert all(client["delegatedPermissionIds"] == [scope["id"]] for client in clients)
    roles = by_hand["appRoles"]
    named = ("value", "description", "allowedMemberTypes")
    assert [{key: role[key] for key in named} for role in roles] == project.json(ROLES)
    assert all(role["isEnabled"] and role["displayName"] == role["value"] for role in roles)
    assert len({role["id"] for role in roles} | {scope["id"]}) == len(roles) + 1
    by_hand, bicep = project.json(BY_HAND_PARTNER), registration(project, "partnerApplication")
    for same in ("description", "signInAudience", "servicePrincipalLockConfiguration"):
        assert by_hand[same] == bicep.at(same)
    assert by_hand["web"]["implicitGrantSettings"] == bicep.at("web.implicitGrantSettings")
    asked = {
        api["resourceAppId"]: [one["id"] for one in api["resourceAccess"]] for api in by_hand["requiredResourceAccess"]
    }
    assert asked == SIGN_IN_PERMISSIONS
