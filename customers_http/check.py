"""The check: whether a consent reaches tenants and resources, by real exchanges, and what to do where it does not."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.audit import record
from shared.callers.assertion import Principal
from shared.consents.applications import Applications
from shared.consents.consent import checked_name
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.entra.authority import Authority
from shared.entra.place import Place
from shared.entra.resource import Scope
from shared.errors import BrokerError, InvalidRequest
from shared.pool import Pool
from shared.setting_values import GUID
from shared.settings import Settings

FIELDS: Mapping[str, type] = {"pairs": list}
PAIR_FIELDS = frozenset({"tenant", "resource", "scope"})
MOST_PAIRS = 25
WORKS, HOME = "works", "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One tenant and one resource to try; `tenant` is an id, or "home" for the consent's own."""

    tenant: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Tries pairs side by side in a pool of its own: callers' exchanges do not wait behind them."""

    settings: Settings
    applications: Applications
    store: ConsentStore
    pool: Pool

    async def run(self, unverified_name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """An outcome for each pair, in their order; raises InvalidRequest, or why the consent cannot be read."""
        name, pairs = checked_name(unverified_name), self._pairs(fields.get("pairs"))
        authority = self.applications.of(name).authority
        served = await self.pool.run(lambda: self.store.load(name))
        outcomes = await asyncio.gather(
            *(self.pool.run(partial(self._tried, authority, served, pair)) for pair in pairs)
        )
        # A consent that was withdrawn meanwhile reaches nothing.
        await self.pool.run(lambda: self.store.require_in_force(served))
        return {"consent": name, "works": all(one["outcome"] == WORKS for one in outcomes), "pairs": outcomes}

    async def audited(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> dict[str, Any]:
        """The same, on record with who asked."""
        content = await self.run(unverified_name, fields)
        told = {"consent": content["consent"], "pairs": len(content["pairs"]), "works": content["works"]}
        record("consent.checked", {**told, "operator": operator.object_id, "correlation_id": correlation})
        return content

    def _tried(self, authority: Authority, served: Served, pair: Pair) -> dict[str, Any]:
        own = served.consent.person.tenant_id
        tenant_id = own if pair.tenant == HOME else pair.tenant
        told: dict[str, Any] = {"tenant": tenant_id, "resource": pair.scope.resource, "scope": str(pair.scope)}
        try:
            token = authority.exchange(
                served.refresh_token,
                tenant_id=tenant_id,
                scope=str(pair.scope),
                place=Place.of(tenant_id, home=own),
                person=served.consent.person.object_id,
            ).access_token
        except BrokerError as error:
            codes = {"error_codes": [error.authority_code]} if error.authority_code is not None else {}
            says = f"{error.says} {error.detail}".strip()
            error.knowing(tenant=tenant_id, consent=served.consent.name, resource=pair.scope.resource)
            return {**told, "outcome": error.code, "says": says, **error.what_to_do, **codes}
        return {**told, "outcome": WORKS, "granted": token.scope}

    def _pairs(self, given: Any) -> list[Pair]:  # noqa: ANN401 - JSON
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_PAIRS:
            raise InvalidRequest(f"pairs: a list of 1 to {MOST_PAIRS} objects with tenant and resource (or scope).")
        return [self._pair(f"pairs[{index}]", row) for index, row in enumerate(given)]

    def _pair(self, place: str, row: Any) -> Pair:  # noqa: ANN401 - JSON
        if not isinstance(row, dict) or not all(isinstance(text, str) for text in row.values()):
            raise InvalidRequest(f"{place}: an object with tenant and resource (or scope), all texts.")
        if set(row) - PAIR_FIELDS or "tenant" not in row or ("resource" in row) == ("scope" in row):
            raise InvalidRequest(f"{place}: it takes tenant and one of resource and scope.")
        tenant = row["tenant"].lower()
        if tenant != HOME and not GUID.fullmatch(tenant):
            raise InvalidRequest(f'{place}: tenant should be a tenant id or "home".')
        cloud = self.settings.cloud
        scope = Scope.of_resource(row["resource"], cloud) if "resource" in row else Scope.parse(row["scope"], cloud)
        return Pair(tenant=tenant, scope=scope)
