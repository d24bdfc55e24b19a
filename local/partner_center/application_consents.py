"""Consents of applications in customers' tenants (learn: partner-center/developer/control-panel-vendor-apis)."""

import json
from dataclasses import dataclass
from typing import Any

from local.entra.admission import has_delegated_rights
from local.entra_door import EntraDoor
from local.partner_center.access import Caller
from local.partner_center.refusals import Answer, PartnerCenterError
from local.world import Tenant, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationConsent:
    """A checked request; `grants` is the application id of an API -> scopes, `content` is what was sent."""

    application_id: str
    grants: dict[str, tuple[str, ...]]
    content: dict[str, Any]


class ApplicationConsents:
    """Makes consents and takes them back; what is in force is Entra ID's to know, and nothing is kept here."""

    def __init__(self, *, world: World, entra: EntraDoor) -> None:
        self._applications = {application.client_id for application in world.applications if application.multi_tenant}
        self._resources = {resource.app_id for resource in world.resources}
        self._entra = entra

    async def create(self, caller: Caller, customer: Tenant, body: bytes) -> Answer:
        """201 with what was asked for; raises PartnerCenterError: 400, 403, or 409 where an API is consented to.

        One API after the other, as grants are made in a directory: those before the one that is refused are made.
        """
        consent = self._read(body)
        _require_rights(caller, customer)
        place = {"tenant": customer.id, "client": consent.application_id}
        there = await self._entra.consents(**place)
        for resource, scopes in consent.grants.items():
            if resource in there:
                raise PartnerCenterError(409, "Permission entry already exists.")
            if not await self._entra.is_there(tenant=customer.id, resource=resource):
                raise PartnerCenterError(400, f"The enterprise application {resource} is not in the customer's tenant.")
            await self._entra.consent(**place, resource=resource, scopes=scopes)
        return Answer(status=201, content={**consent.content, "attributes": {"objectType": "ApplicationConsent"}})

    async def delete(self, caller: Caller, customer: Tenant, application_id: str) -> Answer:
        """204; raises PartnerCenterError: 403, or 404 where no consent is in force."""
        _require_rights(caller, customer)
        place = {"tenant": customer.id, "client": application_id.lower()}
        if not await self._entra.consents(**place):
            raise PartnerCenterError(404, f"The application {application_id} has no consent of this customer.")
        await self._entra.withdraw(**place)
        return Answer(status=204)

    def _read(self, body: bytes) -> ApplicationConsent:
        try:
            content = json.loads(body)
            application_id = str(content["applicationId"]).lower()
            grants = {
                str(grant["enterpriseApplicationId"]).lower(): _scopes(grant["scope"])
                for grant in content["applicationGrants"]
            }
            if not grants:
                raise ValueError("no grants")  # noqa: TRY301 - as malformed as the rest
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PartnerCenterError(400, "The application consent is malformed.") from error
        if application_id not in self._applications:
            raise PartnerCenterError(400, f"There is no multi-tenant application {application_id}.")
        if unknown := set(grants) - self._resources:
            raise PartnerCenterError(400, f"There is no enterprise application {', '.join(sorted(unknown))}.")
        return ApplicationConsent(application_id=application_id, grants=grants, content=content)


def _scopes(text: str) -> tuple[str, ...]:
    # Commas, unlike anywhere else in OAuth.
    scopes = tuple(scope.strip() for scope in text.split(","))
    if not all(scope and not scope.count(" ") for scope in scopes):
        raise ValueError(text)
    return scopes


def _require_rights(caller: Caller, customer: Tenant) -> None:
    if not has_delegated_rights(caller.user, customer):
        raise PartnerCenterError(403, "The user has no delegated admin privileges for this customer.")
