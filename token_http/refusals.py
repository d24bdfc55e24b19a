"""Why no token is issued: the refusal of this package; all others come from below."""

from shared.errors import NotAuthorized


class NotPermitted(NotAuthorized):
    """No permission of the access policy covers the request."""

    code, says = "not_permitted", "No permission of the access policy covers this caller, consent, tenant and resource."
    remedy = "Add a permission to a policy document (docs/policy.md); it takes effect within the cache time."
