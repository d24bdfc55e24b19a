"""The menu: each page's address, its title, and the roles of whom it is for."""

from dataclasses import dataclass

from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ, CUSTOMERS_MANAGE, CUSTOMERS_READ, POLICY_READ

CONSENTS, CUSTOMERS = (CONSENT_READ, CONSENT_MANAGE), (CUSTOMERS_READ, CUSTOMERS_MANAGE)
POLICY = (POLICY_READ,)
ANYBODY = (*CONSENTS, *CUSTOMERS, *POLICY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page; `title` is a text's id."""

    address: str
    title: str
    roles: tuple[str, ...]


MENU = (
    Entry(address="/api/console", title="Overview", roles=ANYBODY),
    Entry(address="/api/console/customers", title="Customers", roles=CUSTOMERS),
    Entry(address="/api/console/policy", title="Policy", roles=POLICY),
)


def entries_for(roles: frozenset[str]) -> list[Entry]:
    """What somebody with these roles may open."""
    return [entry for entry in MENU if not roles.isdisjoint(entry.roles)]
