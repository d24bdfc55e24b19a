"""The management application's consent in customers' tenants: made before it is needed, taken back with the rest.

It has no more there than the customer's grant set makes it need: to assign roles takes scopes of their own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from customers_http.change import Change
from customers_http.plan import ABSENT, CREATED, EXTENDED, REMOVED
from customers_http.seeing import held_in, told_error
from customers_http.trail import consent_removed, consented
from shared.consents.consent import MANAGEMENT_NAME
from shared.customers import management
from shared.customers.access import Actor, Actors
from shared.customers.customer import EnterpriseGrant
from shared.customers.errors import GrantsUnseen
from shared.customers.granted import extend, standing_of
from shared.customers.graph import Graph
from shared.customers.partner_center import PartnerCenter
from shared.entra.errors import ApplicationNotConsented
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

THERE, NONE = "there", "none"
TRIES, SECONDS_BETWEEN = 6, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """The management application for one customer: who acts, and how it stands with its consent there."""

    outcome: str
    actor: Actor | None = None
    error: BrokerError | None = None

    def fields(self, change: Change) -> Mapping[str, Any]:
        """As an operator reads it."""
        facts = {"tenant": change.tenant_id, "consent": MANAGEMENT_NAME}
        return {"outcome": self.outcome, **(told_error(self.error, facts) if self.error else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementConsent:
    """May block, and raises nothing of its own: without the management application the others' work goes on."""

    center: PartnerCenter
    graph: Graph
    graph_scope: str
    sleep: Callable[[float], None] = time.sleep

    def ready(self, change: Change, actors: Actors, *, partner: Actor, wanted: EnterpriseGrant) -> Manager:
        """Who acts, after its consent was made where it is missing, or extended by itself; a dry run does neither.

        Raises what says that the consent is no longer in force in whose name the operator asks, that of `partner`.
        """
        found = self.looked(change, actors, wanted)
        actor = found.actor
        if change.dry_run or actor is None or found.outcome not in {CREATED, EXTENDED}:
            return found
        client_id, is_new = actor.application.client_id, found.outcome == CREATED
        # With less than it should have it sees what is there all the same.
        seeing = None if is_new else actor
        try:
            token = (
                _token(actor, actors) if found.outcome == CREATED else actor.token(self.graph_scope, change.tenant_id)
            )
        except BrokerError as error:
            return Manager(outcome=error.code, error=error, actor=seeing)
        partner.require_in_force()
        try:
            is_made = (self._created if is_new else self._extended)(change, actor, token, wanted)
        except BrokerError as error:
            if error.transient:
                consented(change, client_id, error.code)
            return Manager(outcome=error.code, error=error, actor=seeing)
        if is_made:
            consented(change, client_id, found.outcome)
        self._wait(actor, change, wanted)
        return found

    def _created(self, change: Change, actor: Actor, token: AccessToken, wanted: EnterpriseGrant) -> bool:
        return self.center.consent(
            token,
            change.tenant_id,
            application_id=actor.application.client_id,
            display_name=management.DISPLAY_NAME,
            grant=wanted,
            correlation=change.correlation,
        )

    def _extended(self, change: Change, actor: Actor, token: AccessToken, wanted: EnterpriseGrant) -> bool:
        """Partner Center changes no consent: it adds to its own grant, as to those of the partner application."""
        standing = standing_of(self.graph, token, actor.application.client_id, correlation=change.correlation)
        granted = standing.grant_of(wanted.application_id)
        if granted is None:
            raise GrantsUnseen
        actor.require_in_force()
        extend(self.graph, token, granted, wanted.scopes, correlation=change.correlation)
        return True

    def _wait(self, actor: Actor, change: Change, wanted: EnterpriseGrant) -> None:
        """Until tokens come that have it all: Entra ID needs a moment to know a consent everywhere."""
        for _ in range(TRIES):
            try:
                if not _lacks(actor.token(self.graph_scope, change.tenant_id), wanted):
                    return
            except ApplicationNotConsented:
                pass
            except BrokerError:
                return  # whoever looks next meets it too, and says so
            self.sleep(SECONDS_BETWEEN)

    def looked(self, change: Change, actors: Actors, wanted: EnterpriseGrant = management.GRANTS) -> Manager:
        """Who acts, and how it stands: CREATED where it is not known there and could be, EXTENDED where it lacks."""
        try:
            actor = actors.management()
            if actor is None:
                return Manager(outcome=NONE)
            lacks = _lacks(actor.token(self.graph_scope, change.tenant_id), wanted)
        except ApplicationNotConsented:
            return Manager(outcome=CREATED, actor=actor)
        except BrokerError as error:
            return Manager(outcome=error.code, error=error)
        # Whoever consented to less of the usual ones has chosen so.
        return Manager(outcome=EXTENDED if lacks else THERE, actor=actor)

    def removed(self, change: Change, actors: Actors) -> Mapping[str, Any]:
        """Its consent there taken back too, as an operator reads it."""
        try:
            actor = actors.management()
            if actor is None:
                return Manager(outcome=NONE).fields(change)
            token = _token(actor, actors)
            is_removed = self.center.remove_consent(
                token,
                change.tenant_id,
                application_id=actor.application.client_id,
                correlation=change.correlation,
            )
        except BrokerError as error:
            return Manager(outcome=error.code, error=error).fields(change)
        outcome = REMOVED if is_removed else ABSENT
        consent_removed(change, actor.application.client_id, outcome)
        return Manager(outcome=outcome).fields(change)


def _token(actor: Actor, actors: Actors) -> AccessToken:
    """Partner Center's, of a consent that is in force still."""
    token = actor.token(actors.settings.cloud.partner_center_scope)
    actor.require_in_force()
    return token


def _lacks(token: AccessToken, wanted: EnterpriseGrant) -> bool:
    """Whether it lacks scopes that are wanted for roles; what it has of the others is left as it is."""
    roles = {scope.lower() for scope in wanted.scopes} - {scope.lower() for scope in management.GRANTS.scopes}
    return bool(roles - held_in(token))
