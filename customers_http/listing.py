"""The partner's customers as operators read them: who they are, who says so, how delegations stand, who is kept out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers_http.excluding import exclusion_told
from customers_http.seeing import told_error
from shared.clock import Clock
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.patience import within
from shared.customers.sources import SOURCES, CustomerSources, Known
from shared.errors import BrokerError
from shared.request_fields import checked_parameters

LIST_PARAMETERS = ("consent",)
LIST_SECONDS = 150.0
EXCLUSIONS = "exclusions"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerList:
    """Who the customers are; may block."""

    sources: CustomerSources
    exclusions: Exclusions
    clock: Clock

    def all(self, parameters: Mapping[str, str], *, correlation: str) -> dict[str, Any]:
        """Every customer of the partner whose person gave the consent."""
        checked_parameters(parameters, LIST_PARAMETERS)
        consent = checked_name(parameters.get("consent", DEFAULT_NAME))
        partner = self.sources.actors.partner(consent)
        with within(LIST_SECONDS):
            found = self.sources.found(partner, correlation=correlation)
        found.require_any()
        excluded = self._excluded()
        failures = {**found.failures, **({EXCLUSIONS: excluded} if isinstance(excluded, BrokerError) else {})}
        out = {} if isinstance(excluded, BrokerError) else excluded
        rows = sorted((_row(one, out) for one in found.customers), key=lambda row: (row["name"], row["tenant"]))
        return {
            "customers": rows,
            "sources": {name: _source(failures.get(name), consent) for name in (*SOURCES, EXCLUSIONS)},
        }

    def _excluded(self) -> Mapping[str, Exclusion] | BrokerError:
        """A list that cannot tell who is kept out is a list still, and says so."""
        try:
            return self.exclusions.in_force(self.clock())
        except BrokerError as error:
            return error


def _row(known: Known, excluded: Mapping[str, Exclusion]) -> dict[str, Any]:
    customer = known.customer
    exclusion = excluded.get(customer.tenant_id)
    return {
        "tenant": customer.tenant_id,
        "name": customer.name,
        "domain": customer.domain,
        "from": list(known.sources),
        "relationship": known.delegation.fields() if known.delegation else None,
        "excluded": exclusion_told(exclusion) if exclusion else None,
    }


def _source(error: BrokerError | None, consent: str) -> dict[str, Any]:
    return {"outcome": "works"} if error is None else {"outcome": error.code, **told_error(error, {"consent": consent})}
