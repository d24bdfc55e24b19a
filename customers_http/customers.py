"""Customers' tenants: who they are, and the partner application's own consent in each, made through Partner Center."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customers_http.change import Change
from customers_http.grant_state import (
    ABSENT,
    CREATED,
    REMOVED,
    REPLACED,
    UNCHANGED,
    GrantState,
    grant_state_of,
    what_granting_does,
    what_removing_does,
)
from shared.audit import record
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.customers.application_grants import GrantSet, read_grants
from shared.customers.errors import PartnerCenterUnavailable
from shared.customers.partner_center import PartnerCenter
from shared.entra.authority import Authority
from shared.entra.place import Place
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError, InvalidRequest
from shared.request_fields import checked_parameters
from shared.settings import Settings
from shared.vault import SecretVault

LIST_PARAMETERS = ("consent",)
HALF_WAY = "The consent there was removed and the new one is not made yet: repeat this request."
PUT_BACK = "put_back"
PUT_BACK_SENTENCE = "What was consented to before is put back: correct the grant set before you repeat this."
IN_DOUBT = "What was asked may have been done: repeat this request."


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
        checked_parameters(parameters, LIST_PARAMETERS)
        token = self._token(self._served(checked_name(parameters.get("consent", DEFAULT_NAME))))
        found = self.partner_center.customers(token, correlation=correlation)
        customers = [{"tenant": one.tenant_id, "name": one.name, "domain": one.domain} for one in found]
        return {"customers": sorted(customers, key=lambda customer: (customer["name"], customer["tenant"]))}

    def grant(self, change: Change) -> dict[str, Any]:
        """Make the application's consent what the grant set says; nothing is asked of Partner Center if it is so."""
        served, grants = self._served(change.consent), read_grants(self.policy_vault, self.settings.cloud)
        states = self._grant_states(change, served, grants)
        outcome = what_granting_does(states)
        if not change.dry_run and outcome != UNCHANGED:
            # Nothing is replaced while it cannot be told what is there.
            for state in states:
                if state.error is not None and state.is_unclear:
                    raise state.error
            outcome = self._granted(change, served, grants, states)
            _record("customer.consented", change, self.settings, outcome)
        return self._told(change, outcome, grants=[state.fields() for state in states])

    def remove(self, change: Change) -> dict[str, Any]:
        """Take the application's consent back; one that is not there stays so."""
        served = self._served(change.consent)
        if change.dry_run:
            grants = read_grants(self.policy_vault, self.settings.cloud)
            return self._told(change, what_removing_does(self._grant_states(change, served, grants)))
        token = self._token(served)
        try:
            outcome = REMOVED if self._removed(token, change) else ABSENT
        except PartnerCenterUnavailable as error:
            _record("customer.consent_removed", change, self.settings, error.code)
            raise _told_more(error, IN_DOUBT) from error
        _record("customer.consent_removed", change, self.settings, outcome)
        return self._told(change, outcome)

    def _granted(self, change: Change, served: Served, grants: GrantSet, states: Sequence[GrantState]) -> str:
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
            told = self._put_back(token, change, grants, states) if removed else IN_DOUBT
            raise _told_more(error, told) from error
        return REPLACED

    def _put_back(self, token: AccessToken, change: Change, grants: GrantSet, states: Sequence[GrantState]) -> str:
        """Make again what exchanges had proven to be there before it was removed; what to tell of it."""
        held = [replace(state.grant, scopes=state.granted) for state in states if state.granted]
        try:
            made = bool(held) and self._consented(token, change, replace(grants, grants=held))
        except BrokerError:
            made = False
        if not made:
            return HALF_WAY
        _record("customer.consented", change, self.settings, PUT_BACK)
        return PUT_BACK_SENTENCE

    def _grant_states(self, change: Change, served: Served, grants: GrantSet) -> list[GrantState]:
        return [grant_state_of(self.authority, served, change.tenant_id, grant) for grant in grants.grants]

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
            place=Place.HOME,
            person=served.consent.person.object_id,
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
