"""Tenants that rows of a policy name by a domain or a company, which no row may, and the ids to write there instead."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ, Principal
from shared.consents.consent import DEFAULT_NAME, NAME
from shared.customers.known import KnownCustomers
from shared.entra.domains import is_domain
from shared.errors import BrokerError
from shared.quoted import MOST_NAMES, quoted
from shared.setting_values import GUID
from token_http.domains import Domains
from token_http.message import HOME
from token_http.policy import ANY_CUSTOMER
from token_http.policy_document import PolicyDocumentInvalid, content_of, names_in
from token_http.tenant_names import TenantNames, spelled

# Of one lint: each domain may be a question for the authority, each consent a reading of thousands of results.
MOST_DOMAINS, MOST_CONSENTS = 20, 5
WRITE_ID = "write the id, or give it a name in `tenants`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """What a row has for a tenant that is no id and no name of the policy; `consents` are those of that row."""

    place: str
    tenant: str
    consents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """What names can lead to: the customers of the rows' consents, and the tenants of domains that were looked up.

    `owners` has None for a domain that is nobody's, and nothing for one that could not be looked up. `customers` is
    None where whoever asks may not read who the customers are.
    """

    home_tenant: str
    customers: Sequence[KnownCustomers] | None = None
    owners: Mapping[str, str | None] = field(default_factory=dict)

    def tenants_of(self, name: str) -> list[str]:
        """The ids of the tenants that this is a domain or the company of, in their order."""
        asked, company, known = spelled(name), name.strip().casefold(), self.customers or ()
        domains = {one.domains.get(asked) for one in known} | {self.owners.get(asked)}
        companies = {
            one.tenant_id for each in known for one in each.customers.values() if one.name.casefold() == company
        }
        return sorted({one for one in domains | companies if one is not None})


def unresolved(documents: Mapping[str, str], names: TenantNames) -> list[Unresolved]:
    """What rows of these documents (name -> text) have that leads nowhere, though the document may be invalid for it.

    `names` are those of the policy that the documents are to be part of; what is no JSON has no rows.
    """
    given: dict[str, Mapping[str, str]] = {}
    for name, text in documents.items():
        with suppress(PolicyDocumentInvalid):
            given[name] = names_in(name, text)
    known = names.beside(given)
    return [one for name in given for one in _of_document(name, documents[name], known)]


def sentence(one: Unresolved, led: Led | None) -> str | None:
    """What to write in its place; without `led` nobody was asked, and a domain alone can be told from other names."""
    written = quoted([one.tenant])
    if led is None:
        asked = f"{written} is a domain, and a row takes the tenant's id: partner-broker policy lint tells it."
        return asked if is_domain(spelled(one.tenant)) else None
    found = led.tenants_of(one.tenant)
    if found == [led.home_tenant]:
        return f"{written} is the partner's own tenant, which a row calls `home`."
    if len(found) == 1:
        return f"{written} is the tenant {found[0]}: {WRITE_ID}"
    if found:
        more = ", ..." if len(found) > MOST_NAMES else ""
        return f"{written} may be any of {', '.join(found[:MOST_NAMES])}{more}: write the id of the one that is meant."
    return f"{written} {_nowhere(spelled(one.tenant), led)}"


async def led(domains: Domains, asked: Sequence[Unresolved], *, operator: Principal, home_tenant: str) -> Led:
    """What these lead to, as far as this operator may know it: each domain is looked up on the operator's own share."""
    customers: list[KnownCustomers] | None = None
    if operator.roles & {CUSTOMERS_READ, CUSTOMERS_MANAGE}:
        consents = sorted({consent for one in asked for consent in one.consents})[:MOST_CONSENTS]
        customers = [await domains.known(consent) for consent in consents]
    names = dict.fromkeys(spelled(one.tenant) for one in asked)
    wanted = [one for one in names if is_domain(one) and not any(one in known.domains for known in customers or ())]
    owners: dict[str, str | None] = {}

    async def look_up(domain: str) -> None:
        with suppress(BrokerError):  # what could not be looked up is said to be so
            owners[domain] = await domains.owner(domain, asker=operator.object_id)

    await asyncio.gather(*[look_up(domain) for domain in wanted[:MOST_DOMAINS]])
    return Led(home_tenant=home_tenant, customers=customers, owners=owners)


def _nowhere(asked: str, led: Led) -> str:
    if is_domain(asked) and asked not in led.owners:
        return "could not be looked up now; write the tenant's id."
    if led.customers is None and not is_domain(asked):
        return "may be a customer's company, which is told to operators with Customers.Read; write the tenant's id."
    return "is no domain of a tenant and no customer that a check has met; write the tenant's id."


def _of_document(name: str, text: str, names: TenantNames) -> Iterator[Unresolved]:
    rows = content_of(name, text).get("permissions", [])
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        given = row if isinstance(row, dict) else {}
        consents = frozenset(one for one in _texts(given.get("consents", [DEFAULT_NAME])) if NAME.fullmatch(one))
        for tenant in dict.fromkeys(_texts(given.get("tenants"))):
            lowered = tenant.lower()
            if lowered not in {HOME, ANY_CUSTOMER} and not GUID.fullmatch(lowered) and lowered not in names:
                yield Unresolved(place=f"{name}[{index}]", tenant=tenant, consents=consents)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []
