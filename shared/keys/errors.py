"""What is wrong with a token that the authority should have signed."""

from shared.errors import NotAuthenticated


class AssertionInvalid(NotAuthenticated):
    """The token's form, signature or issuer is wrong."""

    code, says = "assertion_invalid", "The caller's token is not one that this broker's tenant has signed."


class AssertionExpired(NotAuthenticated):
    """The token is past its end, or not valid yet."""

    code, says = "assertion_expired", "The caller's token is expired or not yet valid."
    remedy = "Get a new one; if it is new, check the clock of the machine it comes from."


class AssertionForAnotherAudience(NotAuthenticated):
    """The token is for another API."""

    code, says = "assertion_for_another_audience", "The caller's token is for another audience."
    remedy = (
        "Ask your identity for the audience named here. "
        "(Logic Apps send one for https://management.azure.com/ unless the action sets `audience`.)"
    )


class AssertionFromAnotherTenant(NotAuthenticated):
    """The token was issued by another tenant than the partner's own."""

    code, says = "assertion_from_another_tenant", "The caller's token comes from another tenant than the broker's."
    remedy = "Call with an identity of the partner's own tenant."
