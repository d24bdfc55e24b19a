"""Whether a token covers the grant set: Entra ID puts every scope that a tenant has consented to into it."""

from collections.abc import Sequence

from shared.cloud import APPLICATION_IDS, SHAREPOINT, Cloud
from shared.customers.application_grants import Grant, GrantSet
from shared.customers.errors import ScopesMissing
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
