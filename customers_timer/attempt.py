"""One try: a real exchange for a customer's tenant, good only if the token has what the grant set asks for.

Of a person's token that are scopes; of the application's own app roles, since it is issued without any too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from customers_timer.consent_recheck import InForce
from customers_timer.target import Target
from shared.clock import Clock
from shared.customers.application_grants import Grant
from shared.customers.coverage import require_assigned, require_covered
from shared.customers.errors import ScopesMissing
from shared.customers.result import HOST_UNKNOWN, UNJUDGED, WORKS, Result
from shared.customers.role_errors import AppRolesMissing
from shared.entra.authority_errors import is_of_credential
from shared.entra.place import Place
from shared.entra.tokens import AccessToken, Issuing
from shared.entra.whose_fault import BROKER, CONSENT, LATER, NOBODY, PERSON, whose_fault
from shared.errors import AuthorityUnavailable, BrokerError

NO_CUSTOMERS = frozenset({CONSENT, PERSON, BROKER})
# Looks with the token whether the person may do anything there; raises DelegatedRoleMissing.
type Probe = Callable[[AccessToken, Target], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Tries targets one at a time; may block."""

    authority: Issuing
    clock: Clock
    probe: Probe
    in_force: InForce

    def tried(self, target: Target, grant: Grant | None) -> tuple[Result, BrokerError | None]:
        """What came of it, and the error behind it; raises what is no customer's: nothing is known of this one then."""
        self.in_force.require(target.part)
        try:
            self._require_good(target, grant)
        except BrokerError as error:
            if not _is_customers(error):
                raise
            return self._refused(target, error), error
        return self._result(target, WORKS, NOBODY, number=None), None

    def _require_good(self, target: Target, grant: Grant | None) -> None:
        part, place = target.part, Place.CUSTOMER
        if part.person is None:
            token = self.authority.for_application(tenant_id=target.tenant_id, scope=target.scope, place=place)
            require_assigned(token, grant)
            return
        token = self.authority.exchange(
            part.refresh_token,
            tenant_id=target.tenant_id,
            scope=target.scope,
            place=place,
            person=part.person.object_id,
        ).access_token
        require_covered(token, grant)
        self.probe(token, target)

    def untried(self, target: Target) -> Result:
        """What is kept of a target that has no host to ask for."""
        return self._result(target, HOST_UNKNOWN, NOBODY, number=None)

    def _refused(self, target: Target, error: BrokerError) -> Result:
        whose, before = whose_fault(error), target.before
        if whose in UNJUDGED and before is not None:
            # Silence is no verdict: what was known stays so, until somebody says otherwise.
            now = self.clock().replace(microsecond=0)
            since = before.unanswered_since or now
            told = replace(before, customer=target.customer, domain=target.domain, sources=target.sources)
            return replace(told, tried_on=now, unanswered_since=since)
        result = self._result(target, error.code, whose, number=error.authority_code)
        missing = error.missing if isinstance(error, (ScopesMissing, AppRolesMissing)) else ()
        silent = result.tried_on if whose in UNJUDGED else None
        return replace(result, missing=missing, unanswered_since=silent)

    def _result(self, target: Target, outcome: str, whose: str, *, number: int | None) -> Result:
        now, before = self.clock().replace(microsecond=0), target.before
        lasts = before is not None and before.outcome == outcome
        return Result(
            consent=target.part.consent,
            tenant_id=target.tenant_id,
            resource=target.resource,
            customer=target.customer,
            domain=target.domain,
            first_on=before.first_on if before else now,
            tried_on=now,
            good_on=now if outcome == WORKS else before.good_on if before else None,
            outcome=outcome,
            number=number,
            whose=whose,
            since=before.since if before is not None and lasts else now,
            sources=target.sources,
        )


def _is_customers(error: BrokerError) -> bool:
    """Whether this tells something of the one customer: neither of the consent, nor of what the broker stands on."""
    whose = whose_fault(error)
    if whose == LATER:
        return isinstance(error, AuthorityUnavailable)
    return whose not in NO_CUSTOMERS and not is_of_credential(error)
