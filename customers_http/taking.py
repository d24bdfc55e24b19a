"""Taking away all that one application holds in a tenant, and reading again whether it is gone.

Nothing is called removed by the answer to a request alone: only where a reading afterwards does not show it any more.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customers_http.change import Change
from customers_http.seeing import told_error
from shared.customers.access import Actor
from shared.customers.graph import Graph
from shared.customers.holdings import CONSENT, NEEDS, PRINCIPAL, Holding, holdings_of
from shared.customers.patience import is_over
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

REMOVED, ABSENT, WITH_PRINCIPAL = "removed", "absent", "removed_with_principal"
LEFT, UNVERIFIED, KEPT = "left", "unverified", "kept"
# Somebody has to do something yet, or to look.
UNDONE = frozenset({LEFT, UNVERIFIED})
# What Graph was told goes from its lists after a while.
TRIES, SECONDS_BETWEEN = 6, 5.0
AGENT = f"{NEEDS[CONSENT]}, and admin agent of the partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that one application held, and what has become of it, or in a dry run would; `error` is the reason."""

    application_id: str
    holding: Holding
    outcome: str
    error: BrokerError | None = None

    def fields(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """As an operator reads it; `needs` is the role that was lacking, or may have been, of what is left."""
        told = {
            "application_id": self.application_id,
            "kind": self.holding.kind,
            "name": self.holding.name,
            "outcome": self.outcome,
        }
        needs = {"needs": self.holding.needs} if self.outcome in UNDONE else {}
        return {**told, **needs, **(told_error(self.error, facts) if self.error else {})}


def consent_of(application_id: str) -> Holding:
    """What Partner Center knows of the application's consent; it tells that to nobody before it is taken back."""
    return Holding(kind=CONSENT, path="", name=application_id, needs=AGENT)


def principal_of(application_id: str) -> Holding:
    """The application's object in a tenant that nobody can read."""
    return Holding(kind=PRINCIPAL, path="", name=application_id, needs=NEEDS[PRINCIPAL])


def consent_taken(application_id: str, take: Callable[[], bool]) -> Item:
    """Partner Center's part: its answer is all that there is to read."""
    try:
        outcome, error = (REMOVED if take() else ABSENT), None
    except BrokerError as refused:
        outcome, error = LEFT, refused
    return Item(application_id=application_id, holding=consent_of(application_id), outcome=outcome, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One application in one tenant, in the name of `actor` with its token of that tenant; may block."""

    graph: Graph
    change: Change
    actor: Actor
    token: AccessToken
    application_id: str
    sleep: Callable[[float], None] = time.sleep

    def there(self) -> Sequence[Holding]:
        """What it holds now; raises GraphRefused or GraphUnavailable."""
        return holdings_of(self.graph, self.token, self.application_id, correlation=self.change.correlation)

    def all(self, before: Sequence[Holding], take_consent: Callable[[], bool]) -> list[Item]:
        """Each thing as it then is: one that fails keeps no other from going, and the object itself goes last."""
        inner = [one for one in before if one.kind != PRINCIPAL]
        errors = self._removed(inner)
        consent = consent_taken(self.application_id, take_consent)
        errors |= self._removed([one for one in before if one.kind == PRINCIPAL])
        try:
            after = self._read_again([one for one in before if one.path not in errors])
        except BrokerError as error:
            items = [self._item(one, UNVERIFIED, errors.get(one.path, error)) for one in before]
            return _with_consent(items, consent)
        paths = {one.path for one in after}
        has_principal = any(one.kind == PRINCIPAL for one in after)
        items = [self._told(one, paths, errors.get(one.path), has_principal=has_principal) for one in before]
        known = {one.path for one in before}
        items += [self._item(one, LEFT) for one in after if one.path not in known]
        return _with_consent(items, consent)

    def _removed(self, holdings: Sequence[Holding]) -> dict[str, BrokerError]:
        """Path -> why it could not be taken away, of those that could not."""
        errors: dict[str, BrokerError] = {}
        for one in holdings:
            try:
                self.actor.require_in_force()
                self.graph.remove(self.token, one.path, correlation=self.change.correlation)
            except BrokerError as error:
                errors[one.path] = error
        return errors

    def _read_again(self, gone: Sequence[Holding]) -> Sequence[Holding]:
        """What is there still, once nothing of what was taken away is told any more, or after a while."""
        paths = {one.path for one in gone}
        for attempt in range(TRIES):
            after = self.there()
            if attempt == TRIES - 1 or is_over() or not paths & {one.path for one in after}:
                break
            self.sleep(SECONDS_BETWEEN)
        return after

    def _told(self, one: Holding, paths: set[str], error: BrokerError | None, *, has_principal: bool) -> Item:
        if one.path in paths:
            return self._item(one, LEFT, error)
        if error is not None and one.kind != PRINCIPAL and not has_principal:
            return self._item(one, WITH_PRINCIPAL, error)
        return self._item(one, REMOVED)

    def _item(self, one: Holding, outcome: str, error: BrokerError | None = None) -> Item:
        return Item(application_id=self.application_id, holding=one, outcome=outcome, error=error)


def _with_consent(items: list[Item], consent: Item) -> list[Item]:
    """Partner Center's part in its place: after what is granted, before the object itself."""
    at = next((index for index, one in enumerate(items) if one.holding.kind == PRINCIPAL), len(items))
    return [*items[:at], consent, *items[at:]]
