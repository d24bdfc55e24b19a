"""Granting, API by API: one POST for each that has nothing, one PATCH for each that lacks something.

Nothing that is there is taken away here, and one API that is refused keeps no other from its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from customers_http import plan
from customers_http.api_state import ApiState, held_by
from customers_http.change import Change
from customers_http.plan import ALREADY, INCOMPLETE, REFUSED, SERVICE_MISSING, Row
from customers_http.seeing import Seen
from shared.customers.access import Actor
from shared.customers.errors import (
    GraphRefused,
    PartnerCenterMfaMissing,
    PartnerCenterTokenRefused,
    PartnerCenterUnavailable,
)
from shared.customers.granted import extend, lacking
from shared.customers.graph import Graph
from shared.customers.partner_center import PartnerCenter
from shared.customers.patience import is_over
from shared.entra.errors import ServiceMissing
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

# What was just granted takes a while to be in tokens everywhere.
COMPARED_SECONDS, COMPARED_EVERY = 60.0, 5.0
# Said of the broker and for every customer alike: no row, but the answer.
FOR_ALL = (PartnerCenterMfaMissing, PartnerCenterTokenRefused, PartnerCenterUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where grants are made, by whom, and under which name the application is shown there."""

    change: Change
    actor: Actor
    center_token: AccessToken
    display_name: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """Makes what a plan says; may block for minutes, within one request."""

    center: PartnerCenter
    graph: Graph
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def follow(self, place: Place, rows: Sequence[Row], seen: Seen) -> Iterator[Row]:
        """Each API as it then is, one after the other; raises what is wrong for every customer alike.

        Before each change it is looked whether the consents are in force in whose name it is made.
        """
        until = self.monotonic() + COMPARED_SECONDS
        for row in rows:
            match row.outcome:
                case plan.CREATED:
                    yield self._created(place, row, until)
                case plan.EXTENDED:
                    yield self._extended(place, row, seen)
                case _:
                    yield row

    def post(self, place: Place, state: ApiState, scopes: Sequence[str]) -> bool:
        """Consent to scopes of one API; False when there is a consent to it."""
        place.actor.require_customer()
        return self.center.consent(
            place.center_token,
            place.change.tenant_id,
            application_id=place.client_id,
            display_name=place.display_name,
            grant=replace(state.grant, scopes=scopes).enterprise,
            correlation=place.change.correlation,
        )

    def _created(self, place: Place, row: Row, until: float) -> Row:
        place.actor.require_in_force()
        try:
            if self.post(place, row.state, row.state.grant.scopes):
                return row
        except FOR_ALL:
            raise
        except BrokerError as error:
            return self._refused(place, row, error)
        return self._compared(place, row, until)

    def _extended(self, place: Place, row: Row, seen: Seen) -> Row:
        granted, token, actor = row.state.granted, seen.extender, seen.actor
        if granted is None or token is None or actor is None:
            raise ValueError("an API without a grant, or nobody to extend it")
        for one in (place.actor, actor):
            one.require_in_force()
        try:
            extend(self.graph, token, granted, row.state.lacks, correlation=place.change.correlation)
        except GraphRefused as error:
            return row.became(REFUSED, error)
        return row

    def _refused(self, place: Place, row: Row, error: BrokerError) -> Row:
        """What is not there cannot be consented to, and that is no failure; an exchange tells."""
        try:
            place.actor.token(row.state.grant.default_scope, place.change.tenant_id)
        except ServiceMissing as missing:
            return row.became(SERVICE_MISSING, missing)
        except BrokerError:
            pass  # what Partner Center said is nearer to what was asked
        return row.became(REFUSED, error)

    def _compared(self, place: Place, row: Row, until: float) -> Row:
        """Partner Center knows a consent to this API: whether it has all that is wanted, tokens tell after a while."""
        while True:
            held = self._held(place, row)
            if not lacking(held, row.state.grant.scopes):
                return row.became(ALREADY)
            if self.monotonic() + COMPARED_EVERY > until or is_over():
                state = replace(row.state, there=held, is_granted=True)
                return replace(row.became(INCOMPLETE), state=state)
            self.sleep(COMPARED_EVERY)

    def _held(self, place: Place, row: Row) -> tuple[str, ...]:
        try:
            return held_by(place.actor.token(row.state.grant.default_scope, place.change.tenant_id))
        except BrokerError:
            return ()  # not yet, as far as anybody can tell
