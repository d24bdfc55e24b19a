"""Customers' tenants: who they are, and the partner application's own consent in each, made through Partner Center."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customers_http.application_grants import GrantSet, read_grants
from customers_http.standing import (
    ABSENT,
    CREATED,
    REMOVED,
    REPLACED,
    UNCHANGED,
    Standing,
    standing_of,
    what_granting_does,
    what_removing_does,
)
from shared.audit import record
from shared.callers.assertion import Principal
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.customers.errors import PartnerCenterUnavailable
from shared.customers.partner_center import PartnerCenter
from shared.entra.authority import Authority
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError, InvalidRequest
from shared.setting_values import GUID
from shared.settings import Settings
from shared.vault import SecretVault

LIST_PARAMETERS, CHANGE_PARAMETERS = frozenset({"consent"}), frozenset({"consent", "dry_run"})
HALF_WAY = "The consent there was removed and the new one is not made yet: repeat this request."
PUT_BACK = "put_back"
PUT_BACK_SENTENCE = "What was consented to before is put back: correct the grant set before you repeat this."
IN_DOUBT = "What was asked may have been done: repeat this request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request about one customer's tenant, checked."""

    tenant_id: str
    consent: str
    dry_run: bool
    operator: Principal
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Customers and the application's consent in their tenants; may block."""

    settings: Settings
    authority: Authority
    store: ConsentStore
    policy_vault: SecretVault
    partner_center: PartnerCenter

    def list_all(self, parameters: Mapping[str, str], *, correlation: str) -> dict[str, Any]:
        """Every customer of the partner whose person gave the consent."""
        _require_known(parameters, LIST_PARAMETERS)
        token = self._token(self._served(checked_name(parameters.get("consent", DEFAULT_NAME))))
        found = self.partner_center.customers(token, correlation=correlation)
        customers = [{"tenant": one.tenant_id, "name": one.name, "domain": one.domain} for one in found]
        return {"customers": sorted(customers, key=lambda customer: (customer["name"], customer["tenant"]))}

    def change(
        self, unverified_tenant: str, parameters: Mapping[str, str], *, operator: Principal, correlation: str
    ) -> Change:
        """What a request asks for; a dry run unless it says otherwise. Raises InvalidRequest."""
        _require_known(parameters, CHANGE_PARAMETERS)
        tenant_id = unverified_tenant.lower()
        if not GUID.fullmatch(tenant_id) or tenant_id == self.settings.home_tenant:
            raise InvalidRequest("tenant: the id of a customer's tenant.")
        dry_run = parameters.get("dry_run", "true")
        if dry_run not in {"true", "false"}:
            raise InvalidRequest("dry_run: true or false.")
        return Change(
            tenant_id=tenant_id,
            consent=checked_name(parameters.get("consent", DEFAULT_NAME)),
            dry_run=dry_run == "true",
            operator=operator,
            correlation=correlation,
        )

    def grant(self, change: Change) -> dict[str, Any]:
        """Make the application's consent what the grant set says; nothing is asked of Partner Center if it is so."""
        served, grants = self._served(change.consent), read_grants(self.policy_vault, self.settings.cloud)
        standings = self._standings(change, served, grants)
        outcome = what_granting_does(standings)
        if not change.dry_run and outcome != UNCHANGED:
            # Nothing is replaced while it cannot be told what is there.
            for standing in standings:
                if standing.error is not None and standing.is_unclear:
                    raise standing.error
            outcome = self._granted(change, served, grants, standings)
            _record("customer.consented", change, self.settings, outcome)
        return self._told(change, outcome, grants=[standing.fields() for standing in standings])

    def remove(self, change: Change) -> dict[str, Any]:
        """Take the application's consent back; one that is not there stays so."""
        served = self._served(change.consent)
        if change.dry_run:
            grants = read_grants(self.policy_vault, self.settings.cloud)
            return self._told(change, what_removing_does(self._standings(change, served, grants)))
        token = self._token(served)
        try:
            outcome = REMOVED if self._removed(token, change) else ABSENT
        except PartnerCenterUnavailable as error:
            _record("customer.consent_removed", change, self.settings, error.code)
            raise _told_more(error, IN_DOUBT) from error
        _record("customer.consent_removed", change, self.settings, outcome)
        return self._told(change, outcome)

    def _granted(self, change: Change, served: Served, grants: GrantSet, standings: Sequence[Standing]) -> str:
        token, removed = self._token(served), False
        try:
            if self._consented(token, change, grants):
                return CREATED
            # Partner Center changes no consent that is there (learn: control-panel-vendor-apis): it is made anew.
            self._removed(token, change)
            removed = True
            if not self._consented(token, change, grants):
                raise PartnerCenterUnavailable("The old one is still known there.")
        except BrokerError as error:
            if not removed and not error.transient:
                raise  # refused, and nothing has changed
            _record("customer.consented", change, self.settings, error.code)
            told = self._put_back(token, change, grants, standings) if removed else IN_DOUBT
            raise _told_more(error, told) from error
        return REPLACED

    def _put_back(self, token: AccessToken, change: Change, grants: GrantSet, standings: Sequence[Standing]) -> str:
        """Make again what exchanges had proven to be there before it was removed; what to tell of it."""
        held = [replace(standing.grant, scopes=standing.granted) for standing in standings if standing.granted]
        try:
            made = bool(held) and self._consented(token, change, replace(grants, grants=held))
        except BrokerError:
            made = False
        if not made:
            return HALF_WAY
        _record("customer.consented", change, self.settings, PUT_BACK)
        return PUT_BACK_SENTENCE

    def _standings(self, change: Change, served: Served, grants: GrantSet) -> list[Standing]:
        return [standing_of(self.authority, served, change.tenant_id, grant) for grant in grants.grants]

    def _removed(self, token: AccessToken, change: Change) -> bool:
        return self.partner_center.remove_consent(
            token, change.tenant_id, application_id=self.settings.partner_client_id, correlation=change.correlation
        )

    def _consented(self, token: AccessToken, change: Change, grants: GrantSet) -> bool:
        return self.partner_center.consent(
            token,
            change.tenant_id,
            application_id=self.settings.partner_client_id,
            display_name=grants.display_name,
            grants=[grant.enterprise for grant in grants.grants],
            correlation=change.correlation,
        )

    def _served(self, consent: str) -> Served:
        """The consent in whose name it is done: of a person of the partner's own, whose customers they are."""
        served = self.store.load(consent)
        if served.consent.person.tenant_id != self.settings.home_tenant:
            raise InvalidRequest("consent: one of a person of the partner's own tenant.")
        return served

    def _token(self, served: Served) -> AccessToken:
        return self.authority.exchange(
            served.refresh_token,
            tenant_id=served.consent.person.tenant_id,
            scope=self.settings.cloud.partner_center_scope,
        ).access_token

    def _told(self, change: Change, outcome: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        return {
            "tenant": change.tenant_id,
            "consent": change.consent,
            "application_id": self.settings.partner_client_id,
            "dry_run": change.dry_run,
            "outcome": outcome,
            **more,
        }


def _told_more(error: BrokerError, sentence: str) -> BrokerError:
    return type(error)(f"{error.detail} {sentence}".strip(), retry_after=error.retry_after)


def _require_known(parameters: Mapping[str, str], known: frozenset[str]) -> None:
    if set(parameters) - known:
        raise InvalidRequest(f"Unknown parameter; this route takes {', '.join(sorted(known))}.")


def _record(event: str, change: Change, settings: Settings, outcome: str) -> None:
    record(
        event,
        {
            "tenant": change.tenant_id,
            "consent": change.consent,
            "application_id": settings.partner_client_id,
            "outcome": outcome,
            "operator": change.operator.object_id,
            "correlation_id": change.correlation,
        },
    )
