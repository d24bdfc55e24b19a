"""Names for tenants: what one policy document calls a tenant, all of them do, and so do those who ask for tokens.

A name that is given two tenants means neither, in any document: nobody can tell which one its author had in mind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from shared.setting_values import GUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantNames:
    """`ids` are tenants by their names, `contradicted` the documents that give a name two tenants. In lower case.

    `given` is what each document says.
    """

    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    ids: Mapping[str, str] = field(default_factory=dict)
    contradicted: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Mapping[str, Mapping[str, str]]) -> Self:
        """The names of all documents, each with its own."""
        meant: dict[str, dict[str, str]] = {}
        for document, names in documents.items():
            for name, tenant_id in names.items():
                meant.setdefault(name, {})[document] = tenant_id
        ids = {name: {*found.values()} for name, found in meant.items()}
        return cls(
            given=documents,
            ids={name: next(iter(found)) for name, found in ids.items() if len(found) == 1},
            contradicted={name: sorted(meant[name]) for name, found in ids.items() if len(found) > 1},
        )

    def beside(self, documents: Mapping[str, Mapping[str, str]]) -> Self:
        """The names there would be with these documents in the place of their own former versions."""
        return type(self).of({**self.given, **documents})

    def __contains__(self, name: object) -> bool:
        """Whether some document gives this name."""
        return name in self.ids or name in self.contradicted


def spelled(tenant: str) -> str:
    """A tenant as rows have it: blanks around it, capitals, and the braces some tools put around an id mean nothing."""
    asked = tenant.strip().lower()
    inner = asked[1:-1]
    return inner if asked[:1] == "{" and asked[-1:] == "}" and GUID.fullmatch(inner) else asked
