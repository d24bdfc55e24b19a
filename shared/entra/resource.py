"""Resources (the APIs a token is for) and scopes: short names, identifiers, and the rule that joins the two."""

import re
from dataclasses import dataclass
from typing import Self

from shared.cloud import Cloud
from shared.errors import InvalidRequest
from shared.setting_values import GUID

DEFAULT_SCOPE = ".default"
MAX_LENGTH = 512
# No query, fragment, user or list, and ASCII alone: lower-casing makes a Kelvin sign a "k", and one spelling would be
# compared as another.
IDENTIFIER = re.compile(r"(?:https|api)://[A-Za-z0-9._-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?", re.ASCII)
# RFC 6749 section 3.3: the characters of a scope.
NAME = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,512}")


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
        return self.resource.lower().rstrip("/")

    @classmethod
    def of_resource(cls, resource: str, cloud: Cloud) -> Self:
        """The `.default` scope of a short name, an identifier URI or an application id; raises InvalidRequest."""
        identifier = cloud.resource(resource)
        if not is_resource(identifier):
            names = ", ".join(cloud.resources)
            raise InvalidRequest(f"resource: an identifier URI, an application id, or one of {names}.")
        return cls(resource=identifier)

    @classmethod
    def parse(cls, scope: str) -> Self:
        """One scope as OAuth spells it; raises InvalidRequest for none, several, or a bare name."""
        if len(scope.split()) != 1:
            raise InvalidRequest("scope: exactly one scope of one resource; a token is for one resource only.")
        resource, separator, name = scope.strip().rpartition("/")
        if not separator or not NAME.fullmatch(name):
            raise InvalidRequest("scope: it needs its resource, such as https://graph.microsoft.com/.default.")
        if not is_resource(resource):
            raise InvalidRequest("scope: its resource should be an identifier URI or an application id.")
        return cls(resource=resource, name=name)


def is_resource(identifier: str) -> bool:
    """Whether this is an application id, or an absolute identifier URI that can be compared."""
    return len(identifier) <= MAX_LENGTH and bool(
        GUID.fullmatch(identifier.lower()) or IDENTIFIER.fullmatch(identifier)
    )
