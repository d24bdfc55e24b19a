"""Whether a person may act in a tenant through an application, and with which scopes."""

from local.entra.aadsts import EntraError
from local.entra.directory import Directory
from local.entra.scopes import DEFAULT, RequestedScopes
from local.world import PARTNER_TENANT, Application, Tenant, User


def admit_application(application: Application, tenant: Tenant | None) -> None:
    """Raise AADSTS700016 where a single-tenant application is foreign, 50194 when it is asked at /common."""
    if application.multi_tenant or (tenant is not None and application.home_tenant == tenant.id):
        return
    if tenant is None:
        raise EntraError(50194, client=application.client_id)
    raise EntraError(700016, client=application.client_id, tenant=tenant.name)


def admit_person(user: User, application: Application, tenant: Tenant) -> None:
    """Raise AADSTS50020 unless the tenant is the user's own or delegates administration to the user (GDAP)."""
    if user.tenant_id == tenant.id or has_delegated_rights(user, tenant):
        return
    raise EntraError(
        50020,
        user=user.username,
        provider=f"https://sts.windows.net/{user.tenant_id}/",
        tenant=tenant.name,
        client=application.client_id,
    )


def has_delegated_rights(user: User, tenant: Tenant) -> bool:
    """Whether the tenant has a GDAP relationship with the partner, and the user is one who administers customers."""
    return tenant.delegates_to_partner and user.administers_customers and user.tenant_id == PARTNER_TENANT


def granted_scopes(
    directory: Directory, application: Application, tenant: Tenant, requested: RequestedScopes
) -> tuple[str, ...]:
    """Every scope of the resource that is consented to, whatever was asked; AADSTS65001 when something asked is not."""
    granted = directory.consented(tenant, application, requested.resource)
    asked = set(requested.names) - {DEFAULT}
    enough = bool(granted) if requested.names else directory.has_consents(tenant, application)
    if not enough or not asked.issubset(granted):
        raise EntraError(65001, client=application.client_id, name=application.name)
    return granted
