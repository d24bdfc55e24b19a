"""What the partner application has in a customer's tenant, seen by whoever may read it; or why nobody does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.customers.access import Actor
from shared.customers.errors import GrantsUnseen
from shared.customers.granted import Standing, standing_of
from shared.customers.graph import Graph
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

MANAGEMENT, PARTNER = "management", "partner"
# Any of these lets an application read service principals and what was granted to them.
READING = frozenset({"directory.read.all", "directory.readwrite.all", "application.read.all"})
# Either lets it change them.
EXTENDING = frozenset({"delegatedpermissiongrant.readwrite.all", "directory.readwrite.all"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The standing and which application saw it, who acted, and the token of that tenant; `error` where none did."""

    standing: Standing | None = None
    by: str = ""
    token: AccessToken | None = None
    actor: Actor | None = None
    error: BrokerError | None = None

    @property
    def extender(self) -> AccessToken | None:
        """The token that may add to a grant that is there: the management application's, with the scope for it."""
        return self.token if self.by == MANAGEMENT and self.token and held_in(self.token) & EXTENDING else None

    def fields(self, facts: Mapping[str, str]) -> Mapping[str, Any]:
        """As an operator reads it."""
        return {"by": self.by} if self.error is None else {"by": "", **told_error(self.error, facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeing:
    """Looks into customers' tenants; may block and raises nothing of the tree."""

    graph: Graph
    graph_scope: str
    client_id: str

    def look(self, tenant_id: str, partner: Actor, management: Actor | None, *, correlation: str) -> Seen:
        """By the management application, else by the partner application where its own token may read."""
        if management is not None:
            seen = self._by(MANAGEMENT, tenant_id, management, correlation)
            if seen.error is None:
                return seen
        return self._by(PARTNER, tenant_id, partner, correlation)

    def _by(self, who: str, tenant_id: str, actor: Actor, correlation: str) -> Seen:
        try:
            token = actor.token(self.graph_scope, tenant_id)
            if not held_in(token) & READING:
                raise GrantsUnseen
            standing = standing_of(self.graph, token, self.client_id, correlation=correlation)
        except BrokerError as error:
            return Seen(error=error)
        return Seen(standing=standing, by=who, token=token, actor=actor)


def held_in(token: AccessToken) -> frozenset[str]:
    """The scopes that a token names, in lower case."""
    return frozenset(scope.rpartition("/")[2].lower() for scope in token.scope.split())


def told_error(error: BrokerError, facts: Mapping[str, str]) -> dict[str, Any]:
    """An error as a part of an answer tells it, its act with these facts."""
    codes = {"error_codes": [error.authority_code]} if error.authority_code is not None else {}
    return {
        "error": error.code,
        "says": f"{error.says} {error.detail}".strip(),
        **error.knowing(**facts).what_to_do,
        **codes,
    }
