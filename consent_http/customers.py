"""Customers' tenants: who they are, and the partner application's own consent in each, made through Partner Center."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent_http.application_grants import Grant, GrantSet, read_grants
from consent_http.partner_center import PartnerCenter
from shared.assertion import Principal
from shared.audit import record
from shared.authority import Authority
from shared.authority_errors import in_customer_tenant
from shared.consent import DEFAULT_NAME, checked_name
from shared.consent_store import ConsentStore
from shared.errors import ApplicationNotConsented, BrokerError, InvalidRequest, ServiceMissing
from shared.setting_values import GUID
from shared.settings import Settings
from shared.stored_consent import Served
from shared.tokens import AccessToken
from shared.vault import SecretVault

LIST_PARAMETERS, CHANGE_PARAMETERS = frozenset({"consent"}), frozenset({"consent", "dry_run"})
CREATED, REPLACED, UNCHANGED, REMOVED, ABSENT, UNKNOWN = (
    *("created", "replaced", "unchanged", "removed", "absent", "unknown"),
)
HALF_WAY = "The consent there was removed and the new one is not made yet: repeat this request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the application lacks of one grant in a customer's tenant; `error` when that cannot be told."""

    grant: Grant
    missing: Sequence[str]
    error: BrokerError | None = None

    def fields(self) -> dict[str, Any]:
        """As an operator reads it."""
        told: dict[str, Any] = {
            "resource": self.grant.resource,
            "application_id": self.grant.application_id,
            "scopes": list(self.grant.scopes),
            "missing": list(self.missing),
        }
        return {**told, "error": self.error.code, "remedy": self.error.remedy} if self.error else told


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
        token = self._token(self.store.load(checked_name(parameters.get("consent", DEFAULT_NAME))))
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
        served, grants = self.store.load(change.consent), read_grants(self.policy_vault, self.settings.cloud)
        standings = [self._standing(served, change.tenant_id, grant) for grant in grants.grants]
        outcome = _expected(standings)
        if not change.dry_run and outcome != UNCHANGED:
            outcome = self._granted(change, served, grants)
            _record("customer.consented", change, self.settings, outcome)
        return self._told(change, outcome, grants=[standing.fields() for standing in standings])

    def remove(self, change: Change) -> dict[str, Any]:
        """Take the application's consent back; one that is not there stays so."""
        served = self.store.load(change.consent)
        if change.dry_run:
            return self._told(change, self._would_remove(served, change.tenant_id))
        removed = self.partner_center.remove_consent(
            self._token(served),
            change.tenant_id,
            application_id=self.settings.partner_client_id,
            correlation=change.correlation,
        )
        outcome = REMOVED if removed else ABSENT
        _record("customer.consent_removed", change, self.settings, outcome)
        return self._told(change, outcome)

    def _would_remove(self, served: Served, tenant_id: str) -> str:
        """Whether there is a consent to remove: where the application is not known, no exchange gets far."""
        try:
            scope = f"{self.settings.cloud.resource('graph')}/.default"
            self.authority.exchange(served.refresh_token, tenant_id=tenant_id, scope=scope)
        except ApplicationNotConsented:
            return ABSENT
        except BrokerError:
            return UNKNOWN
        return REMOVED

    def _granted(self, change: Change, served: Served, grants: GrantSet) -> str:
        token = self._token(served)
        if self._consented(token, change, grants):
            return CREATED
        # Partner Center changes no consent that is there (learn: control-panel-vendor-apis), so it is made anew.
        self.partner_center.remove_consent(
            token, change.tenant_id, application_id=self.settings.partner_client_id, correlation=change.correlation
        )
        try:
            self._consented(token, change, grants)
        except BrokerError as error:
            _record("customer.consented", change, self.settings, error.code)
            raise type(error)(f"{error.detail} {HALF_WAY}".strip(), retry_after=error.retry_after) from error
        return REPLACED

    def _consented(self, token: AccessToken, change: Change, grants: GrantSet) -> bool:
        return self.partner_center.consent(
            token,
            change.tenant_id,
            application_id=self.settings.partner_client_id,
            display_name=grants.display_name,
            grants=[grant.enterprise for grant in grants.grants],
            correlation=change.correlation,
        )

    def _standing(self, served: Served, tenant_id: str, grant: Grant) -> Standing:
        """What is missing of one grant, by a real exchange: a token names every scope that is consented to."""
        try:
            exchanged = self.authority.exchange(served.refresh_token, tenant_id=tenant_id, scope=grant.default_scope)
        except BrokerError as refused:
            error = in_customer_tenant(refused)
            known = isinstance(error, ApplicationNotConsented | ServiceMissing)
            return Standing(grant=grant, missing=grant.scopes if known else (), error=None if known else error)
        granted = {scope.rpartition("/")[2].lower() for scope in exchanged.access_token.scope.split()}
        return Standing(grant=grant, missing=[scope for scope in grant.scopes if scope.lower() not in granted])

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


def _expected(standings: Sequence[Standing]) -> str:
    """What a change would come to: created where nothing is there, replaced where something is missing."""
    if any(standing.error for standing in standings):
        return UNKNOWN
    lacking = [standing for standing in standings if standing.missing]
    if not lacking:
        return UNCHANGED
    nothing = all(len(standing.missing) == len(standing.grant.scopes) for standing in standings)
    return CREATED if nothing else REPLACED


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
