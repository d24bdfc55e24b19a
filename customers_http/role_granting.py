"""Assigning roles to the application itself in a customer's tenant, by the management application as its person.

What is there is read first, and read again after whatever is not plainly done: an answer that was lost, and a refusal
of what is assigned already, which Graph tells with the same words as many others. Nothing is taken away here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from customers_http.case import Case
from customers_http.management_consent import Manager
from customers_http.plan import CREATED, EXTENDED, REFUSED, SERVICE_MISSING, UNCHANGED, UNKNOWN
from customers_http.role_lack import Lack
from customers_http.role_rows import DIRECTORY, RoleRow, with_roles
from customers_http.seeing import MANAGEMENT, held_in
from customers_http.trail import roles_assigned
from shared.customers import management
from shared.customers.application_grants import Grant
from shared.customers.application_roles import ApplicationRoles
from shared.customers.errors import GraphRefused, GraphUnavailable
from shared.customers.graph import Graph
from shared.customers.patience import is_over
from shared.customers.role_errors import AppRoleUnknown, RoleAssignmentRefused, RolesUnmanaged
from shared.customers.roles import named
from shared.entra.errors import ServiceMissing
from shared.errors import BrokerError

# An application that was just made known in a tenant is not known everywhere at once.
KNOWN_SECONDS, KNOWN_EVERY = 60.0, 5.0
NOT_ALLOWED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranting:
    """Makes the rows of one customer, and unless it is a dry run what they say; may block for a minute."""

    graph: Graph
    client_id: str
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def follow(self, case: Case, manager: Manager) -> list[RoleRow]:
        """A row for each API with app roles in the grant set, and one for directory roles.

        Raises only what says that a consent is no longer in force, in whose name it is done.
        """
        wanted = [_of_api(grant) for grant in case.grants.with_app_roles]
        if case.grants.directory_roles:
            wanted.append(RoleRow(resource=DIRECTORY, wanted=tuple(named(case.grants.directory_roles))))
        work = _Work(granting=self, case=case, manager=manager, until=self.monotonic() + KNOWN_SECONDS)
        try:
            rows = work.rows(wanted) if wanted else []
        except BrokerError as error:
            if work.done:
                roles_assigned(case.change, self.client_id, error.code, work.done)
            raise
        told = [line for row in rows for line in row.audited()]
        if told and not case.change.dry_run:
            roles_assigned(case.change, self.client_id, with_roles(UNCHANGED, rows), told)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    granting: RoleGranting
    case: Case
    manager: Manager
    until: float
    # What was assigned so far, as a record tells it.
    done: list[str] = field(default_factory=list)

    def rows(self, wanted: Sequence[RoleRow]) -> list[RoleRow]:
        token, change = self.case.seen.token, self.case.change
        if token is None:
            return [self._unseen(row) for row in wanted]
        roles = ApplicationRoles(graph=self.granting.graph, token=token, correlation=change.correlation)
        try:
            principal = self._principal(roles)
        except BrokerError as error:
            return [row.became(UNKNOWN, error) for row in wanted]
        return [self._row(row, roles, principal) for row in wanted]

    def _principal(self, roles: ApplicationRoles) -> str | None:
        """The application's object, waited for where it should be there by now."""
        while True:
            found = roles.principal(self.granting.client_id)
            if found or self.case.change.dry_run or self._is_late():
                return found
            self.granting.sleep(KNOWN_EVERY)

    def _row(self, row: RoleRow, roles: ApplicationRoles, principal: str | None) -> RoleRow:
        try:
            found, lacks = (self._app_roles if row.application_id else self._directory)(row, roles, principal)
        except BrokerError as error:
            outcomes = {ServiceMissing: SERVICE_MISSING, AppRoleUnknown: REFUSED}
            return replace(row, missing=row.wanted).became(outcomes.get(type(error), UNKNOWN), error)
        return self._followed(found, lacks)

    def _followed(self, found: RoleRow, lacks: Sequence[Lack]) -> RoleRow:
        if not found.missing:
            return found
        if not self._may(found):
            return found.became(REFUSED, RolesUnmanaged(_told(found.missing)))
        if self.case.change.dry_run:
            return found.became(EXTENDED, added=found.missing)
        return self._assigned(found, lacks)

    def _app_roles(
        self, row: RoleRow, roles: ApplicationRoles, principal: str | None
    ) -> tuple[RoleRow, Sequence[Lack]]:
        api = roles.api(row.application_id)
        if api is None:
            raise ServiceMissing
        unknown = [name for name in row.wanted if api.role(name) is None]
        if unknown:
            raise AppRoleUnknown(_told(unknown))
        held = roles.held(principal).get(api.object_id, frozenset()) if principal else frozenset()
        there = tuple(sorted(api.named(role) for role in held))
        missing = tuple(name for name in row.wanted if api.role(name) not in held)
        lacks = [Lack.of_api(roles, principal, api, name) for name in missing] if principal else []
        return replace(row, there=there, missing=missing), lacks

    def _directory(
        self, row: RoleRow, roles: ApplicationRoles, principal: str | None
    ) -> tuple[RoleRow, Sequence[Lack]]:
        held = roles.appointed(principal) if principal else frozenset()
        missing = [role for role in self.case.grants.directory_roles if role not in held]
        lacks = [Lack.of_directory(roles, principal, role) for role in missing] if principal else []
        return replace(row, there=tuple(named(held)), missing=tuple(named(missing))), lacks

    def _assigned(self, row: RoleRow, lacks: Sequence[Lack]) -> RoleRow:
        if not lacks:
            unknown = GraphUnavailable("The application is not known in the tenant yet: repeat this request.")
            return row.became(UNKNOWN, unknown)
        added: list[str] = []
        for lack in lacks:
            error = self._given(lack)
            if error is None:
                added.append(lack.name)
                self.done.extend(row.became(EXTENDED, added=(lack.name,)).audited())
                continue
            left = [name for name in row.missing if name not in added]
            if isinstance(error, GraphRefused):
                told = RoleAssignmentRefused(f"{_told(left)} {error.detail}")
                return row.became(REFUSED, told, added=tuple(added))
            return row.became(UNKNOWN, error, added=tuple(added))
        return row.became(EXTENDED, added=tuple(added))

    def _given(self, lack: Lack) -> BrokerError | None:
        """Assign it, and try again while it may be too early; None where it is there in the end, by whomever."""
        while True:
            for actor in (self.case.partner, self.manager.actor):
                if actor:
                    actor.require_in_force()
            try:
                lack.give()
            except (GraphRefused, GraphUnavailable) as met:
                error: BrokerError = met
            else:
                return None
            if isinstance(error, GraphRefused) and error.answered in NOT_ALLOWED:
                return error
            try:
                if lack.is_there():
                    return None
            except BrokerError as unseen:
                error = unseen
            if self._is_late():
                return error
            self.granting.sleep(KNOWN_EVERY)

    def _unseen(self, row: RoleRow) -> RoleRow:
        """Nobody can look yet; where the management application is made known first, that is no trouble."""
        row = replace(row, missing=row.wanted)
        if self.case.change.dry_run and self.manager.outcome == CREATED:
            return row.became(EXTENDED, added=row.wanted)
        if self.manager.actor is None:
            return row.became(REFUSED, RolesUnmanaged(_told(row.wanted)))
        return row.became(UNKNOWN, self.case.seen.error or self.manager.error)

    def _may(self, row: RoleRow) -> bool:
        """Whether the token has the scope for it, or would have it when this is no dry run."""
        seen = self.case.seen
        if self.case.change.dry_run and self.manager.outcome in {CREATED, EXTENDED}:
            return True
        scope = management.APP_ROLES if row.application_id else management.DIRECTORY_ROLES
        return seen.by == MANAGEMENT and seen.token is not None and scope.lower() in held_in(seen.token)

    def _is_late(self) -> bool:
        return self.granting.monotonic() + KNOWN_EVERY > self.until or is_over()


def _of_api(grant: Grant) -> RoleRow:
    return RoleRow(resource=grant.resource, application_id=grant.application_id, wanted=tuple(grant.app_roles))


def _told(names: Sequence[str]) -> str:
    return f"Missing: {', '.join(names)}."
