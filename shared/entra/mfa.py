"""Whether a token tells of multi-factor authentication, which partners must use and Partner Center enforces."""

from shared.entra.tokens import AccessToken
from shared.keys.signed_claims import unverified_claims

MFA = "mfa"  # RFC 8176
YES, NO, UNKNOWN = "yes", "no", "unknown"


def mfa_of(access_token: AccessToken) -> str:
    """What the authority says, "yes" or "no"; "unknown" when the tokens of this resource do not tell.

    The official check reads it here too: a version 1 access token carries `amr`, an id_token does not (learn:
    Test-PartnerSecurityRequirement). The token came straight from the authority, over TLS.
    """
    methods = unverified_claims(access_token.token).get("amr")
    if not isinstance(methods, list):
        return UNKNOWN
    return YES if MFA in methods else NO
