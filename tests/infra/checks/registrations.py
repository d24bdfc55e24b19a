"""What the two registrations have to be: the API for this tenant alone, the application for all tenants."""

import re

from shared.cloud import CLOUDS
from tests.infra.check import noticing
from tests.infra.checks.app_roles import registered
from tests.infra.damage import Added, Put, Removed, Source, Text
from tests.infra.deployment import Deployment, Resource
from tests.infra.kinds import (
    APP_ROLE_ASSIGNMENT,
    APPLICATION,
    BROKER_API,
    CONSENT_GRANT,
    FEDERATED_CREDENTIAL,
    GROUP,
    IDENTITY,
    PARTNER_APPLICATION,
    PRINCIPAL,
)
from tests.infra.project import ROOT, Project

# Partner Center's user_impersonation; Graph's openid, profile and offline_access (graph/permissions-reference).
PARTNER_CENTER, GRAPH = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd", "00000003-0000-0000-c000-000000000000"
SIGN_IN_PERMISSIONS = {
    PARTNER_CENTER: ["1cebfa2a-fb4d-419e-b5f9-839b4383e05a"],
    GRAPH: [
        "37f7f235-527c-4136-accd-4a02d197296e",
        "14dad69e-099b-42c9-810b-d002981feec1",
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    ],
}
# What the parameters of this deployment ask for beside them.
WITH_MORE = {
    **SIGN_IN_PERMISSIONS,
    GRAPH: [*SIGN_IN_PERMISSIONS[GRAPH], "00000000-0000-0000-0000-0000000000d1"],
    "00000000-0000-0000-0000-0000000000d2": ["00000000-0000-0000-0000-0000000000d3"],
}
MADE_IN_ENTRA_ID = {APPLICATION, PRINCIPAL, FEDERATED_CREDENTIAL, APP_ROLE_ASSIGNMENT, CONSENT_GRANT}
# These are the kinds of deployment that have a console.
WITH_CONSOLE = {"alerts", "certificate"}
TENANT = "00000000-0000-0000-0000-000000000001"
ACCESS = "properties.requiredResourceAccess"
LOCK = "properties.servicePrincipalLockConfiguration"


@noticing(
    Source("app/entra.bicep", "appRoleAssignmentRequired: true", "appRoleAssignmentRequired: false"),
    Put(APPLICATION, "properties.signInAudience", "AzureADMultipleOrgs", BROKER_API),
    Put(APPLICATION, "properties.api.requestedAccessTokenVersion", 1, BROKER_API),
    Put(APPLICATION, "properties.optionalClaims.accessToken.0.name", "acct", BROKER_API),
    Put(APPLICATION, "properties.identifierUris.0", "api://another", BROKER_API),
)
def the_brokers_api_is_for_this_tenant_alone(project: Project) -> None:
    for deployment in registered(project):
        api = deployment.one(APPLICATION, BROKER_API)
        assert api.at("properties.signInAudience") == "AzureADMyOrg"
        assert api.at("properties.api.requestedAccessTokenVersion") == 2
        audience = f"api://{TENANT}/consent-broker-{deployment.environment}"
        assert api.at("properties.identifierUris") == [audience] == [deployment.outputs["BROKER_AUDIENCE"]]
        assert api.at("properties.optionalClaims.accessToken.0.name") == "idtyp"
        (principal,) = [one for one in deployment.all(PRINCIPAL) if "brokerApi" in one.at("properties.appId")]
        assert principal.at("properties.appRoleAssignmentRequired") is True


def permissions(application: Resource) -> dict[str, list[str]]:
    """Application id of an API -> the delegated permissions asked of it."""
    asked = application.at(ACCESS)
    assert {one["type"] for api in asked for one in api["resourceAccess"]} == {"Scope"}
    return {api["resourceAppId"]: [one["id"] for one in api["resourceAccess"]] for api in asked}


