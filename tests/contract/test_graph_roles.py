"""Graph's stand-in for roles of applications, held to what is documented: who may, what it answers, what tokens say."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest

from local.app_roles import APP_ROLES
from local.graph.administrators import APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR
from local.graph.principals import principal_id
from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.state import StackState
from local.world import (
    CONTOSO,
    EXCHANGE,
    GRAPH,
    MANAGEMENT_APPLICATION,
    NORTHWIND,
    PARTNER_APPLICATION,
    TAILSPIN,
)
from tests.customers_http.desk import Desk, open_desk
from tests.local_control import Controls

OK, CREATED, NO_CONTENT, BAD_REQUEST, FORBIDDEN, NOT_FOUND = 200, 201, 204, 400, 403, 404
SCOPES = (
    *("AppRoleAssignment.ReadWrite.All", "Directory.Read.All", "RoleManagement.ReadWrite.Directory"),
    *("Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"),
)
PARTNER, API = principal_id(CONTOSO, PARTNER_APPLICATION), principal_id(CONTOSO, GRAPH)
EXCHANGE_API = principal_id(CONTOSO, EXCHANGE)
READ_USERS, MANAGE = APP_ROLES[GRAPH]["User.Read.All"], APP_ROLES[EXCHANGE]["Exchange.ManageAsApp"]
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
DIRECTORY_ROLES = "roleManagement/directory/roleAssignments"
NOBODY = "99990000-1111-4222-8333-444444440001"


def client(state: StackState) -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(cafile=state.ca_file), trust_env=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Contoso, as the management application's person works in it."""

    desk: Desk

    def ask(self, method: str, path: str, content: object = None) -> httpx.Response:
        manager, state = self.desk.actors.management(), self.desk.state
        assert manager is not None
        token = manager.token(self.desk.actors.settings.cloud.graph_scope, CONTOSO).token
        with client(state) as http:
            headers = {"Authorization": f"Bearer {token}"}
            return http.request(method, f"{state.graph}/v1.0/{path}", json=content, headers=headers)

    def values(self, path: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", path)
        assert answer.status_code == OK, answer.text
        value: list[dict[str, Any]] = answer.json()["value"]
        return value

    def assign(self, api: str = API, role: str = READ_USERS, principal: str = PARTNER) -> httpx.Response:
        content = {"principalId": principal, "resourceId": api, "appRoleId": role}
        return self.ask("POST", f"servicePrincipals/{api}/appRoleAssignedTo", content)

    def appoint(self, role: str = EXCHANGE_ADMINISTRATOR, scope: str = "/") -> httpx.Response:
        content = {"principalId": PARTNER, "roleDefinitionId": role, "directoryScopeId": scope}
        return self.ask("POST", DIRECTORY_ROLES, content)

    def with_roles(self, *roles: str) -> None:
        """The GDAP roles of the person, from now on."""
        details = {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}
        one = relationship(CONTOSO, "Contoso", accessDetails=details)
        Controls(self.desk.state, self.desk.state.graph).post("relationships", {"relationships": [one]})

    def app_only(self, resource: str) -> dict[str, Any]:
        """The claims of the application's own token, or the refusal."""
        state = self.desk.state
        content = {
            "grant_type": "client_credentials",
            "client_id": PARTNER_APPLICATION,
            "client_secret": "partner-application-secret-of-the-local-stack",
            "scope": f"{resource}/.default",
        }
        with client(state) as http:
            answer = http.post(f"{state.entra}/{CONTOSO}/oauth2/v2.0/token", data=content).json()
        if "access_token" not in answer:
            return dict(answer)
        return dict(jwt.decode(answer["access_token"], options={"verify_signature": False}))


@pytest.fixture
def tenant(stack: StackState) -> Iterator[Tenant]:
    with open_desk(stack, managed=True) as desk:
        desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
        made = Tenant(desk=desk)
        made.with_roles(PRIVILEGED_ROLE_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR)
        yield made


def test_an_api_tells_its_app_roles_and_an_application_what_it_is(tenant: Tenant) -> None:
    told = tenant.ask("GET", f"servicePrincipals(appId='{GRAPH}')?$select=id,appRoles").json()
    assert set(told) == {"id", "appRoles"}
    role = next(one for one in told["appRoles"] if one["value"] == "User.Read.All")
    assert (told["id"], role["id"], role["allowedMemberTypes"]) == (API, READ_USERS, ["Application"])
    assert tenant.ask("GET", f"servicePrincipals/{PARTNER}").json()["appId"] == PARTNER_APPLICATION


def test_an_api_that_the_tenant_has_not_and_an_application_it_does_not_know_are_not_found(tenant: Tenant) -> None:
    tenant.desk.lack(EXCHANGE)
    for app_id in (EXCHANGE, "99990000-1111-4222-8333-444444440001"):
        assert tenant.ask("GET", f"servicePrincipals(appId='{app_id}')").status_code == NOT_FOUND
    assert tenant.assign(EXCHANGE_API, MANAGE).status_code == NOT_FOUND


def test_an_assigned_app_role_is_in_both_lists_and_in_the_applications_own_token(tenant: Tenant) -> None:
    assert "roles" not in tenant.app_only("https://graph.microsoft.com"), "a token comes without any"
    answer = tenant.assign()
    assert answer.status_code == CREATED
    made = answer.json()
    assert tenant.values(f"servicePrincipals/{PARTNER}/appRoleAssignments") == [made]
    assert tenant.values(f"servicePrincipals/{API}/appRoleAssignedTo") == [made]
    assert tenant.app_only("https://graph.microsoft.com")["roles"] == ["User.Read.All"]
    assert "roles" not in tenant.app_only("https://outlook.office365.com"), "of another API"
    assert tenant.ask("DELETE", f"servicePrincipals/{API}/appRoleAssignedTo/{made['id']}").status_code == NO_CONTENT
    assert tenant.values(f"servicePrincipals/{PARTNER}/appRoleAssignments") == []
    assert "roles" not in tenant.app_only("https://graph.microsoft.com")


def test_what_is_assigned_already_is_refused_as_a_bad_request(tenant: Tenant) -> None:
    tenant.assign()
    again = tenant.assign()
    assert (again.status_code, again.json()["error"]["code"]) == (BAD_REQUEST, "Request_BadRequest")
    assert len(tenant.values(f"servicePrincipals/{API}/appRoleAssignedTo")) == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"role": MANAGE}, BAD_REQUEST),
        ({"role": NOBODY}, BAD_REQUEST),
        ({"principal": NOBODY}, NOT_FOUND),
        ({"principal": EXCHANGE_API}, NOT_FOUND),
        ({"api": PARTNER}, NOT_FOUND),
    ],
    ids=["of another API", "no role", "nobody", "an API", "no API"],
)
def test_what_cannot_be_assigned_is_refused(tenant: Tenant, changes: dict[str, str], status: int) -> None:
    assert tenant.assign(**changes).status_code == status
    assert tenant.values(f"servicePrincipals/{PARTNER}/appRoleAssignments") == []


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (PRIVILEGED_ROLE_ADMINISTRATOR, (CREATED, CREATED, CREATED)),
        (GLOBAL_ADMINISTRATOR, (CREATED, CREATED, CREATED)),
        (CLOUD_APPLICATION_ADMINISTRATOR, (FORBIDDEN, CREATED, FORBIDDEN)),
        (APPLICATION_ADMINISTRATOR, (FORBIDDEN, CREATED, FORBIDDEN)),
        (EXCHANGE_ADMINISTRATOR, (FORBIDDEN, FORBIDDEN, FORBIDDEN)),
    ],
)
def test_the_persons_gdap_roles_decide_what_may_be_given(
    tenant: Tenant, role: str, statuses: tuple[int, int, int]
) -> None:
    tenant.with_roles(role)
    answers = (tenant.assign(), tenant.assign(EXCHANGE_API, MANAGE), tenant.appoint())
    assert tuple(answer.status_code for answer in answers) == statuses


