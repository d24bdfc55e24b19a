"""Customers who came: named, and where the setting says so, the application's consent is made in their tenants."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.customers.results import NewCustomer
from shared.errors import BrokerError

# None is begun later than this (seconds since the first): each may take minutes, and the tries come after them.
BEGUN_WITHIN = 150.0
# Seconds that a run waits for all of them.
DONE_WITHIN = 330.0
# So many in one run; whoever comes by the hundred is looked at by a person first.
MOST_CONSENTED = 20
NO_TIME = "unfinished"
# Makes the consent in a customer's tenant: tenant, stored consent, correlation id; the outcome. Raises BrokerError.
type MakeConsent = Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """`grant` is None where new customers are only named; may block.

    `forget` has what is remembered of a tenant forgotten, such as that it refused; it may raise BrokerError.
    """

    grant: MakeConsent | None = None
    forget: Callable[[str], None] = lambda _tenant_id: None
    monotonic: Callable[[], float] = time.monotonic

    def consent(self, new: Sequence[NewCustomer], correlation: str) -> Mapping[str, str]:
        """Tenant -> what came of it: an outcome, or the code of an error; one that fails stops no other."""
        if self.grant is None:
            return {}
        begun, outcomes = self.monotonic(), dict[str, str]()
        for one in new:
            if one.tenant_id in outcomes:
                continue  # new by another stored consent too: the application's consent is one a tenant
            if len(outcomes) >= MOST_CONSENTED:
                break
            if self.monotonic() - begun > BEGUN_WITHIN:
                outcomes[one.tenant_id] = NO_TIME
                continue
            outcomes[one.tenant_id] = self._granted(self.grant, one, correlation)
        return outcomes

    def _granted(self, grant: MakeConsent, one: NewCustomer, correlation: str) -> str:
        try:
            return grant(one.tenant_id, one.consent, correlation)
        except BrokerError as error:
            return error.code
        finally:  # what failed may have been done all the same
            with suppress(BrokerError):  # nothing is remembered for long
                self.forget(one.tenant_id)


def told_consented(new: Sequence[NewCustomer], outcomes: Mapping[str, str]) -> list[str]:
    """A line for each customer in whose tenant it was tried."""
    names = {one.tenant_id: one.customer or one.tenant_id for one in new}
    return [f"{names[tenant]}: {outcome}" for tenant, outcome in outcomes.items()]
