"""Why no token is issued: the refusals of this package; all others come from below."""

from collections.abc import Sequence
from typing import Self

from shared import acts
from shared.errors import BrokerError, InvalidRequest, NotAuthorized, Unavailable
from token_http.near_rows import Near


class NotPermitted(NotAuthorized):
    """No permission of the access policy covers the request.

    For operators there are data beside the words: the `nearest` of the caller's own rows, and the tenant that was meant
    (an id or `home`, empty for a name that leads nowhere).
    """

    code, says = "not_permitted", "No permission of the access policy covers this caller, consent, tenant and resource."
    remedy = "Add a permission to a policy document (docs/policy.md); it takes effect within the cache time."
    act = acts.ADD_PERMISSION
    nearest: Sequence[Near] = ()
    meant: str = ""

    def beside(self, nearest: Sequence[Near], meant: str) -> Self:
        """This refusal, with these data."""
        self.nearest, self.meant = nearest, meant
        return self


class TenantNameUnknown(NotPermitted):
    """A name that leads to no tenant the caller may ask for: whether to another's or to none, it is not told."""

    code, says = "tenant_name_unknown", "No tenant that you may ask for has this name."
    remedy = "GET /api/tenants lists the tenants that you may ask for, with their names; an id always works."
    act = acts.TENANTS


class CustomerLeft(BrokerError):
    """The tenant was a customer when a check saw it first, and is none any more: nothing would bound the token."""

    code, error, status = "customer_left", "access_denied", 403
    says = "That tenant is no customer any more, as the last check of customers saw it."
    remedy = (
        "Check whether there is a delegated relationship; where it is made anew, the next check takes this back. "
        "Otherwise take the row out of the policy, and the application out of that tenant."
    )
    act = acts.CUSTOMER_RELATIONSHIP


class StopUnknown(Unavailable):
    """The store of what is stopped cannot be read: a token of the application that might be stopped is not issued."""

    code = "stop_unknown"
    says = "Whether tokens of the application are stopped cannot be read just now, so none is issued."
    remedy = "Try again after the time in Retry-After. If it lasts, look at RESULTS_URL (docs/troubleshooting.md)."


class CertificateNeeded(BrokerError):
    """SharePoint takes no token that a client secret was shown for, so none is asked for.

    Source: techcommunity.microsoft.com, Avoiding Access Errors with SharePoint App-Only Access (October 2025).
    """

    code, error, status = "certificate_needed", "access_denied", 403
    says = "SharePoint takes no token of the application that a client secret was shown for, and the broker has one."
    remedy = (
        "The broker's administrator has it use a certificate or its managed identity (docs/consent.md). Microsoft "
        "Graph reaches SharePoint's sites too."
    )
    act = acts.ASK_ADMINISTRATOR


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
