"""What has to tell people how the broker fares: expiry, alerts, availability, and nothing that stays silent."""

import re

from tests.documents.pages import anchors
from tests.infra.check import noticing
from tests.infra.damage import GONE, Added, Put, Removed, Source, Text
from tests.infra.kinds import (
    ACTION_GROUP,
    AVAILABILITY_TEST,
    EXPIRY_EVENTS,
    EXPIRY_TOPIC,
    INSIGHTS,
    LOG_ALERT,
    METRIC_ALERT,
    TOKEN_VAULT,
    VAULT,
    WORKBOOK,
    WORKSPACE,
)
from tests.infra.project import INFRA, ROOT, Project

DESTINATION, FILTER = "properties.destination", "properties.filter.includedEventTypes"
CONDITION = "properties.criteria.allOf.0"


@noticing(
    Source("app/expiry.bicep", "endpointType: 'MonitorAlert'", "endpointType: 'WebHook'"),
    Put(EXPIRY_EVENTS, "properties.eventDeliverySchema", "EventGridSchema"),
    Put(EXPIRY_EVENTS, f"{FILTER}.0", "Microsoft.KeyVault.SecretNewVersionCreated"),
    Put(EXPIRY_EVENTS, f"{DESTINATION}.endpointType", "AzureFunction"),
    Put(EXPIRY_EVENTS, f"{DESTINATION}.properties.actionGroups", []),
    Put(EXPIRY_TOPIC, "properties.source", lambda vault: vault.replace(TOKEN_VAULT, "kv-policy-")),
    Removed(EXPIRY_EVENTS),
)
def near_expiry_reaches_people_without_any_code(project: Project) -> None:
    for deployment in project:
        assert deployment.one(EXPIRY_TOPIC).at("properties.source") == deployment.one(VAULT, TOKEN_VAULT).id
        events = deployment.one(EXPIRY_EVENTS)
        assert events.at("properties.eventDeliverySchema") == "CloudEventSchemaV1_0"
        assert events.at(f"{DESTINATION}.endpointType") == "MonitorAlert"
        assert events.at(f"{DESTINATION}.properties.actionGroups") == [deployment.one(ACTION_GROUP).id]
        assert events.at(FILTER) == [
            f"Microsoft.KeyVault.{kind}{event}"
            for kind in ("Secret", "Certificate")
            for event in ("NearExpiry", "Expired")
        ]


@noticing(
    Source(
        "app/alerts.bicep",
        "loadTextContent('queries/timer-silent.kql')",
        "loadTextContent('queries/proof-missing.kql')",
    ),
    Put(LOG_ALERT, f"{CONDITION}.query", "AppTraces"),
    Put(LOG_ALERT, "properties.actions.actionGroups", []),
    Put(LOG_ALERT, "properties.scopes", []),
    Put(LOG_ALERT, "properties.enabled", value=False),
    Put(LOG_ALERT, f"{CONDITION}.threshold", 1),
    Put(LOG_ALERT, f"{CONDITION}.operator", "LessThan"),
    Put(LOG_ALERT, "properties.windowSize", "PT5M"),
    Put(LOG_ALERT, "properties.windowSize", "P1D", "alerts-proof-missing"),
    Added(LOG_ALERT, lambda rule: rule),
    Removed(LOG_ALERT),
)
def every_query_is_an_alert_that_tells_people(project: Project) -> None:
    files = {path.stem: path.read_text(encoding="utf-8") for path in (INFRA / "app/queries").glob("*.kql")}
    for deployment in project:
        rules = deployment.all(LOG_ALERT)
        told = {one.name.removeprefix(f"{deployment.environment}-"): one for one in rules}
        assert {name: one.at(f"{CONDITION}.query") for name, one in told.items()} == files
        assert len(rules) == len(files)
        for rule in rules:
            assert rule.at("properties.enabled") is True
            assert rule.at("properties.scopes") == [deployment.one(WORKSPACE).id]
            assert rule.at("properties.actions.actionGroups") == [deployment.one(ACTION_GROUP).id]
            assert (rule.at(f"{CONDITION}.operator"), rule.at(f"{CONDITION}.threshold")) == ("GreaterThan", 0)
            # What happened between two looks is in neither of them otherwise.
            window, frequency = rule.at("properties.windowSize"), rule.at("properties.evaluationFrequency")
            assert minutes(window) >= minutes(frequency)
        assert told["proof-missing"].at("properties.windowSize") == "P2D"


PLACE = re.compile(r"What happened, who notices and what to do: docs/troubleshooting\.md#([a-z-]+)$")


