"""Whether a token covers the grant set.

Entra ID puts every scope that a tenant has consented to into a person's token, and every app role that was assigned
into the application's own.
"""

from collections.abc import Sequence

from shared.cloud import APPLICATION_IDS, SHAREPOINT, Cloud
from shared.customers.application_grants import Grant, GrantSet
from shared.customers.errors import ScopesMissing
from shared.customers.role_errors import AppRolesMissing
from shared.entra.resource import DEFAULT_SCOPE
from shared.entra.tokens import AccessToken
from shared.entra.wildcard import wildcard, wildcard_over


def grant_of(grants: GrantSet | None, resource: str, cloud: Cloud) -> Grant | None:
    """What the grant set asks for of this resource (canonical); None where it asks for nothing."""
    application_id = _application_id(resource, cloud)
    return next((grant for grant in grants.grants if grant.application_id == application_id), None) if grants else None


def _application_id(resource: str, cloud: Cloud) -> str:
    if wildcard_over(resource) == wildcard(cloud):
        return SHAREPOINT
    family = cloud.family(resource)
    return APPLICATION_IDS.get(family, resource) if family else resource


def granted_scopes(token: AccessToken) -> Sequence[str]:
    """The delegated scopes that the token names; OpenID Connect's own have no resource, and .default was asked for."""
    named = [scope.rpartition("/")[2] for scope in token.scope.split() if "/" in scope]
    return [name for name in named if name != DEFAULT_SCOPE]


def require_covered(token: AccessToken, grant: Grant | None) -> None:
    """Raise ScopesMissing, which names them, when the token lacks what the grant asks for."""
    held = {name.lower() for name in granted_scopes(token)}
    missing = [scope for scope in grant.scopes if scope.lower() not in held] if grant else []
    if missing:
        raise ScopesMissing(" ".join(missing))


def require_assigned(token: AccessToken, grant: Grant | None) -> None:
    """Raise AppRolesMissing, which names them, when the application's token lacks app roles that the grant names.

    Entra ID issues such a token also where no role was assigned. Where the grant set names none, none is needed: what
    the application may do there is decided elsewhere, as in Azure or by Exchange's RBAC for applications.
    """
    held = {name.lower() for name in token.roles}
    missing = [role for role in grant.app_roles if role.lower() not in held] if grant else []
    if missing:
        raise AppRolesMissing(" ".join(missing))
