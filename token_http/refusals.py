"""Why no token is issued: the refusals of this package; all others come from below."""

from shared import acts
from shared.errors import InvalidRequest, NotAuthorized, Unavailable


class NotPermitted(NotAuthorized):
    """No permission of the access policy covers the request."""

    code, says = "not_permitted", "No permission of the access policy covers this caller, consent, tenant and resource."
    remedy = "Add a permission to a policy document (docs/policy.md); it takes effect within the cache time."
    act = acts.ADD_PERMISSION


class TenantNameUnknown(NotPermitted):
    """A name that leads to no tenant the caller may ask for: whether to another's or to none, it is not told."""

    code, says = "tenant_name_unknown", "No tenant that you may ask for has this name."
    remedy = "GET /api/tenants lists the tenants that you may ask for, with their names; an id always works."
    act = acts.TENANTS


class TooManyRequests(Unavailable):
    """This caller has more exchanges waiting than one caller may; `retry_after` is an estimate in seconds."""

    code, status = "too_many_requests", 429
    says = "You have too many new tokens waiting already."
    remedy = "Wait as Retry-After says, then ask for fewer new tokens at once; cached ones are not counted."


class GrantTypeUnsupported(InvalidRequest):
    """An OAuth grant that the broker does not have; `detail` names those it has."""

    code, error = "grant_type_unsupported", "unsupported_grant_type"
    says, remedy = "This grant type is not supported.", "Ask with one of these."


class TargetInvalid(InvalidRequest):
    """An OAuth request whose resource or scope is wrong; `detail` says how."""

    code, error, says = "target_invalid", "invalid_target", "What the token is to be for cannot be understood."
    remedy = "Correct the scope or resource as said; docs/token-endpoint.md lists short names."
