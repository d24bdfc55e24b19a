"""The end of a customer: no token is issued for it, then what the applications hold in its tenant is taken away.

Every step may be cut and done again: what there is to do is read from the tenant each time.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers_http import trail
from customers_http.change import Change
from customers_http.own_end import OwnEnd
from customers_http.removal_rights import RemovalRights, Rights
from customers_http.taking import (
    ABSENT,
    KEPT,
    LEFT,
    REMOVED,
    UNDONE,
    UNVERIFIED,
    WITH_PRINCIPAL,
    Item,
    Taking,
    consent_of,
    consent_taken,
    principal_of,
)
from shared.application_stops import ApplicationStops
from shared.customers.access import Actor, Actors
from shared.customers.holdings import GRANT, Holding
from shared.customers.partner_center import PartnerCenter
from shared.customers.patience import within
from shared.customers.replacements import Replacements
from shared.errors import BrokerError, InvalidRequest

REQUEST_SECONDS = 150.0
INCOMPLETE, RETURNED = "incomplete", "returned"
# Of a token that was issued a moment before, wherever it lies.
LONGEST_TOKEN_MINUTES = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarding:
    """Ends the work for customers, one a request; may block."""

    actors: Actors
    stops: ApplicationStops
    replacements: Replacements
    center: PartnerCenter
    rights: RemovalRights
    own_end: OwnEnd
    request_seconds: float = REQUEST_SECONDS

    def stop(self, change: Change) -> None:
        """Stop every token for the customer, before anything is taken away; raises what the rows raise.

        Raises InvalidRequest for a tenant of the partner's own.
        """
        if change.tenant_id in self.actors.settings.consent_tenants:
            raise InvalidRequest("tenant: one of the partner's own (CONSENT_TENANTS) is no customer to be offboarded.")
        if not change.dry_run:
            self.stops.offboard(change.tenant_id, by=change.operator.object_id)
            # What nobody has ended would be made anew by the next request.
            self.replacements.end(change.tenant_id)
            trail.offboarding(change)

    def remove(self, change: Change) -> dict[str, Any]:
        """Take everything away that can be, read again, and name the rest."""
        with within(self.request_seconds):
            items, rights = self._items(change)
        outcome = _whole(items)
        if not change.dry_run:
            trail.offboarded(change, self.actors.settings.partner_client_id, outcome, items)
            # That it is stopped stays, and is what counts.
            with suppress(BrokerError):
                if self.stops.is_offboarded(change.tenant_id):  # somebody may have taken it back meanwhile
                    self.stops.offboard(change.tenant_id, by=change.operator.object_id, outcome=outcome)
        return {
            "tenant": change.tenant_id,
            "consent": change.consent,
            "application_id": self.actors.settings.partner_client_id,
            "dry_run": change.dry_run,
            "outcome": outcome,
            "items": [one.fields(change.facts) for one in items],
            "management": rights.manager.fields(change),
            "issued_tokens_live_minutes": LONGEST_TOKEN_MINUTES,
            "commands": _commands(change, items),
        }

    def take_back(self, change: Change) -> dict[str, Any]:
        """Let tokens be issued for the customer again; nothing that was taken away comes back by that."""
        was_there = self.stops.take_back(change.tenant_id)
        if was_there:
            trail.returned(change)
        return {"tenant": change.tenant_id, "outcome": RETURNED if was_there else ABSENT}

    def _items(self, change: Change) -> tuple[list[Item], Rights]:
        partner, unusable = self._partner(change)
        rights, client_id = self.rights.ready(change, partner), self.actors.settings.partner_client_id
        take = partial(self._take_consent, change, partner, unusable)
        taking, unseen = self._taking(change, rights, client_id), rights.manager.error
        before: Sequence[Holding] | None = None
        if taking is not None:
            try:
                before = taking.there()
            except BrokerError as error:
                unseen = error
        if taking is None or before is None:
            items = self._unseen(change, client_id, take, unseen)
        else:
            items = _planned(client_id, before) if change.dry_run else taking.all(before, take)
        return [*items, *self._own(change, rights, is_clean=not _undone(items))], rights

    def _own(self, change: Change, rights: Rights, *, is_clean: bool) -> list[Item]:
        actor = rights.manager.actor
        if actor is None:
            return self.own_end.unreached(change, rights)
        take = partial(self._take_consent, change, actor, None)
        taking = self._taking(change, rights, actor.application.client_id)
        return self.own_end.items(change, rights, taking, take, is_clean=is_clean)

    def _partner(self, change: Change) -> tuple[Actor | None, BrokerError | None]:
        """Whoever asks Partner Center; without that consent the rest goes on."""
        try:
            return self.actors.partner(change.consent), None
        except InvalidRequest:
            raise
        except BrokerError as error:
            return None, error

    def _take_consent(self, change: Change, actor: Actor | None, unusable: BrokerError | None) -> bool:
        if actor is None:
            raise unusable or BrokerError()
        token = actor.token(self.actors.settings.cloud.partner_center_scope)
        actor.require_in_force()
        return self.center.remove_consent(
            token, change.tenant_id, application_id=actor.application.client_id, correlation=change.correlation
        )

    def _taking(self, change: Change, rights: Rights, client_id: str) -> Taking | None:
        if rights.token is None or rights.manager.actor is None:
            return None
        return Taking(
            graph=self.rights.graph,
            change=change,
            actor=rights.manager.actor,
            token=rights.token,
            application_id=client_id,
            sleep=self.own_end.sleep,
        )

    def _unseen(
        self, change: Change, client_id: str, take: Callable[[], bool], error: BrokerError | None
    ) -> list[Item]:
        """Where nobody may look: Partner Center's part is taken back, and Entra ID says whether there is an object."""
        consent = (
            Item(application_id=client_id, holding=consent_of(client_id), outcome=UNVERIFIED, error=error)
            if change.dry_run
            else consent_taken(client_id, take)
        )
        is_known = self.rights.is_known(change, client_id)
        if is_known is False:
            # Nothing is granted to what is not there; Partner Center is asked all the same.
            return [] if change.dry_run else [consent]
        outcome = LEFT if is_known else UNVERIFIED
        return [consent, Item(application_id=client_id, holding=principal_of(client_id), outcome=outcome, error=error)]


def _planned(client_id: str, before: Sequence[Holding]) -> list[Item]:
    """What a dry run tells: all that is there would go, and Partner Center's part where anything is granted."""
    items = [Item(application_id=client_id, holding=one, outcome=REMOVED) for one in before]
    is_granted = any(one.kind == GRANT for one in before)
    consent = Item(application_id=client_id, holding=consent_of(client_id), outcome=REMOVED if is_granted else ABSENT)
    return [*items[:-1], consent, *items[-1:]]


def _undone(items: Sequence[Item]) -> list[Item]:
    return [one for one in items if one.outcome in UNDONE]


def _whole(items: Sequence[Item]) -> str:
    if _undone(items):
        return INCOMPLETE
    return REMOVED if any(one.outcome in {REMOVED, WITH_PRINCIPAL} for one in items) else ABSENT


def _commands(change: Change, items: Sequence[Item]) -> list[str]:
    """What the customer's own administrator types for what is left: the object takes with it all that it holds."""
    left = dict.fromkeys(one.application_id for one in items if one.outcome in {*UNDONE, KEPT})
    if not _undone(items):
        return []
    sign_in = f"az login --tenant {change.tenant_id} --allow-no-subscriptions"
    return [sign_in, *(f"az ad sp delete --id {one}" for one in left)]
