"""How the application stands in a customer's tenant, by real exchanges: a token names every scope consented to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.consents.stored_consent import Served
from shared.customers.application_grants import Grant
from shared.entra.authority import Authority
from shared.entra.errors import ApplicationNotConsented, ServiceMissing
from shared.entra.place import Place
from shared.entra.resource import DEFAULT_SCOPE
from shared.errors import BrokerError

CREATED, REPLACED, UNCHANGED, REMOVED, ABSENT, UNKNOWN = (
    *("created", "replaced", "unchanged", "removed", "absent", "unknown"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantState:
    """What the application lacks of one grant in a customer's tenant; `error` when that cannot be told.

    `consented`: a token came, so that there is a consent to something of this API at least.
    """

    grant: Grant
    missing: Sequence[str]
    granted: Sequence[str] = ()
    consented: bool = False
    error: BrokerError | None = None

    @property
    def is_unclear(self) -> bool:
        """Whether the tenant may hold anything: of a service that is not there, nothing can be consented to."""
        return self.error is not None and not isinstance(self.error, ServiceMissing)

    @property
    def is_lacking(self) -> bool:
        """Whether a consent could bring what is missing."""
        return bool(self.missing) and self.error is None

    def fields(self) -> dict[str, Any]:
        """As an operator reads it."""
        told: dict[str, Any] = {
            "resource": self.grant.resource,
            "application_id": self.grant.application_id,
            "scopes": list(self.grant.scopes),
            "missing": list(self.missing),
        }
        if self.error is None:
            return told
        says = f"{self.error.says} {self.error.detail}".strip()
        return {**told, "error": self.error.code, "says": says, **self.error.what_to_do}


def grant_state_of(authority: Authority, served: Served, tenant_id: str, grant: Grant) -> GrantState:
    """How it stands with one grant; may block."""
    try:
        token = authority.exchange(
            served.refresh_token, tenant_id=tenant_id, scope=grant.default_scope, place=Place.CUSTOMER
        ).access_token
    except ApplicationNotConsented:
        return GrantState(grant=grant, missing=grant.scopes)
    except ServiceMissing as error:
        return GrantState(grant=grant, missing=grant.scopes, error=error)
    except BrokerError as error:
        return GrantState(grant=grant, missing=(), error=error)
    # Full scopes alone: OpenID Connect's own have no resource, and .default is what was asked.
    named = [scope.rpartition("/")[2] for scope in token.scope.split() if "/" in scope]
    granted = [name for name in named if name != DEFAULT_SCOPE]
    held = {name.lower() for name in granted}
    missing = [scope for scope in grant.scopes if scope.lower() not in held]
    return GrantState(grant=grant, missing=missing, granted=granted, consented=True)


def what_granting_does(states: Sequence[GrantState]) -> str:
    """What making the consent comes to: created where nothing is there, replaced where something is missing."""
    if any(state.is_unclear for state in states):
        return UNKNOWN
    consented = any(state.consented for state in states)
    if consented and not any(state.is_lacking for state in states):
        return UNCHANGED
    return REPLACED if consented else CREATED


def what_removing_does(states: Sequence[GrantState]) -> str:
    """What taking the consent back comes to: one token is enough to tell that there is one."""
    if any(state.consented for state in states):
        return REMOVED
    return UNKNOWN if any(state.is_unclear for state in states) else ABSENT
