"""The application's consent in one customer's tenant: what it would come to, is made to be, and is taken back."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from customers_http.api_state import states_of
from customers_http.case import Case
from customers_http.change import Change
from customers_http.granting import Granting, Place
from customers_http.management_consent import ManagementConsent, Manager
from customers_http.plan import (
    ABSENT,
    REMOVED,
    REPLACED,
    TRIED,
    UNCHANGED,
    Row,
    digest,
    is_complete,
    is_ended,
    planned,
    what_removing_does,
    whole_outcome,
)
from customers_http.replacing import Replacing
from customers_http.requirements import require_known, require_shown, roles_now
from customers_http.role_granting import RoleGranting
from customers_http.role_rows import RoleRow, has_all_roles, with_roles
from customers_http.seeing import Seeing
from customers_http.trail import consent_removed, consented
from shared.application_stops import ApplicationStops
from shared.clock import Clock
from shared.customers import management
from shared.customers.access import Actor, Actors
from shared.customers.application_grants import GrantSet
from shared.customers.errors import GraphUnavailable, PartnerCenterUnavailable
from shared.customers.exclusions import Exclusions
from shared.customers.grant_sets import read_grants
from shared.customers.offboarded import CustomerOffboarded
from shared.customers.patience import within
from shared.customers.replacements import Replacements, with_unfinished
from shared.errors import BrokerError
from shared.vault import SecretVault

# What begins in time ends some twenty seconds later at the latest (shared/outbound.py).
REQUEST_SECONDS = 150.0
IN_DOUBT = "What was asked may have been done: repeat this request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Changes the application's consent in customers' tenants, one customer a request; may block."""

    actors: Actors
    policy_vault: SecretVault
    exclusions: Exclusions
    stops: ApplicationStops
    clock: Clock
    seeing: Seeing
    granting: Granting
    replacing: Replacing
    replacements: Replacements
    management: ManagementConsent
    roles: RoleGranting
    request_seconds: float = REQUEST_SECONDS

    def grant(self, change: Change) -> dict[str, Any]:
        """Give the application what the grant set says, beside what it has; nothing goes without `replace`."""
        with within(self.request_seconds):
            return self._granted(change)

    def remove(self, change: Change) -> dict[str, Any]:
        """Take all back that the applications have; where nothing is, nothing is done."""
        with within(self.request_seconds):
            return self._removed(change)

    def _granted(self, change: Change) -> dict[str, Any]:
        self.exclusions.require_none(change.tenant_id, self.clock())
        self._require_customer(change.tenant_id)
        # It takes minutes, and whoever offboards the customer meanwhile ends it before its next change.
        guard = partial(self._require_customer, change.tenant_id)
        actor = replace(self.actors.partner(change.consent), require_customer=guard)
        grants = self._grants(change)
        wanted = management.wanted(app_roles=bool(grants.with_app_roles), directory_roles=bool(grants.directory_roles))
        manager = self.management.ready(change, self.actors, partner=actor, wanted=wanted)
        case = self._case(change, actor, manager, grants)
        may_replace = change.replace and case.seen.standing is not None
        rows = planned(states_of(case), can_extend=case.seen.extender is not None, may_replace=may_replace)
        plan = {"plan": digest(change.tenant_id, rows)} if any(row.outcome == REPLACED for row in rows) else {}
        if not change.dry_run:
            rows, before = self._followed(case, rows, roles_now(self.roles, case, manager)), rows
            if is_ended(before, rows):
                self.replacements.end(change.tenant_id)
        roles = self.roles.follow(case, manager)
        complete = is_complete(rows) and has_all_roles(roles)
        told = self._told(
            change, with_roles(whole_outcome(rows), roles), set=case.grants.name, complete=complete, **plan
        )
        return {
            **told,
            "seen": case.seen.fields(change.facts),
            "management": manager.fields(change),
            "grants": [row.fields(change.facts) for row in rows],
            "roles": [row.fields(change.facts) for row in roles],
        }

    def _removed(self, change: Change) -> dict[str, Any]:
        actor = self.actors.partner(change.consent)
        if change.dry_run:
            return self._would_remove(change, actor)
        token = actor.token(self.actors.settings.cloud.partner_center_scope)
        actor.require_in_force()
        try:
            is_removed = self.granting.center.remove_consent(
                token, change.tenant_id, application_id=actor.application.client_id, correlation=change.correlation
            )
        except PartnerCenterUnavailable as error:
            consent_removed(change, actor.application.client_id, error.code)
            raise _told_more(error, IN_DOUBT) from error
        outcome = REMOVED if is_removed else ABSENT
        consent_removed(change, actor.application.client_id, outcome)
        self.replacements.end(change.tenant_id)
        return self._told(change, outcome, management=self.management.removed(change, self.actors))

    def _would_remove(self, change: Change, actor: Actor) -> dict[str, Any]:
        manager = self.management.looked(change, self.actors)
        case = self._case(change, actor, manager, self._grants(change))
        return self._told(change, what_removing_does(states_of(case)), management=manager.fields(change))

    def _require_customer(self, tenant_id: str) -> None:
        if self.stops.is_offboarded(tenant_id):
            raise CustomerOffboarded

    def _grants(self, change: Change) -> GrantSet:
        cloud = self.actors.settings.cloud
        unfinished = self.replacements.unfinished(change.tenant_id)
        return with_unfinished(read_grants(self.policy_vault, cloud, change.tenant_id), unfinished, cloud)

    def _case(self, change: Change, actor: Actor, manager: Manager, grants: GrantSet) -> Case:
        return Case(
            change=change,
            cloud=self.actors.settings.cloud,
            partner=actor,
            management=manager.actor,
            grants=grants,
            seen=self.seeing.look(change.tenant_id, actor, manager.actor, correlation=change.correlation),
        )

    def _followed(self, case: Case, rows: list[Row], roles: list[RoleRow]) -> list[Row]:
        """The rows after the attempt; raises what is wrong for all customers, or with all that was to be told."""
        require_known(rows)
        is_unchanged = whole_outcome(rows) == UNCHANGED
        if not is_unchanged or any(row.added for row in roles):
            require_shown(case, rows, roles)
        if is_unchanged:
            return rows
        place = self._place(case)
        done: list[Row] = []
        try:
            if any(row.outcome == REPLACED for row in rows):
                done = self.replacing.follow(place, rows, management=case.management)
            else:
                done.extend(self.granting.follow(place, rows, case.seen))
        except BrokerError as error:
            is_in_doubt = isinstance(error, (PartnerCenterUnavailable, GraphUnavailable))
            if done or is_in_doubt:
                consented(case.change, place.client_id, error.code, done)
            raise (_told_more(error, IN_DOUBT) if is_in_doubt else error) from error
        if any(row.outcome in TRIED for row in done):
            consented(case.change, place.client_id, whole_outcome(done), done)
        return done

    def _place(self, case: Case) -> Place:
        return Place(
            change=case.change,
            actor=case.partner,
            center_token=case.partner.token(case.cloud.partner_center_scope),
            display_name=case.grants.display_name,
            client_id=case.partner.application.client_id,
        )

    def _told(self, change: Change, outcome: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        return {
            "tenant": change.tenant_id,
            "consent": change.consent,
            "application_id": self.actors.settings.partner_client_id,
            "dry_run": change.dry_run,
            "outcome": outcome,
            **more,
        }


def _told_more(error: BrokerError, sentence: str) -> BrokerError:
    return type(error)(f"{error.detail} {sentence}".strip(), retry_after=error.retry_after).knowing(**error.facts)
