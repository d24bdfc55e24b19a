"""One deployment as the compiler evaluates it: every resource it would make, and what it gives out."""

import json
from dataclasses import dataclass
from typing import Any

from tests.infra.kinds import SITE

type Value = Any  # JSON


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; what Azure knows only at run time is an expression in square brackets."""

    content: dict[str, Value]

    @property
    def id(self) -> str:
        return str(self.content["id"])

    @property
    def name(self) -> str:
        """The last part of its name."""
        return str(self.content["name"]).rpartition("/")[2]

    def at(self, path: str) -> Value:
        """What stands at a dotted path, such as `properties.subnets.0.name`; LookupError when nothing does."""
        value: Value = self.content
        for step in path.split("."):
            value = value[int(step) if isinstance(value, list) else step]
        return value

    def later(self, field: str) -> str:
        """The expression for a property that Azure gives it."""
        return f"reference('{self.id}', '{self.content['apiVersion']}').{field}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A snapshot's content."""

    content: dict[str, Value]

    @property
    def resources(self) -> list[Resource]:
        return [Resource(one) for one in self.content["predictedResources"]]

    @property
    def outputs(self) -> dict[str, str]:
        return dict(self.content["outputs"])

    @property
    def text(self) -> str:
        return json.dumps(self.content)

    @property
    def environment(self) -> str:
        return self.outputs["AZURE_RESOURCE_GROUP"].removeprefix("rg-")

    def all(self, kind: str, name: str = "") -> list[Resource]:
        """The resources of a type, whatever version, whose names begin so; there may be none."""
        return [one for one in self.resources if is_of(one.content, kind, name)]

    def one(self, kind: str, name: str = "") -> Resource:
        """The only resource of a type whose name begins so."""
        found = self.all(kind, name)
        assert len(found) == 1, f"{len(found)} resources of type {kind} named {name!r}"
        return found[0]

    def address(self, path: str) -> str:
        """A path of the broker, where it is reached."""
        url = self.outputs["BROKER_URL"]
        return f"[format('{{0}}{path}', {url[1:-1]})]" if url.startswith("[") else f"{url}{path}"

    @property
    def own_address(self) -> str:
        """The address that Azure gives the app."""
        return f"[format('https://{{0}}', {self.one(SITE).later('defaultHostName')})]"


def is_of(resource: dict[str, Value], kind: str, name: str) -> bool:
    """Whether it is of the type, and its name begins so."""
    # Microsoft Graph's have their version in the type, and a unique name in place of a name.
    called: str = resource["name"] if "name" in resource else resource["properties"].get("uniqueName", "")
    return resource["type"].partition("@")[0] == kind and called.rpartition("/")[2].startswith(name)
