"""The app's settings: those that the code reads, all of them, with values that it starts with."""

from collections.abc import Mapping

from shared.setting_table import TABLE
from shared.settings import Settings, read_settings
from tests.infra.check import noticing
from tests.infra.damage import GONE, Put, Removed, Source
from tests.infra.deployment import Deployment
from tests.infra.kinds import (
    APP_SETTINGS,
    HOST_STORAGE,
    IDENTITY,
    INSIGHTS,
    POLICY_VAULT,
    SITE,
    STORAGE,
    TOKEN_VAULT,
    VAULT,
)
from tests.infra.project import Project

# Settings of the platform that the app itself does not read.
HOST_SETTINGS = {
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__blobServiceUri",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# Read by the code and left to its defaults here.
DEFAULTED = {
    "AUDIT_CLIENT_ADDRESS",
    "AZURE_AUTHORITY_HOST",
    "CHECK_AGE_HOURS",
    "CHECK_PER_SECOND",
    "CHECK_PROBE",
    "CONSENT_DEVICE_CODE",
    "CONSENT_SCOPE",
    "CONSENT_UNKNOWN_MFA",
    "GRAPH_URL",
    "KEY_VAULT_API_VERSION",
    "LAST_GOOD_HOURS",
    "MEMORY_AGE_SECONDS",
    "OPERATOR_CLIENT_IDS",
    "PARTNER_CENTER_URL",
    "PROOF_AGE_HOURS",
    "REFRESH_CONCURRENCY",
    "STALE_LIMIT_SECONDS",
    "STORE_AGE_DAYS",
    "TRUSTED_CA_FILE",
    "VAULT_CREATES_PER_10_SECONDS",
    "VAULT_OPERATIONS_PER_10_SECONDS",
}
TENANT = "00000000-0000-0000-0000-000000000001"
PARTNER, BROKER, IDENTITY_CLIENT, MANAGEMENT = (
    f"00000000-0000-0000-0000-0000000000{end}" for end in ("b1", "b2", "b3", "b4")
)
TOKENS, POLICY = "https://tokens.vault.azure.net", "https://policy.vault.azure.net"
TABLES = "https://account.table.core.windows.net"


def settings_of(deployment: Deployment) -> dict[str, str]:
    return dict(deployment.one(APP_SETTINGS).at("properties"))


@noticing(
    Source("app/settings.bicep", "    AZURE_CLOUD: environment().name\n", ""),
    Put(APP_SETTINGS, "properties.TOKEN_VAULT_URL", GONE),
    Put(APP_SETTINGS, "properties.PYTHON_THREADPOOL_THREAD_COUNT", GONE),
    Put(APP_SETTINGS, "properties.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", GONE),
    Put(APP_SETTINGS, "properties.AZURE_CLOUDS", "AzureCloud"),
    Put(APP_SETTINGS, "properties.REFRESH_CONCURRENCY", "16"),
)
def the_settings_are_those_the_code_reads(project: Project) -> None:
    for deployment in project:
        given = settings_of(deployment).keys()
        assert given >= HOST_SETTINGS
        assert not given & DEFAULTED
        assert given - HOST_SETTINGS | DEFAULTED == {setting.name for setting in TABLE}


def at_run_time(deployment: Deployment) -> Mapping[str, str]:
    """What Azure puts in the place of each expression."""
    identity, tokens = deployment.one(IDENTITY), deployment.one(VAULT, TOKEN_VAULT)
    return {
        f"[{identity.later('clientId')}]": IDENTITY_CLIENT,
        f"[{tokens.later('vaultUri')}]": f"{TOKENS}/",
        f"[{deployment.one(VAULT, POLICY_VAULT).later('vaultUri')}]": f"{POLICY}/",
        f"[{deployment.one(STORAGE, HOST_STORAGE).later('primaryEndpoints.table')}]": f"{TABLES}/",
        deployment.own_address: "https://func.azurewebsites.net",
        "[reference('partnerApplication').appId]": PARTNER,
        "[reference('brokerApi').appId]": BROKER,
        "[environment().name]": "AzureCloud",
    }


def started(deployment: Deployment) -> Settings:
    """What the app reads when Azure starts it."""
    known = at_run_time(deployment)
    return read_settings({key: known.get(value, value) for key, value in settings_of(deployment).items()})


@noticing(
    Source("app/settings.bicep", "partnerCredential == 'secret'", "partnerCredential != 'secret'"),
    Put(APP_SETTINGS, "properties.POLICY_VAULT_URL", f"{TOKENS}/"),
    Put(APP_SETTINGS, "properties.REFRESH_SCHEDULE", "17 * * * *"),
    Put(APP_SETTINGS, "properties.RESULTS_URL", "https://another.table.core.windows.net"),
    Put(APP_SETTINGS, "properties.PARTNER_CLIENT_SECRET_NAME", "another"),
    Put(APP_SETTINGS, "properties.PARTNER_CERTIFICATE_NAME", "another"),
    Put(APP_SETTINGS, "properties.PARTNER_CLIENT_ID", BROKER),
    Put(APP_SETTINGS, "properties.MANAGEMENT_CLIENT_ID", BROKER),
    Put(APP_SETTINGS, "properties.MANAGEMENT_CERTIFICATE_NAME", "another"),
    Put(APP_SETTINGS, "properties.MANAGEMENT_CLIENT_SECRET_NAME", "another"),
    Put(APP_SETTINGS, "properties.BROKER_CLIENT_ID", PARTNER),
    Put(APP_SETTINGS, "properties.PARTNER_TENANT_ID", PARTNER),
    Put(APP_SETTINGS, "properties.BROKER_AUDIENCES", "api://another"),
    Put(APP_SETTINGS, "properties.CONSENT_TENANTS", PARTNER),
    Put(APP_SETTINGS, "properties.PUBLIC_URL", "https://another.example"),
)
def the_app_starts_with_these_settings_whichever_credential_is_chosen(project: Project) -> None:
    for name, deployment in project.deployments.items():
        settings, url = started(deployment), deployment.outputs["BROKER_URL"]
        assert settings.public_url == at_run_time(deployment).get(url, url)
        assert settings.home_tenant == TENANT
        assert (settings.partner_client_id, settings.broker_client_id) == (PARTNER, BROKER)
        assert settings.managed_identity_client_id == IDENTITY_CLIENT
        assert settings.broker_audiences == {deployment.outputs["BROKER_AUDIENCE"]}
        assert (settings.token_vault_url, settings.policy_vault_url) == (TOKENS, POLICY)
        assert settings.results_url == TABLES
        tenants = {"00000000-0000-0000-0000-0000000000e1"} if name == "alerts" else set()
        assert settings.consent_tenants == tenants
        assert settings.partner_certificate_name == ("partner-credential" if name == "certificate" else None)
        # The application that manages grants is there where somebody names it, and proves itself in the same way.
        named = (MANAGEMENT, "management-credential") if name == "certificate" else (None, None)
        assert (settings.management.client_id, settings.management.certificate_name) == named
        assert settings.management.secret_name is None
        secret = "partner-secret" if name == "without-registrations" else None
        assert settings.partner_client_secret_name == secret


@noticing(
    Source(
        "app/settings.bicep",
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage__credential: ''",
    ),
    Put(APP_SETTINGS, "properties.AzureWebJobsStorage__credential", ""),
    Put(APP_SETTINGS, "properties.AzureWebJobsStorage__clientId", IDENTITY_CLIENT),
    Put(APP_SETTINGS, "properties.AzureWebJobsStorage__blobServiceUri", "https://another.blob.core.windows.net"),
    Put(APP_SETTINGS, "properties.APPLICATIONINSIGHTS_CONNECTION_STRING", ""),
)
def the_host_reaches_storage_and_telemetry_as_the_apps_identity(project: Project) -> None:
    for deployment in project:
        settings, identity = settings_of(deployment), deployment.one(IDENTITY)
        assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
        assert settings["AzureWebJobsStorage__clientId"] == f"[{identity.later('clientId')}]"
        blobs = deployment.one(STORAGE, HOST_STORAGE).later("primaryEndpoints.blob")
        insights = deployment.one(INSIGHTS)
        assert settings["AzureWebJobsStorage__blobServiceUri"] == f"[{blobs}]"
        assert settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] == f"[{insights.later('ConnectionString')}]"


@noticing(
    Source("app/settings.bicep", "name: 'appsettings'", "name: 'web'"),
    Put(APP_SETTINGS, "name", lambda name: name.replace("appsettings", "web")),
    Put(SITE, "properties.siteConfig.appSettings", []),
    Removed(APP_SETTINGS),
)
def settings_are_a_resource_of_their_own(project: Project) -> None:
    for deployment in project:
        settings, site = deployment.one(APP_SETTINGS), deployment.one(SITE)
        assert settings.at("name") == f"{site.name}/appsettings"
        assert "appSettings" not in site.at("properties.siteConfig")