@noticing(
    Source("app/entra.bicep", "partnerPermissions[?api.key] ?? []", "[]", seen_in="certificate"),
    Put(APPLICATION, "properties.web.redirectUris.0", "https://another.example", PARTNER_APPLICATION),
    Put(APPLICATION, "properties.signInAudience", "AzureADMyOrg", PARTNER_APPLICATION),
    Put(APPLICATION, f"{LOCK}.isEnabled", value=False, name=PARTNER_APPLICATION),
    Put(APPLICATION, f"{LOCK}.allProperties", value=False, name=PARTNER_APPLICATION),
    Put(
        APPLICATION, "properties.web.implicitGrantSettings.enableIdTokenIssuance", value=True, name=PARTNER_APPLICATION
    ),
    Put(APPLICATION, f"{ACCESS}.0.resourceAccess.0.id", "another", PARTNER_APPLICATION),
    Put(APPLICATION, f"{ACCESS}.1.resourceAccess.0.type", "Role", PARTNER_APPLICATION),
    Put(APPLICATION, ACCESS, lambda asked: asked[1:], PARTNER_APPLICATION),
)
def the_partner_application_is_for_all_tenants_and_locked_there(project: Project) -> None:
    (path,) = set(re.findall(r"public_url}(/[a-z/]+)", (ROOT / "consent_http/flow.py").read_text(encoding="utf-8")))
    for deployment in registered(project):
        application = deployment.one(APPLICATION, PARTNER_APPLICATION)
        assert application.at("properties.signInAudience") == "AzureADMultipleOrgs"
        assert application.at("properties.web.redirectUris") == [deployment.address(path)]
        assert set(application.at("properties.web.implicitGrantSettings").values()) == {False}
        assert application.at(LOCK) == {"isEnabled": True, "allProperties": True}
        asked = WITH_MORE if deployment.environment == "certificate" else SIGN_IN_PERMISSIONS
        assert permissions(application) == asked


def proves(deployment: Deployment, credential: Resource) -> None:
    """The credential is the broker's identity, in the cloud it is in."""
    issuer = f"[format('{{0}}{{1}}/v2.0', environment().authentication.loginEndpoint, '{TENANT}')]"
    assert credential.at("properties.issuer") == issuer
    assert credential.at("properties.subject") == f"[{deployment.one(IDENTITY).later('principalId')}]"
    audiences = ", ".join(f"'{cloud.name}', '{cloud.token_exchange}'" for cloud in CLOUDS.values())
    assert credential.at("properties.audiences") == [f"[createObject({audiences})[environment().name]]"]


@noticing(
    Source("app/entra.bicep", "'${partnerApplication.uniqueName}/broker-identity'", "'broker-identity'"),
    Put(FEDERATED_CREDENTIAL, "properties.audiences.0", lambda old: old.replace("USGov", "")),
    Put(FEDERATED_CREDENTIAL, "properties.subject", "00000000-0000-0000-0000-0000000000a1"),
    Put(FEDERATED_CREDENTIAL, "properties.name", "broker-identity"),
    Put(FEDERATED_CREDENTIAL, "properties.issuer", lambda old: old.replace(TENANT, "common")),
    Removed(FEDERATED_CREDENTIAL),
    Added(FEDERATED_CREDENTIAL, lambda credential: credential),
)
def the_brokers_identity_is_the_credential_of_the_partner_application_and_of_the_console(project: Project) -> None:
    for deployment in registered(project):
        partner, api = (
            deployment.one(APPLICATION, name).at("properties.uniqueName") for name in (PARTNER_APPLICATION, BROKER_API)
        )
        # A bare name fails with NotFound: microsoftgraph/msgraph-bicep-types issue 271.
        due = [f"{api}/console-identity"] if deployment.environment in WITH_CONSOLE else []
        due += [f"{partner}/broker-identity"] if deployment.environment != "certificate" else []
        credentials = deployment.all(FEDERATED_CREDENTIAL)
        assert sorted(one.at("properties.name") for one in credentials) == due
        for credential in credentials:
            proves(deployment, credential)


@noticing(
    Source(
        "app/storage.bicep", "param name string", "extension microsoftGraphV1\nparam name string", seen_in="template"
    ),
    Added(GROUP, lambda one: {**one, "type": "Microsoft.Graph/groups@v1.0"}),
    Text("infra/main.json", '"condition": "[parameters(\'createRegistrations\')]",\n', ""),
)
def registrations_can_be_left_to_others(project: Project) -> None:
    assert "Microsoft.Graph" not in project["without-registrations"].text
    for deployment in registered(project):
        made = {one.content["type"].partition("@")[0] for one in deployment.resources}
        assert {kind for kind in made if kind.startswith("Microsoft.Graph/")} <= MADE_IN_ENTRA_ID
    # Whoever may not use Microsoft Graph deploys nothing that asks for it.
    modules = {one["name"]: one for one in project.template["resources"]}
    asking = {name for name, one in modules.items() if "imports" in one.get("properties", {}).get("template", {})}
    assert asking == {"registrations"}
    assert modules["registrations"]["condition"] == "[parameters('createRegistrations')]"
