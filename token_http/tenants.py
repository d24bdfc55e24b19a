"""The tenants that a caller may ask for: by its rows of the policy, with the names and domains that are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.callers.assertion import Principal
from shared.customers.known import KnownCustomers
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from shared.setting_values import GUID
from shared.subject import Subject, kind_of_subject
from token_http.message import HOME, asked_subject
from token_http.permission import Permission
from token_http.policy import Policy

PARAMETERS = ("as", "consent", "after")
PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """In whose name tokens would be, and after which tenant."""

    subject: Subject
    after: str = ""


def parse(query: Mapping[str, str]) -> Question:
    """The question in a query; raises InvalidRequest."""
    checked_parameters(query, PARAMETERS)
    after = query.get("after", "").lower()
    if after and not GUID.fullmatch(after):
        raise InvalidRequest("after: the `next` of the page before.")
    return Question(subject=asked_subject(query), after=after)


def answer(
    policy: Policy, principal: Principal, question: Question, *, own: str, known: KnownCustomers
) -> dict[str, Any]:
    """One page of tenants in the order of their ids; `own` is the tenant that `home` is: of the consent's person.

    Rows for people's tokens and rows for the application's are told apart, since neither allows the other.
    A row for any customer lists those that are known, and allows others too: `any_customer` says so.
    """
    rows = [row for row in policy.own_rows(principal) if question.subject in row.consents]
    apart = {own, *policy.apart(question.subject)}
    wide = [row for row in rows if row.any_customer]
    found: dict[str, list[Permission]] = {tenant_id: [*wide] for tenant_id in known.customers if wide}
    for tenant_id in apart:
        found.pop(tenant_id, None)
    for row in rows:
        for tenant_id in {*row.tenants.values(), *([own] if row.home else [])}:
            found.setdefault(tenant_id, [*wide] if tenant_id not in apart else []).append(row)
    ordered = sorted(tenant_id for tenant_id in found if tenant_id > question.after)
    shown, names = ordered[:PAGE], _names(policy, own if any(row.home for row in rows) else "")
    return {
        "as": kind_of_subject(question.subject),
        "tenants": [_told(policy, one, found[one], name=names.get(one), known=known) for one in shown],
        "any_customer": bool(wide),
        "next": shown[-1] if len(ordered) > len(shown) else None,
    }


def _told(
    policy: Policy, tenant_id: str, rows: Sequence[Permission], *, name: str | None, known: KnownCustomers
) -> dict[str, Any]:
    customer = known.customers.get(tenant_id)
    resources = {resource for row in rows for resource in row.resources}
    return {
        "tenant": tenant_id,
        "name": name,
        "domain": (customer.domain if customer else "") or None,
        "company": (customer.name if customer else "") or None,
        "resources": sorted(policy.names.get(resource, resource) for resource in resources),
    }


def _names(policy: Policy, home: str) -> Mapping[str, str]:
    """The first name of each tenant that has one; the caller's own is `home`."""
    names: Iterable[tuple[str, str]] = sorted(policy.tenant_names.ids.items(), reverse=True)
    return {**{tenant_id: name for name, tenant_id in names}, **({home: HOME} if home else {})}
