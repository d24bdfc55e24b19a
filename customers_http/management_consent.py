"""The management application's consent in customers' tenants: made before it is needed, taken back with the rest."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from customers_http.change import Change
from customers_http.plan import ABSENT, CREATED, REMOVED
from customers_http.seeing import told_error
from customers_http.trail import consent_removed, consented
from shared.consents.consent import MANAGEMENT_NAME
from shared.customers import management
from shared.customers.access import Actor, Actors
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
    graph_scope: str
    sleep: Callable[[float], None] = time.sleep

    def ready(self, change: Change, actors: Actors, *, partner: Actor) -> Manager:
        """Who acts, after its consent was made where it is missing; a dry run makes none.

        Raises what says that the consent is no longer in force in whose name the operator asks, that of `partner`.
        """
        found = self.looked(change, actors)
        if found.outcome != CREATED or change.dry_run or found.actor is None:
            return found
        try:
            token = _token(found.actor, actors)
        except BrokerError as error:
            return Manager(outcome=error.code, error=error)
        partner.require_in_force()
        try:
            is_made = self.center.consent(
                token,
                change.tenant_id,
                application_id=found.actor.application.client_id,
                display_name=management.DISPLAY_NAME,
                grant=management.GRANTS,
                correlation=change.correlation,
            )
        except BrokerError as error:
            if error.transient:
                consented(change, found.actor.application.client_id, error.code)
            return Manager(outcome=error.code, error=error)
        if is_made:
            consented(change, found.actor.application.client_id, CREATED)
        self._wait(found.actor, change)
        return found

    def _wait(self, actor: Actor, change: Change) -> None:
        """Until tokens come: Entra ID needs a moment to know a consent everywhere."""
        for _ in range(TRIES):
            try:
                actor.token(self.graph_scope, change.tenant_id)
            except ApplicationNotConsented:
                self.sleep(SECONDS_BETWEEN)
            except BrokerError:
                return  # whoever looks next meets it too, and says so
            else:
                return

    def looked(self, change: Change, actors: Actors) -> Manager:
        """Who acts, and whether the application is known there; CREATED where it is not, and could be."""
        try:
            actor = actors.management()
            if actor is None:
                return Manager(outcome=NONE)
            actor.token(self.graph_scope, change.tenant_id)
        except ApplicationNotConsented:
            return Manager(outcome=CREATED, actor=actor)
        except BrokerError as error:
            return Manager(outcome=error.code, error=error)
        return Manager(outcome=THERE, actor=actor)

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
