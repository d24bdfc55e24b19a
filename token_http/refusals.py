"""Why no token is issued: the refusals of this package; all others come from below."""

from shared import acts
from shared.errors import NotAuthorized, Unavailable


class NotPermitted(NotAuthorized):
    """No permission of the access policy covers the request."""

    code, says = "not_permitted", "No permission of the access policy covers this caller, consent, tenant and resource."
    remedy = "Add a permission to a policy document (docs/policy.md); it takes effect within the cache time."
    act = acts.ADD_PERMISSION


class TooManyRequests(Unavailable):
    """This caller has more exchanges waiting than one caller may; `retry_after` is an estimate in seconds."""

    code, status = "too_many_requests", 429
    says = "You have too many new tokens waiting already."
    remedy = "Wait as Retry-After says, then ask for fewer new tokens at once; cached ones are not counted."
