"""What the app runs on: Flex Consumption, as its own identity, with nothing in front of its own checks."""

from shared.setting_limits import EXCHANGE_THREADS
from tests.infra.check import noticing
from tests.infra.checks.settings import started
from tests.infra.damage import GONE, Added, Put, Removed, Source
from tests.infra.deployment import Value
from tests.infra.kinds import (
    APP_SETTINGS,
    IDENTITY,
    PACKAGE_STORAGE,
    PASSWORD_POLICY,
    PLAN,
    SITE,
    STORAGE,
    VAULT,
    WORKFLOW,
)
from tests.infra.project import Project

CONFIG = "properties.functionAppConfig"
DEPLOYMENT_STORAGE = f"{CONFIG}.deployment.storage"
SCALE = f"{CONFIG}.scaleAndConcurrency"
EASY_AUTH = """resource auth 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: broker
  name: 'authsettingsV2'
  properties: {}
}

"""


@noticing(
    Source("app/broker.bicep", "type: 'UserAssignedIdentity'", "type: 'SystemAssignedIdentity'"),
    Put(PLAN, "sku.name", "Y1"),
    Put(SITE, f"{CONFIG}.runtime.version", "3.12"),
    Put(SITE, "identity.type", "SystemAssigned"),
    Put(SITE, "identity.userAssignedIdentities", {"another": {}}),
    Put(SITE, f"{DEPLOYMENT_STORAGE}.authentication.type", "StorageAccountConnectionString"),
    Put(SITE, f"{DEPLOYMENT_STORAGE}.authentication.userAssignedIdentityResourceId", "another"),
    Put(SITE, f"{DEPLOYMENT_STORAGE}.value", "https://another.blob.core.windows.net/app-package"),
    Put(SITE, "properties.serverFarmId", "another"),
)
def the_app_runs_on_flex_as_its_own_identity(project: Project) -> None:
    for deployment in project:
        plan, site, identity = deployment.one(PLAN), deployment.one(SITE), deployment.one(IDENTITY)
        assert plan.at("sku") == {"name": "FC1", "tier": "FlexConsumption"}
        assert site.at("properties.serverFarmId") == plan.id
        assert site.at("identity") == {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
        assert site.at(f"{CONFIG}.runtime") == {"name": "python", "version": "3.13"}
        blobs = deployment.one(STORAGE, PACKAGE_STORAGE).later("primaryEndpoints.blob")
        assert site.at(DEPLOYMENT_STORAGE) == {
            "type": "blobContainer",
            "value": f"[format('{{0}}{{1}}', {blobs}, 'app-package')]",
            "authentication": {
                "type": "UserAssignedIdentity",
                "userAssignedIdentityResourceId": identity.id,
            },
        }


@noticing(
    Source(
        "app/broker.bicep",
        "name: 'ftp'\n  properties: {\n    allow: false",
        "name: 'ftp'\n  properties: {\n    allow: true",
    ),
    Put(SITE, "properties.httpsOnly", value=False),
    Put(SITE, "properties.siteConfig.minTlsVersion", "1.0"),
    Put(SITE, "properties.siteConfig.scmMinTlsVersion", "1.0"),
    Put(SITE, "properties.siteConfig.ftpsState", "AllAllowed"),
    Put(SITE, "properties.siteConfig.remoteDebuggingEnabled", value=True),
    Put(PASSWORD_POLICY, "properties.allow", value=True),
    Removed(PASSWORD_POLICY),
)
def the_app_takes_https_alone_and_no_passwords(project: Project) -> None:
    for deployment in project:
        site = deployment.one(SITE)
        assert site.at("properties.httpsOnly") is True
        assert site.at("properties.siteConfig.minTlsVersion") == "1.2"
        assert site.at("properties.siteConfig.scmMinTlsVersion") == "1.2"
        assert site.at("properties.siteConfig.ftpsState") == "Disabled"
        assert site.at("properties.siteConfig.remoteDebuggingEnabled") is False
        allowed = {one.name: one.at("properties.allow") for one in deployment.all(PASSWORD_POLICY)}
        assert allowed == {"ftp": False, "scm": False}


@noticing(
    Source("main.bicep", "exchangeThreads: httpConcurrency", "exchangeThreads: 16"),
    Put(APP_SETTINGS, "properties.EXCHANGE_THREADS", "16"),
    Put(SITE, f"{SCALE}.triggers.http.perInstanceConcurrency", 1),
    Put(SITE, f"{SCALE}.triggers", GONE),
    Put(SITE, f"{SCALE}.alwaysReady", [{"name": "http", "instanceCount": 1}]),
)
def an_instance_takes_as_many_requests_as_the_broker_has_threads_for_exchanges(project: Project) -> None:
    for name, deployment in project.deployments.items():
        site = deployment.one(SITE)
        assert site.at(f"{SCALE}.triggers.http.perInstanceConcurrency") == started(deployment).threads
        assert started(deployment).threads == int(EXCHANGE_THREADS.default)
        kept_warm = [{"name": "http", "instanceCount": 2}] if name == "alerts" else []
        assert site.at(f"{SCALE}.alwaysReady") == kept_warm


def easy_auth(settings: Value) -> Value:
    return {**settings, "name": settings["name"].replace("appsettings", "authsettingsV2")}


@noticing(
    Source("app/broker.bicep", "resource noFtpPassword", f"{EASY_AUTH}resource noFtpPassword"),
    Added(APP_SETTINGS, easy_auth),
)
def nothing_stands_in_front_of_the_apps_own_checks(project: Project) -> None:
    """docs/decisions/no-easy-auth.md."""
    for deployment in project:
        assert "authsettings" not in deployment.text.lower()


@noticing(
    Source("app/identity.bicep", "  location: location\n", "  location: '${location}2'\n"),
    Put(VAULT, "tags", {}),
    Put(SITE, "tags.azd-service-name", "api"),
    Put(WORKFLOW, "tags", GONE),
    Put(IDENTITY, "location", "westeurope"),
)
def everything_carries_the_environments_tag_and_the_app_its_service(project: Project) -> None:
    for deployment in project:
        assert deployment.one(SITE).at("tags.azd-service-name") == "broker"
        for one in deployment.resources:
            if "location" in one.content:
                assert one.at("tags.azd-env-name") == deployment.environment, one.name
                assert one.at("location") in ("swedencentral", "global"), one.name
    assert "  broker:\n" in project.text("azure.yaml")
