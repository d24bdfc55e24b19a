"""The partner's customers as operators read them: who they are, who says so, and how their delegation stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers_http.seeing import told_error
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.customers.patience import within
from shared.customers.sources import SOURCES, CustomerSources, Found, Known
from shared.request_fields import checked_parameters

LIST_PARAMETERS = ("consent",)
LIST_SECONDS = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerList:
    """Who the customers are; may block."""

    sources: CustomerSources

    def all(self, parameters: Mapping[str, str], *, correlation: str) -> dict[str, Any]:
        """Every customer of the partner whose person gave the consent."""
        checked_parameters(parameters, LIST_PARAMETERS)
        consent = checked_name(parameters.get("consent", DEFAULT_NAME))
        partner = self.sources.actors.partner(consent)
        with within(LIST_SECONDS):
            found = self.sources.found(partner, correlation=correlation)
        found.require_any()
        rows = sorted((_row(one) for one in found.customers), key=lambda row: (row["name"], row["tenant"]))
        return {"customers": rows, "sources": {name: _source(found, name, consent) for name in SOURCES}}


def _row(known: Known) -> dict[str, Any]:
    customer = known.customer
    return {
        "tenant": customer.tenant_id,
        "name": customer.name,
        "domain": customer.domain,
        "from": list(known.sources),
        "relationship": known.delegation.fields() if known.delegation else None,
    }


def _source(found: Found, name: str, consent: str) -> dict[str, Any]:
    error = found.failures.get(name)
    return {"outcome": "works"} if error is None else {"outcome": error.code, **told_error(error, {"consent": consent})}
