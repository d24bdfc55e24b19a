"""Which customers an operator means: by tenant id, by a domain, or by a company's name at a keyboard."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from partner_token.exit_codes import USAGE
from partner_token.failures import Failed, Failure, printable
from partner_token.printed import say

if TYPE_CHECKING:
    from partner_token.operations import Operations

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOST_TOLD = 5


def tenants_of(operations: "Operations", named: Sequence[str], consent: str) -> list[str]:
    """Their tenants, in order; what names no customer stays as it is, and the broker says what it takes.

    The customers are listed only where something else than an id is named. Companies rename themselves, so their names
    count at a keyboard alone. Raises Failed where several customers have a name, and BrokerError.
    """
    if all(GUID.fullmatch(one) for one in named):
        return list(named)
    customers = operations.customers(consent)["customers"]
    return [one if GUID.fullmatch(one) else _tenant_of(one, customers) for one in named]


def tenant_of(operations: "Operations", named: str, consent: str) -> str:
    """The same for one."""
    return tenants_of(operations, [named], consent)[0]


def _tenant_of(named: str, customers: Sequence[Mapping[str, Any]]) -> str:
    fields = ("domain", "name") if sys.stdin.isatty() and sys.stderr.isatty() else ("domain",)
    for field in fields:
        found = sorted({one["tenant"] for one in customers if _same(one.get(field), named)})
        if len(found) > 1:
            says = f"{len(found)} customers are called {printable(named)}: {', '.join(found[:MOST_TOLD])}."
            raise Failed(Failure(exit_code=USAGE, says=says, to_do="Name the customer by its tenant id."))
        if found:
            say(f"{printable(named)} is {found[0]}.")
            return str(found[0])
    return named


def _same(told: str | None, named: str) -> bool:
    return told is not None and told.strip().casefold() == named.strip().casefold()