def test_a_relationship_that_is_over_gives_no_role(tenant: Tenant) -> None:
    details = {"unifiedRoles": [{"roleDefinitionId": GLOBAL_ADMINISTRATOR}]}
    over = relationship(CONTOSO, "Contoso", status="terminated", accessDetails=details)
    others = relationship(NORTHWIND, "Northwind", accessDetails=details)
    Controls(tenant.desk.state, tenant.desk.state.graph).post("relationships", {"relationships": [over, others]})
    assert tenant.assign().status_code == FORBIDDEN


@pytest.mark.parametrize("lacking", SCOPES[:1] + SCOPES[2:])
def test_each_change_wants_its_own_scope(tenant: Tenant, lacking: str) -> None:
    role, place = tenant.assign().json(), f"servicePrincipals/{API}/appRoleAssignedTo"
    appointed = tenant.appoint().json()
    granted = tenant.values(f"servicePrincipals/{PARTNER}/oauth2PermissionGrants")[0]["id"]
    tenant.desk.grant(GRAPH, *(one for one in SCOPES if one != lacking), client=MANAGEMENT_APPLICATION)
    refused = {
        "AppRoleAssignment.ReadWrite.All": [tenant.assign(), tenant.ask("DELETE", f"{place}/{role['id']}")],
        "RoleManagement.ReadWrite.Directory": [
            tenant.appoint(),
            tenant.ask("DELETE", f"{DIRECTORY_ROLES}/{appointed['id']}"),
        ],
        "Application.ReadWrite.All": [tenant.ask("DELETE", f"servicePrincipals/{PARTNER}")],
        "DelegatedPermissionGrant.ReadWrite.All": [tenant.ask("DELETE", f"oauth2PermissionGrants/{granted}")],
    }
    assert {answer.status_code for answer in refused[lacking]} <= {FORBIDDEN, BAD_REQUEST}
    assert FORBIDDEN in {answer.status_code for answer in refused[lacking]}


