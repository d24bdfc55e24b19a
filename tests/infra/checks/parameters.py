"""What a deployment is asked for: every parameter has its meaning beside it."""

from tests.infra.check import noticing
from tests.infra.damage import Source, Text
from tests.infra.project import Project

TEMPLATE = "infra/main.json"
DESCRIPTION = "@description('Where alerts are sent; empty: they are seen in the portal alone.')\n"
# Their names say it all, or the parameter before them does.
PLAIN_NAMES = {"instanceMemoryMB", "sampleResource", "testFrequencySeconds"}


@noticing(
    Source("main.bicep", DESCRIPTION, "", seen_in="template"),
    Text(TEMPLATE, '"description": "Where alerts are sent; empty: they are seen in the portal alone."', ""),
)
def parameters_are_described(project: Project) -> None:
    parameters = project.template["parameters"]
    described = {name for name, one in parameters.items() if one.get("metadata", {}).get("description")}
    assert parameters.keys() - described == PLAIN_NAMES
