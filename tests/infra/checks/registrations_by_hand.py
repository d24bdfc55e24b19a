"""The registrations that somebody makes by hand: the same as those of the Bicep."""

from shared.setting_table import OPERATOR_CLIENTS
from tests.infra.check import noticing
from tests.infra.checks.app_roles import registered
from tests.infra.checks.registrations import GRAPH, SIGN_IN_PERMISSIONS, permissions
from tests.infra.damage import Put, Source, Text
from tests.infra.deployment import Resource, Value
from tests.infra.kinds import APPLICATION, BROKER_API, PARTNER_APPLICATION
from tests.infra.project import Project

API, PARTNER = "infra/registrations/broker-api.json", "infra/registrations/partner-application.json"
MANAGEMENT = "infra/registrations/management-application.json"
# DelegatedPermissionGrant.ReadWrite.All, Directory.Read.All, DelegatedAdminRelationship.Read.All
# (graph/permissions-reference).
MANAGING = [
    "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
    "06da0dbc-49e2-44d2-8312-53f166ab848a",
    "0c0064ea-477b-4130-82a5-4c2cc4ff68aa",
]


@noticing(
    Source("app/app-roles.json", "within the access policy.", "whatever the access policy says."),
    Text(API, "Broker.Operate", "Broker.Run"),
    Text(API, '"requestedAccessTokenVersion": 2', '"requestedAccessTokenVersion": 1'),
    Text(API, '"Customers.Manage",\n      "displayName"', '"Customers.Write",\n      "displayName"'),
    Text(API, "6c3f1f6f0b04", "6c3f1f6f0b03"),
    Text(API, "1950a258-227b-4e31-a9cf-717495945fc2", "1950a258-227b-4e31-a9cf-717495945fc3"),
    Text(API, "idtyp", "acct"),
    Text(API, "14dad69e", "00000000"),
    Text(API, '"enableIdTokenIssuance": false', '"enableIdTokenIssuance": true'),
    Put(APPLICATION, "properties.appRoles.0.description", "Another.", BROKER_API),
    Put(APPLICATION, "properties.description", "Another.", BROKER_API),
)
def the_brokers_api_made_by_hand_is_the_same(project: Project) -> None:
    by_hand = project.json(API)
    for deployment in registered(project):
        the_same_api(by_hand, deployment.one(APPLICATION, BROKER_API).at("properties"))
    scope, roles = by_hand["api"]["oauth2PermissionScopes"][0], by_hand["appRoles"]
    clients = by_hand["api"]["preAuthorizedApplications"]
    assert [client["appId"] for client in clients] == OPERATOR_CLIENTS.split(",")
    assert all(client["delegatedPermissionIds"] == [scope["id"]] for client in clients)
    assert len({role["id"] for role in roles} | {scope["id"]}) == len(roles) + 1


def the_same_api(by_hand: Value, bicep: Value) -> None:
    """But for ids, which belong to an environment."""
    for same in ("description", "signInAudience", "optionalClaims", "requiredResourceAccess"):
        assert by_hand[same] == bicep[same]
    assert by_hand["web"]["implicitGrantSettings"] == bicep["web"]["implicitGrantSettings"]
    assert by_hand["api"]["requestedAccessTokenVersion"] == bicep["api"]["requestedAccessTokenVersion"]
    assert without_ids(by_hand["api"]["oauth2PermissionScopes"]) == without_ids(bicep["api"]["oauth2PermissionScopes"])
    assert without_ids(by_hand["appRoles"]) == without_ids(bicep["appRoles"])


def without_ids(parts: list[Value]) -> list[Value]:
    return [{**part, "id": None} for part in parts]


@noticing(
    Source("app/entra.bicep", "'AzureADMultipleOrgs'", "'AzureADandPersonalMicrosoftAccount'"),
    Text(PARTNER, '"allProperties": true', '"allProperties": false'),
    Text(PARTNER, "7427e0e9", "00000000"),
    Text(PARTNER, "AzureADMultipleOrgs", "AzureADMyOrg"),
    Text(PARTNER, '"enableIdTokenIssuance": false', '"enableIdTokenIssuance": true'),
    Put(APPLICATION, "properties.description", "Another.", PARTNER_APPLICATION),
    Text(MANAGEMENT, "41ce6ca6", "00000000"),
    Text(MANAGEMENT, '"allProperties": true', '"allProperties": false'),
    Text(MANAGEMENT, "AzureADMultipleOrgs", "AzureADMyOrg"),
    Text(MANAGEMENT, '"enableIdTokenIssuance": false', '"enableIdTokenIssuance": true'),
)
def the_partner_application_made_by_hand_is_the_same(project: Project) -> None:
    by_hand = project.json(PARTNER)
    for deployment in registered(project):
        bicep = deployment.one(APPLICATION, PARTNER_APPLICATION).at("properties")
        for same in ("description", "signInAudience", "servicePrincipalLockConfiguration"):
            assert by_hand[same] == bicep[same]
        assert by_hand["web"]["implicitGrantSettings"] == bicep["web"]["implicitGrantSettings"]
    assert permissions(Resource({"properties": by_hand})) == SIGN_IN_PERMISSIONS
    # What manages grants is asked of the management application alone, which is the same otherwise.
    management = project.json(MANAGEMENT)
    for same in ("signInAudience", "web", "servicePrincipalLockConfiguration"):
        assert management[same] == by_hand[same]
    wanted = {**SIGN_IN_PERMISSIONS, GRAPH: [*SIGN_IN_PERMISSIONS[GRAPH], *MANAGING]}
    assert permissions(Resource({"properties": management})) == wanted
