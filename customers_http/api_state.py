"""How the application stands with one API in a customer's tenant: by the directory, or by a real exchange."""

from collections.abc import Sequence
from dataclasses import dataclass

from customers_http.case import Case
from shared.customers.access import Actor
from shared.customers.application_grants import Grant
from shared.customers.granted import Granted, Standing, lacking
from shared.entra.errors import ApplicationNotConsented, ServiceMissing
from shared.entra.resource import DEFAULT_SCOPE
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiState:
    """What is there of one API, beside what the grant set wants of it (nothing, of an API that it does not name).

    `granted` is the directory's own entry, `beside` what Partner Center could not make again; `error` says why no
    token comes, where that was tried.
    """

    grant: Grant
    there: tuple[str, ...] = ()
    is_granted: bool = False
    is_known: bool = True
    granted: Granted | None = None
    beside: tuple[str, ...] = ()
    error: BrokerError | None = None

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the grant set wants and is not there; nothing where it cannot be told what is."""
        return lacking(self.there, self.grant.scopes) if self.is_known else ()


def states_of(case: Case) -> list[ApiState]:
    """The APIs of the grant set, then those beyond it; may block."""
    actor, tenant_id, standing = case.partner, case.change.tenant_id, case.seen.standing
    grants = case.grants.delegated
    if standing is None:
        return [_by_exchange(actor, tenant_id, grant) for grant in grants]
    named = {grant.application_id for grant in grants}
    beyond = [Grant.of_api(api, case.cloud) for api in standing.apis if api not in named]
    found = [_by_directory(standing, grant) for grant in (*grants, *beyond)]
    return [_with_service(actor, tenant_id, state) if state.lacks else state for state in found]


def held_by(token: AccessToken) -> tuple[str, ...]:
    """The scopes of its API that a token names: full ones alone, since OpenID Connect's own have no resource."""
    named = [scope.rpartition("/")[2] for scope in token.scope.split() if "/" in scope]
    return tuple(name for name in named if name != DEFAULT_SCOPE)


def wanted_of(states: Sequence[ApiState]) -> dict[str, tuple[str, ...]]:
    """Application id -> what is wanted and what is there, of each API that has anything of either for everybody."""
    whole = {state.grant.application_id: (*state.there, *state.lacks) for state in states}
    return {api: scopes for api, scopes in whole.items() if scopes}


def _by_directory(standing: Standing, grant: Grant) -> ApiState:
    granted = standing.grant_of(grant.application_id)
    return ApiState(
        grant=grant,
        there=granted.scopes if granted else (),
        is_granted=granted is not None,
        granted=granted,
        beside=standing.beside(grant.application_id),
    )


def _with_service(actor: Actor, tenant_id: str, state: ApiState) -> ApiState:
    """The same, and whether the API is there at all: the directory tells that of no API nothing was granted of."""
    if state.is_granted:
        return state
    missing = _by_exchange(actor, tenant_id, state.grant).error
    if not isinstance(missing, ServiceMissing):
        return state
    return ApiState(grant=state.grant, beside=state.beside, error=missing)


def _by_exchange(actor: Actor, tenant_id: str, grant: Grant) -> ApiState:
    """A token names every scope consented to, whatever was asked."""
    try:
        token = actor.token(grant.default_scope, tenant_id)
    except ApplicationNotConsented:
        return ApiState(grant=grant)
    except ServiceMissing as error:
        return ApiState(grant=grant, error=error)
    except BrokerError as error:
        return ApiState(grant=grant, is_known=False, error=error)
    return ApiState(grant=grant, there=held_by(token), is_granted=True)
