"""What the Azure resources have to be: no keys, nothing purged, roles alone, nothing that writes addresses down."""

import re

from shared.settings import read_settings
from tests.infra.bicep import Code, Loop, Value
from tests.infra.check import Project, noticing

VAULT, STORAGE, ACCESS, BROKER = (f"infra/app/{name}.bicep" for name in ("vault", "storage", "access", "broker"))
MONITORING, SETTINGS, SAMPLE = (f"infra/app/{name}.bicep" for name in ("monitoring", "settings", "sample-caller"))
MAIN = "infra/main.bicep"
EDITOR = "\n  properties: {\n    principalId: editorId"
SITE_LOGS = "resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {\n  scope: broker\n}\n"
GUID = "00000000-0000-0000-0000-000000000000"

# Azure built-in roles, by the names and ids of learn.microsoft.com/azure/role-based-access-control/built-in-roles.
BUILT_IN_ROLES = {
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
}
# Where, what, whom: nobody else has anything.
ASSIGNMENTS = {
    ("tokenVault", "tokenKeeper", "principalId"),
    ("policyVault", "Key Vault Secrets User", "principalId"),
    ("policyVault", "Key Vault Secrets Officer", "editorId"),
    ("storage", "Storage Blob Data Owner", "principalId"),
    ("applicationInsights", "Monitoring Metrics Publisher", "principalId"),
}
# Settings of the platform that the app itself does not read.
HOST_SETTINGS = {
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__blobServiceUri",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# Read by the code and left to its defaults here.
DEFAULTED = {
    "AZURE_AUTHORITY_HOST",
    "CONSENT_DEVICE_CODE",
    "CONSENT_SCOPE",
    "CONSENT_UNKNOWN_MFA",
    "EXCHANGE_THREADS",
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


def the_settings(project: Project) -> dict[str, Value]:
    return project.bicep("app/settings.bicep").of("resource")["settings"].mapping("properties")


def settings_the_code_reads() -> set[str]:
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
            asked.add(key)
            return default

    try:
        read_settings(Asked())
    except ValueError:
        return asked
    raise AssertionError("no setting is required any more")


@noticing(
    (STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    (STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    (STORAGE, "TLS1_2", "TLS1_0"),
    (STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'"),
)
def storage_knows_no_keys_and_no_public_blobs(project: Project) -> None:
    for account in project.resources("Microsoft.Storage/storageAccounts"):
        assert account.at("properties.allowSharedKeyAccess") is False
        assert account.at("properties.allowBlobPublicAccess") is False
        assert account.at("properties.supportsHttpsTrafficOnly") is True
        assert account.at("properties.minimumTlsVersion") == "TLS1_2"
    for container in project.resources("Microsoft.Storage/storageAccounts/blobServices/containers"):
        assert container.at("properties.publicAccess") == "None"


@noticing(
    (SETTINGS, "storageBlobEndpoint\n    APPL", "broker.listKeys().value\n    APPL"),
    (SETTINGS, "'managedidentity'", "'AccountKey=abc'"),
    ("infra/app/entra.bicep", "  web: {", "  passwordCredentials: []\n  web: {"),
    (MAIN, "param alertEmail", "@secure()\nparam clientSecret string\nparam alertEmail"),
)
def nothing_asks_for_a_key_or_takes_a_secret(project: Project) -> None:
    found = re.compile(r"\blist[A-Z]\w*\(|AccountKey=|SharedAccessSignature|passwordCredentials|keyCredentials|@secure")
    for file in project.files():
        assert not found.findall(file.path.read_text(encoding="utf-8")), file.path.name


@noticing(
    (VAULT, "enablePurgeProtection: true", "enablePurgeProtection: false"),
    (VAULT, "enableSoftDelete: true", "enableSoftDelete: false"),
    (VAULT, "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: 7"),
    (VAULT, "enableRbacAuthorization: true", "accessPolicies: []"),
    (VAULT, "vaults@2026-02-01", "vaults@2024-11-01"),
    (VAULT, "bypass: 'None'", "bypass: 'AzureServices'"),
)
def vaults_are_opened_by_roles_alone_and_never_purged(project: Project) -> None:
    for vault in project.resources("Microsoft.KeyVault/vaults"):
        # Control-plane versions before this one end in February 2027.
        assert vault.type == "Microsoft.KeyVault/vaults@2026-02-01"
        assert vault.at("properties.enableRbacAuthorization") is True
        assert vault.at("properties.enableSoftDelete") is True
        assert vault.at("properties.softDeleteRetentionInDays") == 90
        assert vault.at("properties.enablePurgeProtection") is True
        assert vault.at("properties.networkAcls.bypass") == "None"
        for door in ("Deployment", "DiskEncryption", "TemplateDeployment"):
            assert vault.at(f"properties.enabledFor{door}") is False


@noticing(
    (VAULT, "enabled: true\n      }\n    ]", "enabled: false\n      }\n    ]"), (VAULT, "'audit'\n", "'metrics'\n")
)
def every_access_to_a_vault_is_on_record(project: Project) -> None:
    (diagnostics,) = project.bicep("app/vault.bicep").resources("Microsoft.Insights/diagnosticSettings")
    assert diagnostics.at("scope") == Code("vault")
    assert diagnostics.at("properties.workspaceId") == Code("workspaceId")
    assert {"categoryGroup": "audit", "enabled": True} in diagnostics.items("properties.logs")


@noticing((MAIN, "module policyVault 'app/vault.bicep'", "module policyVault 'app/storage.bicep'"))
def there_are_two_vaults_of_the_same_kind(project: Project) -> None:
    modules = project.bicep("main.bicep").of("module")
    assert [name for name, one in modules.items() if one.type == "app/vault.bicep"] == ["tokenVault", "policyVault"]
    assert modules["tokenVault"].at("params.name") != modules["policyVault"].at("params.name")
    assert "allowedAddresses" not in modules["tokenVault"].mapping("params")


@noticing(
    (ACCESS, "secrets/update/action'", "secrets/update/action'\n          'Microsoft.KeyVault/vaults/secrets/delete'"),
    (ACCESS, "actions: []", "actions: [\n          '*/read'\n        ]"),
    (ACCESS, "(${environmentName})", "()"),
    (ACCESS, "resourceGroup().id\n    ]", "subscription().id\n    ]"),
)
def the_token_role_reads_and_writes_secrets_and_nothing_more(project: Project) -> None:
    (role,) = project.resources("Microsoft.Authorization/roleDefinitions")
    (permission,) = role.items("properties.permissions")
    verbs = ("getSecret/action", "setSecret/action", "readMetadata/action", "update/action")
    assert permission == {
        "actions": [],
        "notActions": [],
        "dataActions": [f"Microsoft.KeyVault/vaults/secrets/{verb}" for verb in verbs],
        "notDataActions": [],
    }
    assert "${environmentName}" in role.code("properties.roleName")
    assert role.at("properties.assignableScopes") == [Code("resourceGroup().id")]


@noticing(
    ("infra/app/roles.json", "4633458b", "b86a8fe4"),
    (ACCESS, f"scope: policyVault{EDITOR}", f"scope: tokenVault{EDITOR}"),
    (ACCESS, "roles['Key Vault Secrets User']", "roles['Key Vault Secrets Officer']"),
    (ACCESS, "roleDefinitionId: tokenKeeper.id", "roleDefinitionId: roles['Key Vault Secrets Officer']"),
)
def each_role_is_given_once_to_whom_it_belongs(project: Project) -> None:
    assert project.json("infra/app/roles.json") == BUILT_IN_ROLES
    given = {
        (one.code("scope"), _role(one.code("properties.roleDefinitionId")), one.code("properties.principalId"))
        for one in project.resources("Microsoft.Authorization/roleAssignments")
    }
    assert given == ASSIGNMENTS
    assert (
        project.bicep("main.bicep").of("module")["access"].code("params.principalId") == "identity.outputs.principalId"
    )


@noticing(
    (MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false"),
    (MONITORING, "disableLocalAuth: true", "disableLocalAuth: false"),
    (MONITORING, "    DisableLocalAuth", "    SamplingPercentage: 50\n    DisableLocalAuth"),
    (MONITORING, "    retentionInDays", "    workspaceCapping: {\n      dailyQuotaGb: 1\n    }\n    retentionInDays"),
    (MONITORING, "@minValue(90)", "@minValue(30)"),
)
def logs_take_no_keys_and_lose_no_record(project: Project) -> None:
    (component,) = project.resources("Microsoft.Insights/components")
    assert component.at("properties.DisableLocalAuth") is True
    assert "SamplingPercentage" not in component.mapping("properties")
    (workspace,) = project.resources("Microsoft.OperationalInsights/workspaces")
    assert workspace.at("properties.features.disableLocalAuth") is True
    assert "workspaceCapping" not in workspace.mapping("properties")
    assert "minValue(90)" in project.bicep("app/monitoring.bicep").of("param")["retentionDays"].decorators


@noticing(
    (BROKER, "'FC1'", "'Y1'"),
    (BROKER, "'3.13'", "'3.12'"),
    (BROKER, "type: 'UserAssigned'\n", "type: 'SystemAssigned'\n"),
    (BROKER, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'"),
    (BROKER, "httpsOnly: true", "httpsOnly: false"),
    (BROKER, "allow: false", "allow: true"),
    (BROKER, "['ftp', 'scm']", "['ftp']"),
    (BROKER, "            perInstanceConcurrency: httpConcurrency\n", ""),
)
def the_app_runs_on_flex_as_its_own_identity(project: Project) -> None:
    (plan,) = project.resources("Microsoft.Web/serverfarms")
    assert plan.body["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    (site,) = project.resources("Microsoft.Web/sites")
    assert site.at("identity.type") == "UserAssigned"
    assert site.at("properties.httpsOnly") is True
    assert site.at("properties.siteConfig.minTlsVersion") == "1.2"
    config = "properties.functionAppConfig"
    assert site.at(f"{config}.runtime") == {"name": "python", "version": "3.13"}
    assert site.at(f"{config}.scaleAndConcurrency.triggers.http.perInstanceConcurrency") == Code("httpConcurrency")
    assert site.at(f"{config}.deployment.storage.authentication.type") == "UserAssignedIdentity"
    (passwords,) = project.resources("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert passwords.at("properties.allow") is False
    assert isinstance(passwords.value, Loop)
    assert passwords.value.over == "door in['ftp','scm']"


@noticing((MAIN, "httpConcurrency int = 32", "httpConcurrency int = 1"))
def an_instance_takes_as_many_requests_as_the_broker_has_threads_for_exchanges(project: Project) -> None:
    needed = {name: GUID for name in settings_the_code_reads() if name.endswith(("_CLIENT_ID", "TENANT_ID"))}
    settings = read_settings(
        {
            **needed,
            "PUBLIC_URL": "https://a.example",
            "TOKEN_VAULT_URL": "https://b.example",
            "POLICY_VAULT_URL": "https://c.example",
            "REFRESH_SCHEDULE": "0 17 * * * *",
        }
    )
    assert project.bicep("main.bicep").of("param")["httpConcurrency"].value == settings.threads


@noticing((BROKER, "['ftp', 'scm']", "['ftp', 'scm', 'authsettingsV2']"))
def nothing_stands_in_front_of_the_apps_own_checks(project: Project) -> None:
    """docs/decisions/no-easy-auth.md."""
    for file in project.files():
        assert "authsettings" not in file.path.read_text(encoding="utf-8").lower()


@noticing(
    (SETTINGS, "    TOKEN_VAULT_URL: tokenVaultUrl\n", ""),
    (SETTINGS, "    AZURE_CLOUD:", "    AZURE_CLOUDS:"),
    (SETTINGS, "    CONSENT_TENANTS:", "    EXCHANGE_THREADS: '32'\n    CONSENT_TENANTS:"),
)
def the_settings_are_those_the_code_reads(project: Project) -> None:
    assert set(the_settings(project)) - HOST_SETTINGS == settings_the_code_reads() - DEFAULTED
    assert set(the_settings(project)) >= HOST_SETTINGS


@noticing(
    (SETTINGS, "POLICY_VAULT_URL: policyVaultUrl", "POLICY_VAULT_URL: tokenVaultUrl"),
    (MAIN, "'0 17 * * * *'", "'17 * * * *'"),
    (SETTINGS, "partnerCredential == 'secret'", "partnerCredential != 'secret'"),
)
def the_app_starts_with_these_settings_whichever_credential_is_chosen(project: Project) -> None:
    schedule = project.bicep("main.bicep").of("param")["refreshSchedule"].value
    for credential in ("federated", "certificate", "secret"):
        given = {
            "publicUrl": "https://broker.example",
            "identityClientId": GUID,
            "tokenVaultUrl": "https://a.vault.azure.net/",
            "policyVaultUrl": "https://b.vault.azure.net/",
            "partnerClientId": GUID,
            "brokerClientId": GUID,
            "brokerAudience": f"api://{GUID}/consent-broker-test",
            "refreshSchedule": str(schedule),
            "consentTenants": "",
            "tenant().tenantId": GUID,
            "environment().name": "AzureCloud",
            **{f"partnerCredential=='{kind}'?partnerCredentialName:''": "" for kind in ("certificate", "secret")},
            f"partnerCredential=='{credential}'?partnerCredentialName:''": "partner-credential",
        }
        written = {name: value for name, value in the_settings(project).items() if name not in HOST_SETTINGS}
        settings = read_settings({name: given[code.text] for name, code in written.items() if isinstance(code, Code)})
        assert bool(settings.partner_certificate_name) is (credential == "certificate")
        assert bool(settings.partner_client_secret_name) is (credential == "secret")


@noticing(
    (MAIN, "partnerClientId: createRegistrations ? registrations!.outputs.partnerClientId :", "partnerClientId:"),
    (SETTINGS, "name: 'appsettings'", "name: 'web'"),
    (BROKER, "    siteConfig: {", "    siteConfig: {\n      appSettings: []"),
)
def settings_are_a_resource_of_their_own_after_the_registrations(project: Project) -> None:
    (settings,) = project.resources("Microsoft.Web/sites/config")
    assert settings.body["name"] == "appsettings"
    (site,) = project.resources("Microsoft.Web/sites")
    assert "appSettings" not in site.mapping("properties.siteConfig")
    modules = project.bicep("main.bicep").of("module")
    assert "registrations!.outputs." in modules["settings"].code("params.partnerClientId")
    assert "broker.outputs." in str(project.bicep("main.bicep").of("var")["url"].value)
    assert modules["registrations"].code("params.publicUrl") == "url"


@noticing(
    (BROKER, "httpLoggingEnabled: false", "httpLoggingEnabled: true"),
    (BROKER, "detailedErrorLoggingEnabled: false", "detailedErrorLoggingEnabled: true"),
    (BROKER, "requestTracingEnabled: false", "requestTracingEnabled: true"),
    (BROKER, "resource noPasswords", f"{SITE_LOGS}resource noPasswords"),
    ("host.json", '"enableQueryStringTracing": false', '"enableQueryStringTracing": true'),
    ("host.json", '"Microsoft.AspNetCore": "Warning"', '"Microsoft.AspNetCore": "Information"'),
    ("requirements.txt", "azure-functions==", "azurefunctions-extensions-http-fastapi==1.0\nazure-functions=="),
    (SETTINGS, "    PUBLIC_URL:", "    PYTHON_ENABLE_INIT_INDEXING: '1'\n    PUBLIC_URL:"),
)
def nothing_writes_down_an_address_with_an_authorization_code_in_it(project: Project) -> None:
    (site,) = project.resources("Microsoft.Web/sites")
    for log in ("httpLoggingEnabled", "detailedErrorLoggingEnabled", "requestTracingEnabled"):
        assert site.at(f"properties.siteConfig.{log}") is False
    # AppServiceHTTPLogs has a column for the query string; so no log of the site is sent anywhere by Azure Monitor.
    assert not project.bicep("app/broker.bicep").resources("Microsoft.Insights/diagnosticSettings")
    logging = project.json("host.json")["logging"]
    assert logging["applicationInsights"]["enableQueryStringTracing"] is False
    assert logging["logLevel"]["Microsoft.AspNetCore"] == "Warning"
    # The host forwards whole requests to the worker, and logs where to, only with this extension and this setting.
    assert "azurefunctions-extensions-http" not in project.text("requirements.txt")
    assert "PYTHON_ENABLE_INIT_INDEXING" not in the_settings(project)


@noticing(
    ("host.json", '"isEnabled": false', '"isEnabled": true'),
    ("host.json", '"version": "2.0",', '"version": "2.0",\n  "telemetryMode": "OpenTelemetry",'),
    ("requirements.txt", "azure-functions==", "azure-monitor-opentelemetry==1.0\nazure-functions=="),
    (SETTINGS, "    PUBLIC_URL:", "    PYTHON_ENABLE_OPENTELEMETRY: 'true'\n    PUBLIC_URL:"),
    (SETTINGS, ";Authorization=AAD", ""),
)
def telemetry_goes_one_way_and_none_of_it_is_sampled(project: Project) -> None:
    host = project.json("host.json")
    assert host["logging"]["applicationInsights"]["samplingSettings"] == {"isEnabled": False}
    assert host["logging"]["logLevel"]["default"] == "Information"
    assert "telemetryMode" not in host
    assert "opentelemetry" not in project.text("requirements.txt")
    assert not [name for name in the_settings(project) if "TELEMETRY" in name]
    sent = the_settings(project)["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
    assert sent == Code("'ClientId=${identityClientId};Authorization=AAD'")


@noticing(
    (SAMPLE, "                'outputs'\n", ""),
    (SAMPLE, "audience: audience\n", ""),
    (SAMPLE, "type: 'SystemAssigned'", "type: 'None'"),
)
def the_sample_caller_shows_no_token_in_its_history(project: Project) -> None:
    (workflow,) = project.resources("Microsoft.Logic/workflows")
    assert workflow.at("identity.type") == "SystemAssigned"
    actions = workflow.mapping("properties.definition.actions")
    assert len(actions) == 2
    for name in actions:
        shown = workflow.at(f"properties.definition.actions.{name}.runtimeConfiguration")
        assert shown == {"secureData": {"properties": ["inputs", "outputs"]}}
    authentication = workflow.at("properties.definition.actions.Get_token.inputs.authentication")
    assert authentication == {"type": "ManagedServiceIdentity", "audience": Code("audience")}


@noticing(
    (VAULT, "isPrivate && empty(allowedAddresses) ? 'Disabled'", "isPrivate && empty(allowedAddresses) ? 'Enabled'"),
    (STORAGE, "isPrivate ? 'Deny'", "isPrivate ? 'Allow'"),
    (
        "infra/main.bicep",
        "isPrivate: vnetEnabled\n  }\n}\n\nmodule access",
        "isPrivate: false\n  }\n}\n\nmodule access",
    ),
    ("infra/app/network.bicep", "groupId: 'vault'", "groupId: 'blob'"),
    ("infra/app/network.bicep", "natGateway: {\n            id", "routeTable: {\n            id"),
)
def in_a_network_vaults_and_storage_are_closed_to_the_rest(project: Project) -> None:
    (vault,) = project.resources("Microsoft.KeyVault/vaults")
    opened = Code("isPrivate&&empty(allowedAddresses)?'Disabled':'Enabled'")
    assert vault.at("properties.publicNetworkAccess") == opened
    assert vault.at("properties.networkAcls.defaultAction") == Code("isPrivate?'Deny':'Allow'")
    (account,) = project.resources("Microsoft.Storage/storageAccounts")
    assert account.at("properties.publicNetworkAccess") == Code("isPrivate?'Disabled':'Enabled'")
    assert account.at("properties.networkAcls.defaultAction") == Code("isPrivate?'Deny':'Allow'")
    modules = project.bicep("main.bicep").of("module")
    assert {modules[name].code("params.isPrivate") for name in ("tokenVault", "policyVault", "storage")} == {
        "vnetEnabled"
    }
    endpoints = project.bicep("app/network.bicep").of("module")
    assert {name: one.at("params.groupId") for name, one in endpoints.items()} == {"vaults": "vault", "storage": "blob"}
    (network,) = project.resources("Microsoft.Network/virtualNetworks")
    app, _ = network.items("properties.subnets")
    assert isinstance(app["properties"], dict)
    assert "natGateway" in app["properties"]


def _role(code: str) -> str:
    """The name under which the role stands in the table, or the definition that is referred to."""
    named = re.fullmatch(r"subscriptionResourceId\('Microsoft.Authorization/roleDefinitions',roles\['(.+)'\]\)", code)
    return named.group(1) if named else code.removesuffix(".id")