def test_a_directory_role_is_assigned_listed_by_its_principal_and_taken_back(tenant: Tenant) -> None:
    made = tenant.appoint()
    assert made.status_code == CREATED
    again = tenant.appoint()
    assert (again.status_code, again.json()["error"]["code"]) == (BAD_REQUEST, "Request_BadRequest")
    assert tenant.values(f"{DIRECTORY_ROLES}?$filter=principalId eq '{PARTNER}'") == [made.json()]
    assert tenant.values(f"{DIRECTORY_ROLES}?$filter=principalId eq '{NOBODY}'") == []
    assert tenant.ask("GET", f"{DIRECTORY_ROLES}?$filter=x").status_code == BAD_REQUEST
    assert tenant.ask("DELETE", f"{DIRECTORY_ROLES}/{made.json()['id']}").status_code == NO_CONTENT
    assert tenant.ask("DELETE", f"{DIRECTORY_ROLES}/{made.json()['id']}").status_code == NOT_FOUND


def test_a_directory_role_is_for_the_whole_tenant_and_by_an_id(tenant: Tenant) -> None:
    assert tenant.appoint(scope="/administrativeUnits/x").status_code == BAD_REQUEST
    assert tenant.appoint(role="Exchange Administrator").status_code == BAD_REQUEST


def test_lists_come_page_after_page(tenant: Tenant) -> None:
    for role in APP_ROLES[GRAPH].values():
        assert tenant.assign(role=role).status_code == CREATED
    path, pages = f"servicePrincipals/{PARTNER}/appRoleAssignments?$top=3", 0
    found: list[str] = []
    while path:
        content = tenant.ask("GET", path).json()
        found.extend(one["appRoleId"] for one in content["value"])
        pages += 1
        path = content.get("@odata.nextLink", "").removeprefix(f"{tenant.desk.state.graph}/v1.0/")
    assert (sorted(found), pages) == (sorted(APP_ROLES[GRAPH].values()), 3)


