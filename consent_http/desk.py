"""One consent as operators look after it, whatever they use: the routes and the console call the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from consent_http.operators import Operators, rendered
from consent_http.pools import Pools
from consent_http.restoring import Restoration
from shared.callers.assertion import Principal
from shared.clock import to_text
from shared.consents.consent import checked_name
from shared.consents.errors import ConsentNotFound
from shared.consents.history import Event, Histories
from shared.errors import BrokerError, ConsentUnreadable, kind_of

ABSENT, DAMAGED = "absent", "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`on_change` is told the name of each consent that a person has changed; every act is audited with who did it."""

    operators: Operators
    restoration: Restoration
    histories: Histories
    on_change: Callable[[str], None]
    pools: Pools

    def look(self, unverified_name: str) -> dict[str, Any]:
        """How a consent is doing and what became of it; may block, and raises what listing consents raises.

        `consent` is null where there is none (`absent`), or where its tags cannot be read (`damaged`).
        """
        name = checked_name(unverified_name)
        consent: Mapping[str, Any] | None = None
        refused: BrokerError | None = None
        try:
            consent = self.operators.show(name)
            status = str(consent["status"])
        except ConsentNotFound:
            status = ABSENT
        except ConsentUnreadable as error:
            status, refused = DAMAGED, error
        told = {"says": refused.happened, **refused.what_to_do} if refused else None
        return {"name": name, "status": status, "consent": consent, "refused": told, "history": self._history(name)}

    async def make_link(
        self, name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """A one-time link; see Operators."""
        return await self.pools.operators.run(
            lambda: self.operators.make_link(name, fields, operator=operator, correlation=correlation)
        )

    async def withdraw(self, name: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Withdraw a consent; see Operators."""
        try:
            return await self.pools.emergency.run(
                lambda: self.operators.withdraw(name, operator=operator, correlation=correlation)
            )
        finally:  # what failed may have been done all the same
            self.on_change(name)

    async def restore(self, name: str, *, operator: Principal, correlation: str) -> dict[str, Any]:
        """Take a withdrawal back; see Restoration. Raises ConsentChanged where another act is in force by now."""
        confirmation = await self.pools.acts.run(
            lambda: self.restoration.run(name, operator=operator, correlation=correlation)
        )
        self.on_change(confirmation.consent.name)
        return rendered(confirmation)

    def _history(self, name: str) -> dict[str, Any]:
        try:
            found = self.histories.of(name)
        except BrokerError as error:
            refused = {"says": error.happened, "transient": error.transient, **error.what_to_do}
            return {"events": [], "has_all": False, "refused": refused}
        return {"events": [_told(event) for event in found.events], "has_all": found.has_all, "refused": None}


def _told(event: Event) -> dict[str, Any]:
    kind = kind_of(event.error) if event.error else None
    return {
        "kind": event.kind,
        "on": to_text(event.on),
        "until": to_text(event.until) if event.until else None,
        "username": event.username,
        "error": event.error or None,
        "says": kind.says if kind else None,
        "authority_code": event.authority_code,
    }
