"""Damages that a check has to notice: in a snapshot, in a file that is read as it is, or in the Bicep itself."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

from tests.infra.deployment import Deployment, Resource, Value, is_of
from tests.infra.project import Project

# In place of a value: nothing stands there any more.
GONE = object()


@dataclass(frozen=True, slots=True)
class Place:
    """One resource of one deployment, in a copy that is there to be damaged."""

    project: Project
    deployment: str
    content: dict[str, Value]
    index: int

    @property
    def resources(self) -> list[dict[str, Value]]:
        return list[dict[str, Value]](self.content["predictedResources"])

    def damaged(self, resources: list[dict[str, Value]]) -> Project:
        content = {**self.content, "predictedResources": resources}
        return self.project.with_deployment(self.deployment, Deployment(content))


def places(project: Project, kind: str, name: str) -> Iterator[Place]:
    """Every resource of a type whose name begins so, in each deployment."""
    for deployment, one in project.deployments.items():
        for index, resource in enumerate(one.content["predictedResources"]):
            if is_of(resource, kind, name):
                yield Place(project, deployment, deepcopy(one.content), index)


@dataclass(frozen=True, slots=True)
class Put:
    """Another value in a resource, or none; a function makes it from the old one."""

    kind: str
    path: str
    value: Value
    name: str = ""

    def made_in(self, project: Project) -> Iterator[Project]:
        """The damage in one resource of one deployment after the other, wherever it changes something."""
        for place in places(project, self.kind, self.name):
            if self._changes(place.resources[place.index]):
                yield place.damaged(place.resources)

    def _changes(self, resource: dict[str, Value]) -> bool:
        parent, _, last = self.path.rpartition(".")
        holder: Value = Resource(resource).at(parent) if parent else resource
        step: Value = int(last) if isinstance(holder, list) else last
        before = deepcopy(holder)
        if self.value is GONE:
            del holder[step]
        elif callable(self.value):
            holder[step] = self.value(holder[step])
        elif isinstance(holder, list):
            holder[step : step + 1] = [self.value]  # one more, at the place after the last
        else:
            holder[step] = self.value
        return bool(holder != before)


@dataclass(frozen=True, slots=True)
class Removed:
    """A resource that is not made any more."""

    kind: str
    name: str = ""

    def made_in(self, project: Project) -> Iterator[Project]:
        for place in places(project, self.kind, self.name):
            yield place.damaged([*place.resources[: place.index], *place.resources[place.index + 1 :]])


@dataclass(frozen=True, slots=True)
class Added:
    """One resource more, made from one that is there."""

    kind: str
    change: Callable[[Value], Value]
    name: str = ""

    def made_in(self, project: Project) -> Iterator[Project]:
        for place in places(project, self.kind, self.name):
            yield place.damaged([*place.resources, self.change(deepcopy(place.resources[place.index]))])


@dataclass(frozen=True, slots=True)
class Output:
    """Something else that a deployment gives out."""

    name: str
    value: str

    def made_in(self, project: Project) -> Iterator[Project]:
        for name, one in project.deployments.items():
            outputs = {**one.outputs, self.name: self.value}
            yield project.with_deployment(name, Deployment({**one.content, "outputs": outputs}))


@dataclass(frozen=True, slots=True)
class Text:
    """Other words in a file that is read as it is."""

    file: str
    old: str
    new: str

    def made_in(self, project: Project) -> Iterator[Project]:
        text = project.text(self.file)
        assert self.old in text, f"{self.file} does not hold {self.old!r} any more"
        yield project.with_text(self.file, text.replace(self.old, self.new))


@dataclass(frozen=True, slots=True)
class Source:
    """Other words in a file of `infra/` that the compiler reads, seen in one deployment or in the template."""

    file: str
    old: str
    new: str
    seen_in: str = "plain"


type Damage = Put | Removed | Added | Output | Text
