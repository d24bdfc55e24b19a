"""Resources (the APIs a token is for) and their scopes: one spelling for all that mean the same."""

import re
from dataclasses import dataclass
from typing import Self

from shared.cloud import Cloud
from shared.errors import InvalidRequest
from shared.setting_values import GUID

DEFAULT_SCOPE = ".default"
MAX_LENGTH, LONGEST_SCOPE = 512, 2048
# In lower case. No query, fragment, user or list, and ASCII alone: lower-casing makes a Kelvin sign a "k", and one
# spelling would be compared as another.
IDENTIFIER = re.compile(r"(?:https|api)://[a-z0-9._-]+(?::[0-9]{1,5})?(?:/[a-z0-9._~/-]*)?", re.ASCII)
# RFC 6749 section 3.3: the characters of a scope.
NAME = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Scopes of one resource, as the authority takes them: `{resource}/{name}`, spelled in one way alone.

    `resource` is the exact audience: one that ends in a slash keeps it, so that `https://management.azure.com/` gives
    the double slash of `https://management.azure.com//.default` (learn: scopes-oidc, "trailing slash and .default").
    `family` is what policies, shares and records compare. `names` are in lower case and in order.
    """

    resource: str
    family: str
    names: tuple[str, ...] = (DEFAULT_SCOPE,)

    def __str__(self) -> str:
        return " ".join(f"{self.resource}/{name}" for name in self.names)

    @classmethod
    def of_resource(cls, resource: str, cloud: Cloud) -> Self:
        """The `.default` scope of a short name, an identifier URI or an application id; raises InvalidRequest."""
        known = cloud.known(resource)
        if known is not None:
            return cls(resource=known[0], family=known[1])
        identifier = cloud.resource(resource)
        if not is_resource(identifier):
            names = ", ".join(cloud.resources)
            raise InvalidRequest(f"resource: an identifier URI, an application id, or one of {names}.")
        return cls(resource=cloud.audience(identifier), family=cloud.canonical(identifier))

    @classmethod
    def parse(cls, scope: str, cloud: Cloud) -> Self:
        """One or more scopes of one resource as OAuth spells them; raises InvalidRequest for none or a bare name."""
        words = scope.split()
        if not words or len(scope) > LONGEST_SCOPE:
            raise InvalidRequest(f"scope: one or more scopes of one resource, {LONGEST_SCOPE} characters at most.")
        pairs = [_split(word) for word in words]
        resources = sorted({cloud.audience(resource) for resource, _ in pairs})
        if len(resources) > 1:
            raise InvalidRequest(f"scope: a token is for one resource; these are {' and '.join(resources[:2])}.")
        names = tuple(sorted({name.lower() for _, name in pairs}))
        if DEFAULT_SCOPE in names and len(names) > 1:
            raise InvalidRequest("scope: .default stands for all that is granted, and alone.")
        return cls(resource=resources[0], family=cloud.canonical(resources[0]), names=names)


def _split(word: str) -> tuple[str, str]:
    """Resource and name of one scope; only the last slash parts them."""
    resource, separator, name = word.rpartition("/")
    if not separator or not NAME.fullmatch(name):
        raise InvalidRequest("scope: it needs its resource, such as https://graph.microsoft.com/.default.")
    if not is_resource(resource):
        raise InvalidRequest("scope: its resource should be an identifier URI or an application id.")
    return resource, name


def is_resource(identifier: str) -> bool:
    """Whether this is an application id, or an absolute identifier URI that can be compared."""
    if len(identifier) > MAX_LENGTH or not identifier.isascii():
        return False
    form = identifier.lower()
    return bool(GUID.fullmatch(form) or IDENTIFIER.fullmatch(form))
