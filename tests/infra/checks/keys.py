"""Nothing asks for a key, takes a secret or gives one out."""

import re

from tests.infra.check import noticing
from tests.infra.damage import Output, Put, Source, Text
from tests.infra.kinds import APP_SETTINGS, APPLICATION, PARTNER_APPLICATION
from tests.infra.project import Project

KEY = re.compile(r"\blist[A-Z]\w*\(|AccountKey=|SharedAccessSignature|passwordCredentials|keyCredentials")
SECURE = re.compile(r'"type": "secure', re.IGNORECASE)
TEMPLATE = "infra/main.json"
ALERT_PARAMETER = '"alertEmail": {\n      "type": "string"'
OUTPUT = '"BROKER_APP_NAME": {\n      "type": "string"'


@noticing(
    Source(
        "app/storage.bicep",
        "output id string = account.id\n",
        "output id string = account.id\n#disable-next-line outputs-should-not-contain-secrets\n"
        "output key string = account.listKeys().keys[0].value\n",
        seen_in="template",
    ),
    Put(APP_SETTINGS, "properties.AzureWebJobsStorage__blobServiceUri", "[listKeys('storage').keys[0].value]"),
    Put(APP_SETTINGS, "properties.AzureWebJobsStorage__credential", "AccountKey=abc"),
    Put(APPLICATION, "properties.passwordCredentials", [], PARTNER_APPLICATION),
    Text(TEMPLATE, "[reference(resourceId('Microsoft.Storage/", "[listKeys(resourceId('Microsoft.Storage/"),
    Text(TEMPLATE, ALERT_PARAMETER, ALERT_PARAMETER.replace("string", "securestring")),
)
def nothing_asks_for_a_key_or_takes_a_secret(project: Project) -> None:
    for text in (project.text(TEMPLATE), *(deployment.text for deployment in project)):
        assert not KEY.findall(text)
        assert not SECURE.findall(text)


@noticing(
    Source(
        "main.bicep", "output BROKER_URL string = url", "output BROKER_URL string = monitoring.outputs.connectionString"
    ),
    Output("brokerUrl", "https://broker.example"),
    Output("BROKER_URL", "[reference('insights').ConnectionString]"),
    Text(TEMPLATE, OUTPUT, '"brokerAppName": {\n      "type": "string"'),
)
def outputs_are_environment_variables_without_secrets(project: Project) -> None:
    for deployment in project:
        assert deployment.outputs.keys() == project.template["outputs"].keys()
        for name, value in deployment.outputs.items():
            assert name == name.upper()
            assert "connection" not in value.lower()
