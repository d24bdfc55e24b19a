"""What has to tell people how the broker fares: expiry, alerts, availability, and nothing that stays silent."""

import re

from tests.infra.bicep import Code, Loop, objects
from tests.infra.check import Project, noticing

MAIN = "infra/main.bicep"
EXPIRY, ALERTS, HEALTH = (f"infra/app/{name}.bicep" for name in ("expiry", "alerts", "availability"))


@noticing(
    (EXPIRY, "CloudEventSchemaV1_0", "EventGridSchema"),
    (EXPIRY, "'Microsoft.KeyVault.SecretNearExpiry'", "'Microsoft.KeyVault.SecretNewVersionCreated'"),
    (EXPIRY, "endpointType: 'MonitorAlert'", "endpointType: 'AzureFunction'"),
    (MAIN, "tokenVaultId: tokenVault.outputs.id", "tokenVaultId: policyVault.outputs.id"),
)
def near_expiry_reaches_people_without_any_code(project: Project) -> None:
    (subscription,) = project.resources("Microsoft.EventGrid/systemTopics/eventSubscriptions")
    assert subscription.at("properties.eventDeliverySchema") == "CloudEventSchemaV1_0"
    assert subscription.at("properties.destination.endpointType") == "MonitorAlert"
    assert subscription.at("properties.destination.properties.actionGroups") == [Code("actionGroupId")]
    assert subscription.at("properties.filter.includedEventTypes") == [
        f"Microsoft.KeyVault.{kind}{event}" for kind in ("Secret", "Certificate") for event in ("NearExpiry", "Expired")
    ]
    operations = project.bicep("main.bicep").of("module")["operations"]
    assert operations.at("params.tokenVaultId") == Code("tokenVault.outputs.id")


@noticing(
    (ALERTS, "        actionGroupId\n", ""),
    (ALERTS, "enabled: true", "enabled: false"),
    (ALERTS, "threshold: 0", "threshold: 1"),
    (ALERTS, "window: 'P2D'", "window: 'P1D'"),
    (ALERTS, "loadTextContent('queries/timer-silent.kql')", "loadTextContent('queries/proof-missing.kql')"),
    (ALERTS, "window: 'PT15M'", "window: 'PT5M'"),
)
def every_query_is_an_alert_that_tells_people(project: Project) -> None:
    (rule,) = project.resources("Microsoft.Insights/scheduledQueryRules")
    assert isinstance(rule.value, Loop)
    assert rule.value.over == "alert in alerts"
    assert rule.at("properties.enabled") is True
    assert rule.at("properties.actions.actionGroups") == [Code("actionGroupId")]
    (condition,) = rule.items("properties.criteria.allOf")
    assert condition["threshold"] == 0
    assert condition["operator"] == "GreaterThan"
    told = {alert["name"]: alert for alert in objects(project.bicep("app/alerts.bicep").of("var")["alerts"].value)}
    files = {path.stem for path in (project.root / "infra/app/queries").glob("*.kql")}
    assert set(told) == files
    for name, alert in told.items():
        assert alert["query"] == Code(f"loadTextContent('queries/{name}.kql')")
        # What happened between two looks is in neither of them otherwise.
        assert _minutes(str(alert["window"])) >= _minutes(str(alert["frequency"]))
    assert told["proof-missing"]["window"] == "P2D"


@noticing(
    (HEALTH, "/api/health'", "/api/openapi.json'"),
    (HEALTH, "ExpectedHttpStatusCode: 200", "ExpectedHttpStatusCode: 503"),
    (HEALTH, "failedLocationCount: 2", "failedLocationCount: 4"),
    (MAIN, "['emea-nl-ams-azr', 'us-va-ash-azr', 'apac-sg-sin-azr']", "['emea-nl-ams-azr']"),
)
def health_is_asked_from_outside(project: Project) -> None:
    (test,) = project.resources("Microsoft.Insights/webtests")
    assert test.at("properties.Request.RequestUrl") == Code("'${publicUrl}/api/health'")
    assert test.at("properties.ValidationRules.ExpectedHttpStatusCode") == 200
    (alert,) = project.resources("Microsoft.Insights/metricAlerts")
    needed = alert.at("properties.criteria.failedLocationCount")
    places = project.bicep("main.bicep").of("param")["testLocations"].value
    assert isinstance(needed, int)
    assert isinstance(places, list)
    assert 2 <= needed <= len(places)


@noticing(
    (MAIN, "{ 'azd-env-name': environmentName }", "{}"),
    ("infra/app/broker.bicep", "'azd-service-name': 'broker'", "'azd-service-name': 'api'"),
    ("infra/app/sample-caller.bicep", "  tags: tags\n", ""),
    ("infra/app/identity.bicep", "  location: location\n", "  location: 'westeurope'\n"),
)
def everything_carries_the_environments_tag_and_the_app_its_service(project: Project) -> None:
    assert project.bicep("main.bicep").of("var")["tags"].value == {"azd-env-name": Code("environmentName")}
    (site,) = project.resources("Microsoft.Web/sites")
    assert site.at("tags") == Code("union(tags,{'azd-service-name':'broker'})")
    assert "  broker:\n" in project.text("azure.yaml")
    for file in project.files():
        for one in file.every_resource():
            if "location" in one.body:
                assert "tags" in str(one.at("tags")), one.name
                assert one.at("location") in (Code("location"), "global"), one.name


@noticing(
    (MAIN, "output BROKER_URL string = url", "output brokerUrl string = url"),
    (MAIN, "BROKER_URL string = url", "BROKER_URL string = monitoring.outputs.connectionString"),
    (MAIN, "@description('Where alerts are sent; empty: they are seen in the portal alone.')\n", ""),
)
def parameters_are_described_and_outputs_are_environment_variables_without_secrets(project: Project) -> None:
    main = project.bicep("main.bicep")
    told = {name for name, one in main.of("param").items() if any("description(" in text for text in one.decorators)}
    assert set(main.of("param")) - told <= {"instanceMemoryMB", "sampleResource", "testFrequencySeconds"}
    for name, output in main.of("output").items():
        assert name == name.upper()
        assert "connection" not in str(output.value).lower()


def _minutes(duration: str) -> int:
    """An ISO 8601 duration of minutes, hours or days."""
    (number, unit), *more = re.findall(r"(\d+)([MHD])", duration)
    assert not more
    return int(number) * {"M": 1, "H": 60, "D": 1440}[unit]
