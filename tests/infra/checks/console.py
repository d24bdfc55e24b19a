"""The console: off unless somebody turns it on, and then people sign in to the broker's own registration."""

from console_http.sign_in import HOME
from shared.entra.person_sign_in import SCOPES
from tests.infra.check import noticing
from tests.infra.checks.app_roles import API, registered
from tests.infra.checks.registrations import GRAPH, SIGN_IN_PERMISSIONS, WITH_CONSOLE, permissions
from tests.infra.checks.settings import started
from tests.infra.damage import Added, Put, Removed, Source, Text
from tests.infra.kinds import APP_SETTINGS, APPLICATION, BROKER_API, CONSENT_GRANT
from tests.infra.project import Project

WEB = "properties.web"
OFF = '"consoleEnabled": {\n      "type": "bool",\n      "defaultValue": false'
IMPLICIT = f"{WEB}.implicitGrantSettings"


@noticing(
    Source("app/settings.bicep", "consoleEnabled ? 'on' : 'off'", "consoleEnabled ? 'off' : 'on'"),
    Put(APP_SETTINGS, "properties.CONSOLE", lambda old: {"on": "off", "off": "on"}[old]),
    Text("infra/main.json", OFF, OFF.replace("false", "true")),
)
def the_console_is_off_unless_it_is_turned_on(project: Project) -> None:
    for name, deployment in project.deployments.items():
        assert started(deployment).pages.console == (name in WITH_CONSOLE)
    assert project.template["parameters"]["consoleEnabled"]["defaultValue"] is False


@noticing(
    Source("app/entra.bicep", "/api/console/redirect", "/api/console", seen_in="alerts"),
    Put(APPLICATION, f"{WEB}.redirectUris", lambda old: [*old, "https://another.example"], BROKER_API),
    Put(APPLICATION, f"{WEB}.redirectUris", ["https://another.example"], BROKER_API),
    Put(APPLICATION, f"{IMPLICIT}.enableIdTokenIssuance", value=True, name=BROKER_API),
    Put(APPLICATION, f"{IMPLICIT}.enableAccessTokenIssuance", value=True, name=BROKER_API),
)
def people_come_back_to_the_console_alone_and_only_where_it_is_on(project: Project) -> None:
    for deployment in registered(project):
        web = deployment.one(APPLICATION, BROKER_API).at(WEB)
        is_on = deployment.environment in WITH_CONSOLE
        assert web["redirectUris"] == ([deployment.address(f"{HOME}/redirect")] if is_on else [])
        assert set(web["implicitGrantSettings"].values()) == {False}


@noticing(
    Source("app/entra.bicep", "scope: 'openid profile'", "scope: 'openid profile User.Read'", seen_in="alerts"),
    Put(APPLICATION, "properties.requiredResourceAccess.0.resourceAccess.0.id", "another", BROKER_API),
    Put(CONSENT_GRANT, "properties.scope", "openid profile offline_access"),
    Put(CONSENT_GRANT, "properties.consentType", "Principal"),
    Put(CONSENT_GRANT, "properties.clientId", "[reference('partnerPrincipal').id]"),
    Put(CONSENT_GRANT, "properties.resourceId", "[reference('brokerPrincipal').id]"),
    Removed(CONSENT_GRANT),
    Added(CONSENT_GRANT, lambda grant: grant),
)
def signing_in_is_consented_to_for_everybody_and_no_more_than_that(project: Project) -> None:
    for deployment in registered(project):
        asked = permissions(deployment.one(APPLICATION, BROKER_API))
        assert asked == {GRAPH: SIGN_IN_PERMISSIONS[GRAPH][: len(SCOPES)]}
        granted = [one.content["properties"] for one in deployment.all(CONSENT_GRANT)]
        grant = {
            "clientId": API,
            "consentType": "AllPrincipals",
            "resourceId": "[reference('graph').id]",
            "scope": " ".join(SCOPES),
        }
        assert granted == ([grant] if deployment.environment in WITH_CONSOLE else [])
