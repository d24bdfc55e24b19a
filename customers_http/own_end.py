"""The management application's own end in a tenant: last, and only once it is not needed there any more."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from customers_http.change import Change
from customers_http.removal_rights import RemovalRights, Rights
from customers_http.taking import KEPT, LEFT, REMOVED, UNVERIFIED, Item, Taking, consent_taken, principal_of
from shared.customers.holdings import PRINCIPAL
from shared.errors import BrokerError

TRIES, SECONDS_BETWEEN = 4, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEnd:
    """May block. Its object goes before Partner Center's part: whoever is cut in between finds the rest again."""

    rights: RemovalRights
    sleep: Callable[[float], None] = time.sleep

    def items(
        self, change: Change, rights: Rights, taking: Taking | None, take: Callable[[], bool], *, is_clean: bool
    ) -> list[Item]:
        """What becomes of it; `take` takes Partner Center's part back, `taking` is where it acts for itself."""
        actor = rights.manager.actor
        if actor is None:
            return []
        client_id = actor.application.client_id
        if taking is None:
            return [] if change.dry_run else [consent_taken(client_id, take)]
        if change.dry_run or not is_clean:
            outcome = REMOVED if is_clean else KEPT
            return [Item(application_id=client_id, holding=principal_of(client_id), outcome=outcome)]
        item = self._gone(change, taking)
        return [consent_taken(client_id, take), item] if item.outcome == REMOVED else [item]

    def unreached(self, change: Change, rights: Rights) -> list[Item]:
        """Its object where it cannot act, as after the relationship's end: Entra ID says whether there is one."""
        application, error = self.rights.actors.applications.management, rights.manager.error
        is_known = self.rights.is_known(change, application.client_id) if application else False
        if application is None or is_known is False:
            return []
        client_id, outcome = application.client_id, LEFT if is_known else UNVERIFIED
        return [Item(application_id=client_id, holding=principal_of(client_id), outcome=outcome, error=error)]

    def _gone(self, change: Change, taking: Taking) -> Item:
        """By its own token, which Graph may not take any more afterwards: so Entra ID says whether it is gone."""
        client_id, error = taking.application_id, self._removed(taking)
        for _ in range(TRIES):
            if self.rights.is_known(change, client_id) is False:
                return Item(application_id=client_id, holding=principal_of(client_id), outcome=REMOVED)
            if error is not None:
                break
            self.sleep(SECONDS_BETWEEN)
        outcome = LEFT if error else UNVERIFIED
        return Item(application_id=client_id, holding=principal_of(client_id), outcome=outcome, error=error)

    def _removed(self, taking: Taking) -> BrokerError | None:
        try:
            path = next((one.path for one in taking.there() if one.kind == PRINCIPAL), "")
            if path:
                taking.actor.require_in_force()
                taking.graph.remove(taking.token, path, correlation=taking.change.correlation)
        except BrokerError as refused:
            return refused
        return None