def test_a_deleted_service_principal_is_gone_with_all_it_had_and_no_token_comes(tenant: Tenant) -> None:
    tenant.assign()
    tenant.appoint()
    assert tenant.ask("DELETE", f"servicePrincipals/{PARTNER}").status_code == NO_CONTENT
    assert tenant.ask("GET", f"servicePrincipals(appId='{PARTNER_APPLICATION}')").status_code == NOT_FOUND
    assert tenant.ask("DELETE", f"servicePrincipals/{PARTNER}").status_code == NOT_FOUND
    assert tenant.desk.held() == {}
    assert tenant.app_only("https://graph.microsoft.com")["error_codes"] == [700016]
    tenant.desk.grant(GRAPH, "Directory.Read.All")
    assert "roles" not in tenant.app_only("https://graph.microsoft.com"), "what comes back comes without its roles"
    assert tenant.values(DIRECTORY_ROLES) == []


def test_the_objects_of_applications_are_deleted_by_those_who_administer_applications(tenant: Tenant) -> None:
    tenant.with_roles(PRIVILEGED_ROLE_ADMINISTRATOR)
    assert tenant.ask("DELETE", f"servicePrincipals/{PARTNER}").status_code == FORBIDDEN
    tenant.with_roles(CLOUD_APPLICATION_ADMINISTRATOR)
    assert tenant.ask("DELETE", f"servicePrincipals/{PARTNER}").status_code == NO_CONTENT


def test_a_grant_is_deleted_by_itself_and_the_application_stays_known(tenant: Tenant) -> None:
    tenant.desk.order(
        "beside", {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH, "scope": "User.Read"}
    )
    grants = tenant.values(f"servicePrincipals/{PARTNER}/oauth2PermissionGrants")
    everybodys = next(one for one in grants if one["consentType"] == "AllPrincipals" and one["resourceId"] == API)
    assert tenant.ask("DELETE", f"oauth2PermissionGrants/{everybodys['id']}").status_code == NO_CONTENT
    left = tenant.values(f"servicePrincipals/{PARTNER}/oauth2PermissionGrants")
    assert left == [one for one in grants if one != everybodys]
    for one in left:
        assert tenant.ask("DELETE", f"oauth2PermissionGrants/{one['id']}").status_code == NO_CONTENT
    assert tenant.values(f"servicePrincipals/{PARTNER}/oauth2PermissionGrants") == []
    assert "roles" not in tenant.app_only("https://graph.microsoft.com"), "a token of the application comes still"


def test_what_partner_center_takes_back_leaves_the_service_principal(tenant: Tenant) -> None:
    tenant.appoint()
    tenant.desk.remove(dry_run="false")
    tenant.desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    assert tenant.ask("GET", f"servicePrincipals/{PARTNER}").status_code == OK
    assert tenant.app_only("https://graph.microsoft.com")["idtyp"] == "app"
    assert len(tenant.values(DIRECTORY_ROLES)) == 1


def test_a_tenant_that_never_consented_knows_no_application(tenant: Tenant) -> None:
    state = tenant.desk.state
    assert Controls(state, state.entra).consents(tenant=TAILSPIN, client=PARTNER_APPLICATION) == {}
    content = {
        "grant_type": "client_credentials",
        "client_id": PARTNER_APPLICATION,
        "client_secret": "partner-application-secret-of-the-local-stack",
        "scope": "https://graph.microsoft.com/.default",
    }
    with client(state) as http:
        answer = http.post(f"{state.entra}/{TAILSPIN}/oauth2/v2.0/token", data=content).json()
    assert answer["error_codes"] == [700016]
