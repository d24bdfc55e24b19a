"""What a `scope` parameter asks for: one resource, some of its scopes, and OpenID Connect's own."""

from dataclasses import dataclass

from local.entra.aadsts import EntraError
from local.entra.directory import Directory
from local.world import GRAPH, Resource

OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
DEFAULT = ".default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedScopes:
    """A checked scope parameter; `prefix` is the resource as it was written, the slash before the scope left out."""

    text: str
    resource: Resource
    prefix: str
    names: tuple[str, ...]
    openid: frozenset[str]

    @property
    def audience(self) -> str:
        """The `aud` of the token: a version 2 resource's application id, a version 1 resource's name as requested.

        `https://management.azure.com//.default` therefore yields the audience with its trailing slash.
        """
        if self.resource.version > 1 or not self.prefix:
            return self.resource.app_id
        return self.prefix

    def written(self, names: tuple[str, ...]) -> str:
        """The response's `scope`: the names granted, each as a full scope, `.default` when it was asked for."""
        asked_default = (DEFAULT,) if DEFAULT in self.names else ()
        full = [f"{self.prefix}/{name}" if self.prefix else name for name in (*names, *asked_default)]
        return " ".join([*full, *sorted(self.openid - {"offline_access"})])


def parse_scopes(text: str, directory: Directory, *, tenant: str) -> RequestedScopes:
    """Check a scope parameter; raises AADSTS70011, 28000 (several resources) or 500011 (unknown resource).

    A scope without a resource is Microsoft Graph's, and so is a request for OpenID Connect's scopes alone.
    """
    words = text.split()
    if not words:
        raise EntraError(70011, scope=text)
    asked = [_split(word) for word in words if word not in OPENID_SCOPES] or [("", "")]
    resources = [directory.resource(prefix or GRAPH) for prefix, _ in asked]
    for (prefix, _), resource in zip(asked, resources, strict=True):
        if resource is None:
            raise EntraError(500011, resource=prefix, tenant=tenant)
    known = [resource for resource in resources if resource is not None]
    if len({resource.app_id for resource in known}) > 1:
        raise EntraError(28000, scope=text)
    names = tuple(name for _, name in asked if name)
    if DEFAULT in names and len(set(names)) > 1:
        raise EntraError(70011, scope=text)
    return RequestedScopes(
        text=text, resource=known[0], prefix=asked[0][0], names=names, openid=OPENID_SCOPES.intersection(words)
    )


def _split(word: str) -> tuple[str, str]:
    # Only the last slash parts resource and scope: a double slash leaves one to the resource.
    prefix, _, name = word.rpartition("/")
    if not name:
        raise EntraError(70011, scope=word)
    return prefix, name
