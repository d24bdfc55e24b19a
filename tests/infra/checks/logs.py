"""What is written down: every record, and no address with an authorization code in it."""

from tests.infra.check import noticing
from tests.infra.checks.settings import settings_of
from tests.infra.damage import Added, Put, Source, Text
from tests.infra.deployment import Value
from tests.infra.kinds import APP_SETTINGS, DIAGNOSTICS, IDENTITY, INSIGHTS, PACKAGE_STORAGE, SITE, VAULT, WORKSPACE
from tests.infra.project import Project

QUIET = ("httpLoggingEnabled", "detailedErrorLoggingEnabled", "requestTracingEnabled")
HOST, REQUIREMENTS, TEMPLATE = "host.json", "requirements.txt", "infra/main.json"


@noticing(
    Source("app/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false"),
    Put(INSIGHTS, "properties.DisableLocalAuth", value=False),
    Put(WORKSPACE, "properties.features.disableLocalAuth", value=False),
    Put(INSIGHTS, "properties.SamplingPercentage", 50),
    Put(INSIGHTS, "properties.WorkspaceResourceId", "elsewhere"),
    Put(WORKSPACE, "properties.workspaceCapping", {"dailyQuotaGb": 1}),
    Put(WORKSPACE, "properties.retentionInDays", 30),
    Text(TEMPLATE, '"minValue": 90', '"minValue": 30'),
)
def logs_take_no_keys_and_lose_no_record(project: Project) -> None:
    for deployment in project:
        insights, workspace = deployment.one(INSIGHTS), deployment.one(WORKSPACE)
        assert insights.at("properties.DisableLocalAuth") is True
        assert "SamplingPercentage" not in insights.at("properties")
        assert insights.at("properties.WorkspaceResourceId") == workspace.id
        assert workspace.at("properties.features.disableLocalAuth") is True
        assert "workspaceCapping" not in workspace.at("properties")
        assert workspace.at("properties.retentionInDays") == 90
    assert project.template["parameters"]["retentionDays"]["minValue"] == 90


def of_the_site(diagnostics: Value) -> Value:
    """The same setting, for the app."""
    return {**diagnostics, "id": diagnostics["id"].replace(VAULT, SITE)}


@noticing(
    Source("app/broker.bicep", "httpLoggingEnabled: false", "httpLoggingEnabled: true"),
    *(Put(SITE, f"properties.siteConfig.{log}", value=True) for log in QUIET),
    Added(DIAGNOSTICS, of_the_site, "audit"),
    Text(HOST, '"enableQueryStringTracing": false', '"enableQueryStringTracing": true'),
    Text(HOST, '"default": "Warning"', '"default": "Information"'),
    Text(REQUIREMENTS, "azure-functions==", "azurefunctions-extensions-http-fastapi==1.0\nazure-functions=="),
    Put(APP_SETTINGS, "properties.PYTHON_ENABLE_INIT_INDEXING", "1"),
)
def nothing_writes_down_an_address_with_an_authorization_code_in_it(project: Project) -> None:
    for deployment in project:
        for log in QUIET:
            assert deployment.one(SITE).at(f"properties.siteConfig.{log}") is False
        # AppServiceHTTPLogs has a column for the query string; so Azure Monitor sends logs of vaults and package alone.
        assert not [
            one.id for one in deployment.all(DIAGNOSTICS) if VAULT not in one.id and PACKAGE_STORAGE not in one.id
        ]
        # The host forwards whole requests to the worker, and logs where to, only with this setting and an extension.
        assert "PYTHON_ENABLE_INIT_INDEXING" not in settings_of(deployment)
    logging = project.json(HOST)["logging"]
    assert logging["applicationInsights"]["enableQueryStringTracing"] is False
    assert logging["logLevel"]["default"] == "Warning"
    assert "azurefunctions-extensions-http" not in project.text(REQUIREMENTS)


@noticing(
    Source("app/settings.bicep", ";Authorization=AAD", ""),
    Put(APP_SETTINGS, "properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD"),
    Put(APP_SETTINGS, "properties.PYTHON_ENABLE_OPENTELEMETRY", "true"),
    Text(HOST, '"isEnabled": false', '"isEnabled": true'),
    Text(HOST, '"Function": "Information"', '"Function": "Warning"'),
    Text(HOST, '"Host.Results": "Information"', '"Host.Results": "Warning"'),
    Text(HOST, '"Function.msi.User": "Information"', '"Function.msi.User": "Warning"'),
    Text(HOST, '"Function.token": "Warning",', '"Function.tokens": "Warning",'),
    Text(HOST, '"version": "2.0",', '"version": "2.0",\n  "telemetryMode": "OpenTelemetry",'),
    Text(REQUIREMENTS, "azure-functions==", "azure-monitor-opentelemetry==1.0\nazure-functions=="),
)
def telemetry_goes_one_way_and_of_the_records_none_is_lost(project: Project) -> None:
    for deployment in project:
        settings = settings_of(deployment)
        assert not [name for name in settings if "TELEMETRY" in name]
        client = deployment.one(IDENTITY).later("clientId")
        sent_as = f"[format('ClientId={{0}};Authorization=AAD', {client})]"
        assert settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] == sent_as
    host = project.json(HOST)
    assert host["logging"]["applicationInsights"]["samplingSettings"] == {"isEnabled": False}
    assert "telemetryMode" not in host
    assert "opentelemetry" not in project.text(REQUIREMENTS)
    # The hot functions lose the host's own lines, and no function loses its records.
    levels = host["logging"]["logLevel"]
    assert levels["Function"] == levels["Host.Results"] == "Information"
    quiet = {name for name, level in levels.items() if name.startswith("Function.") and level == "Warning"}
    assert quiet == {"Function.token", "Function.msi", "Function.msi_application", "Function.connect"}
    assert all(levels[f"{name}.User"] == "Information" for name in quiet)
