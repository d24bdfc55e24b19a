"""Resources (the APIs a token is for) and scopes: short names, identifiers, and the rule that joins the two."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from shared.errors import InvalidRequest
from shared.setting_values import GUID

DEFAULT_SCOPE = ".default"
MAX_LENGTH = 512
# Short names people know, for the public cloud.
ALIASES = {
    "graph": "https://graph.microsoft.com",
    "arm": "https://management.azure.com",
    "partnercenter": "https://api.partnercenter.microsoft.com",
    "exchange": "https://outlook.office365.com",
    "keyvault": "https://vault.azure.net",
    "aadgraph": "https://graph.windows.net",
    "teams": "48ac35b8-9aa8-4d74-927d-1f4a14a0b239",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One scope of one resource, as the authority takes it: `{resource}/{name}`.

    A resource that ends in a slash keeps it, so that `https://management.azure.com/` gives the double slash of
    `https://management.azure.com//.default` (learn: scopes-oidc, "trailing slash and .default").
    """

    resource: str
    name: str = DEFAULT_SCOPE

    def __str__(self) -> str:
        return f"{self.resource}/{self.name}"

    @property
    def canonical_resource(self) -> str:
        """The resource as policies compare it: lower case, without the trailing slash."""
        return canonical(self.resource)

    @classmethod
    def of_resource(cls, resource: str) -> Self:
        """The `.default` scope of a short name, an identifier URI or an application id; raises InvalidRequest."""
        return cls(resource=_checked(ALIASES.get(resource.lower(), resource)))

    @classmethod
    def parse(cls, scope: str) -> Self:
        """One scope as OAuth spells it; raises InvalidRequest for none, several, or a bare name."""
        if len(scope.split()) != 1:
            raise InvalidRequest("scope: exactly one scope of one resource; a token is for one resource only.")
        resource, separator, name = scope.strip().rpartition("/")
        if not separator or not name:
            raise InvalidRequest("scope: it needs its resource, such as https://graph.microsoft.com/.default.")
        return cls(resource=_checked(resource), name=name)


def canonical(resource: str) -> str:
    """A short name or identifier as policies compare it."""
    return ALIASES.get(resource.lower(), resource).lower().rstrip("/")


def _checked(resource: str) -> str:
    """The resource, if it is an application id or an absolute identifier URI."""
    if GUID.fullmatch(resource.lower()):
        return resource
    parts = urlsplit(resource) if resource.isprintable() and " " not in resource else None
    known = (
        parts is not None and parts.scheme in {"https", "api"} and parts.netloc and not (parts.query or parts.fragment)
    )
    if not known or len(resource) > MAX_LENGTH:
        names = ", ".join(ALIASES)
        raise InvalidRequest(f"resource: an identifier URI, an application id, or one of {names}.")
    return resource