@noticing(
    Source("app/alerts.bicep", "docs/troubleshooting.md#${alert.name}", "docs/operate.md"),
    Put(LOG_ALERT, "properties.description", "Look at the pages."),
    Put(METRIC_ALERT, "properties.description", "What happened: docs/troubleshooting.md#nowhere"),
    Put(EXPIRY_EVENTS, f"{DESTINATION}.properties.description", ""),
)
def every_alert_names_the_place_of_the_page_that_says_what_to_do(project: Project) -> None:
    page = anchors((ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8"))
    for deployment in project:
        told = {one.name: one.at("properties.description") for one in deployment.all(LOG_ALERT)}
        told["down"] = deployment.one(METRIC_ALERT).at("properties.description")
        told["near-expiry"] = deployment.one(EXPIRY_EVENTS).at(f"{DESTINATION}.properties.description")
        for name, text in told.items():
            place = PLACE.search(text)
            assert place
            assert name.endswith(place[1])
            assert place[1] in page


def minutes(duration: str) -> int:
    """An ISO 8601 duration of minutes, hours or days."""
    ((number, unit),) = re.findall(r"(\d+)([MHD])", duration)
    return int(number) * {"M": 1, "H": 60, "D": 1440}[unit]


@noticing(
    Source("app/action-group.bicep", "empty(email) ? []", "!empty(email) ? []", seen_in="alerts"),
    Put(ACTION_GROUP, "properties.enabled", value=False),
    Put(ACTION_GROUP, "properties.emailReceivers", [{"emailAddress": "somebody@example.com"}]),
)
def alerts_go_to_the_address_that_is_given_and_to_no_other(project: Project) -> None:
    for name, deployment in project.deployments.items():
        group = deployment.one(ACTION_GROUP)
        assert group.at("properties.enabled") is True
        addresses = [one["emailAddress"] for one in group.at("properties.emailReceivers")]
        assert addresses == (["operations@partner.example"] if name == "alerts" else [])


@noticing(
    Source("app/availability.bicep", "failedLocationCount: 2", "failedLocationCount: 4"),
    Put(AVAILABILITY_TEST, "properties.Request.RequestUrl", "https://another.example/api/health"),
    Put(AVAILABILITY_TEST, "properties.ValidationRules.ExpectedHttpStatusCode", 503),
    Put(AVAILABILITY_TEST, "properties.Enabled", value=False),
    Put(AVAILABILITY_TEST, "properties.Locations", [{"Id": "emea-nl-ams-azr"}]),
    Put(METRIC_ALERT, "properties.criteria.failedLocationCount", 4),
    Put(METRIC_ALERT, "properties.criteria.webTestId", "another"),
    Put(METRIC_ALERT, "properties.enabled", value=False),
    Put(METRIC_ALERT, "properties.actions", []),
)
def health_is_asked_from_outside(project: Project) -> None:
    for deployment in project:
        test, alert = deployment.one(AVAILABILITY_TEST), deployment.one(METRIC_ALERT)
        assert test.at("properties.Enabled") is True
        assert test.at("properties.Request.RequestUrl") == deployment.address("/api/health")
        assert test.at("properties.ValidationRules.ExpectedHttpStatusCode") == 200
        assert alert.at("properties.enabled") is True
        assert alert.at("properties.criteria.webTestId") == test.id
        assert alert.at("properties.actions") == [{"actionGroupId": deployment.one(ACTION_GROUP).id}]
        needed = alert.at("properties.criteria.failedLocationCount")
        assert 2 <= needed <= len(test.at("properties.Locations"))


@noticing(
    Source("app/workbook.bicep", "sourceId: workspaceId", "sourceId: '${workspaceId}-other'"),
    Put(WORKBOOK, "properties.sourceId", "another"),
    Put(WORKBOOK, "properties.serializedData", "{}"),
    Put(AVAILABILITY_TEST, "tags", lambda tags: {"azd-env-name": tags["azd-env-name"]}),
    Text("infra/app/workbook.json", "Notebook/1.0", "Notebook/2.0"),
    Put(WORKBOOK, "properties.serializedData", GONE),
)
def the_workbook_reads_the_workspace_and_the_portal_finds_the_test(project: Project) -> None:
    for deployment in project:
        workbook = deployment.one(WORKBOOK)
        assert workbook.at("properties.sourceId") == deployment.one(WORKSPACE).id
        assert workbook.at("properties.serializedData") == project.text("infra/app/workbook.json")
        # The tag by which the portal shows a test beside the resource it belongs to.
        assert f"hidden-link:{deployment.one(INSIGHTS).id}" in deployment.one(AVAILABILITY_TEST).at("tags")
