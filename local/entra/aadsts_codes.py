"""The AADSTS codes this Entra ID can answer with: OAuth error, sentence, and what else the real answer carries.

Codes and names are those of Microsoft's "Microsoft Entra authentication and authorization error codes"; texts follow
the published ones in meaning. Braces are filled in by whoever refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_BY_OAUTH_ERROR: Mapping[str, Mapping[int, str]] = {
    "invalid_grant": {
        16003: "The user has not been explicitly added to the tenant.",
        50020: "User account '{user}' from identity provider '{provider}' does not exist in tenant '{tenant}' and "
        "cannot access the application '{client}' in that tenant.",
        50034: "The user account {user} does not exist in the {tenant} directory.",
        50053: "The account is locked, too many sign-ins with an incorrect password.",
        50055: "The password is expired.",
        50057: "The user account is disabled.",
        50072: "The user must enrol in multi-factor authentication to access '{resource}'.",
        50074: "Strong authentication is required.",
        50076: "You must use multi-factor authentication to access '{resource}'.",
        50078: "Presented multi-factor authentication has expired, you must refresh it to access '{resource}'.",
        50079: "You must enrol in multi-factor authentication to access '{resource}'.",
        50089: "Authentication failed due to flow token expired.",
        50097: "Device authentication is required.",
        50105: "The signed in user is not assigned to a role for the application '{client}'.",
        50126: "Error validating credentials due to invalid username or password.",
        50131: "The device is not in the required state, or the request was blocked by conditional access.",
        50132: "The session is not valid due to password expiration or a recent password change.",
        50133: "The session is not valid due to password expiration or a recent password change.",
        50144: "The user's Active Directory password has expired.",
        50158: "An external security challenge was not satisfied.",
        50177: "User account '{user}' does not exist in tenant '{tenant}' and cannot access the application there.",
        50178: "User account '{user}' does not exist in tenant '{tenant}' and cannot access the application there.",
        50173: "The provided grant has expired due to it being revoked, a fresh auth token is needed. The grant was "
        "issued on '{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is "
        "'{valid_from}'.",
        53000: "Conditional Access policy requires a compliant device.",
        53001: "Conditional Access policy requires a domain joined device.",
        53002: "The application used is not an approved application for Conditional Access.",
        53003: "Access has been blocked by Conditional Access policies.",
        53004: "The user needs to complete the multi-factor authentication registration process first.",
        53010: "Multi-factor authentication methods can be set from a specific location only.",
        53011: "User blocked due to risk on home tenant.",
        54005: "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
        65001: "The user or administrator has not consented to use the application with ID '{client}' named '{name}'. "
        "Send an interactive authorization request for this user and resource.",
        70000: "The provided value for the input parameter '{parameter}' is not valid.",
        70008: "The provided authorization code or refresh token has expired. Send a new interactive authorization "
        "request.",
        70043: "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.",
        90072: "User account '{user}' does not exist in tenant '{tenant}' and cannot access the application there.",
        90094: "Administrator consent is required.",
        90095: "Administrator consent is required.",
        90099: "The application '{client}' ({name}) has not been authorized in the tenant '{tenant}'. Applications "
        "must be authorized to access the external tenant before partner delegated administrators can use them.",
        500212: "The user's administrator does not allow outbound access to the resource tenant.",
        500213: "The resource tenant's cross-tenant access policy does not allow this user to access this tenant.",
        501481: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        530003: "Your device is required to be managed to access this resource.",
        530032: "User blocked due to risk: tenant security policy.",
        530034: "A delegated administrator was blocked from the tenant due to account risk in their home tenant.",
        530035: "Access has been blocked by security defaults.",
        700003: "Device object was not found in the tenant '{tenant}' directory.",
        700005: "The provided Authorization Code is intended to use against other tenant, thus rejected.",
        700007: "The grant was issued for a different client id.",
        700020: "Interaction is required.",
        700082: "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive "
        "for 90.00:00:00.",
        700084: "The refresh token was issued to a single page app (SPA): its lifetime of 1.00:00:00 can't be "
        "extended.",
    },
    "invalid_client": {
        50012: "Authentication failed: the client's certificate could not be validated.",
        50013: "Assertion failed signature validation.",
        50027: "JWT token is invalid or malformed.",
        70002: "Error validating the credentials of the application '{client}'.",
        135010: "The key was not found.",
        500112: "The reply address '{given}' does not match '{expected}', provided when requesting Authorization code.",
        500133: "Assertion is not within its valid time range.",
        650051: "Using application '{client}' is currently not supported for your organization '{tenant}'.",
        650052: "The app needs access to a service '{resource}' that '{tenant}' has not subscribed to or enabled.",
        650053: "The application '{client}' asked for a scope that does not exist on the resource '{resource}'.",
        700023: "Client assertion audience claim does not match Realm issuer.",
        700024: "Client assertion is not within its valid time range.",
        700025: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        700027: "Client assertion contains an invalid signature. [Reason - {reason}]",
        700030: "Invalid certificate: the subject name of the certificate is not authorized.",
        700211: "No matching federated identity record found for presented assertion issuer '{issuer}'.",
        700212: "No matching federated identity record found for presented assertion audience '{audience}'.",
        700213: "No matching federated identity record found for presented assertion subject '{subject}'.",
        700222: "AAD-issued tokens may not be used for federated identity flows.",
        700226: "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
        700229: "Only app-only tokens can be used as Federated Identity Credentials.",
        7000215: "Invalid client secret provided: send the value, not the ID, of a secret of app '{client}'.",
        7000216: "'client_assertion', 'client_secret' or 'request' is required for the '{grant}' grant type.",
        7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        7000222: "The provided client secret keys for app '{client}' are expired. Create new keys for your app.",
        7000229: "The client application {client} is missing service principal in the tenant {tenant}.",
        7002138: "No matching federated identity record found for presented assertion subject '{subject}'. The subject "
        "matches with case-insensitive comparison, but not with case-sensitive comparison.",
    },
    "unauthorized_client": {
        70001: "The application named {client} was not found in the tenant named {tenant}.",
        700016: "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if "
        "it has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
        7000112: "Application '{client}' is disabled.",
    },
    "invalid_request": {
        50001: "The resource '{resource}' is disabled or was not found.",
        50011: "The redirect URI '{given}' specified in the request does not match those of the application "
        "'{client}'.",
        50049: "Unknown or invalid instance.",
        50059: "No tenant-identifying information found in either the request or any provided credentials.",
        50147: "Missing or invalid code challenge: only S256 is accepted.",
        50194: "Application '{client}' is not multi-tenant: usage of the /common endpoint is not supported for such "
        "apps.",
        65005: "The application requested resources that it is not configured for.",
        90002: "Tenant '{tenant}' not found. Check that you have the correct tenant ID and are signing into the "
        "correct cloud.",
        90014: "The required field '{parameter}' is missing from the credential.",
        90038: "Tenant '{tenant}' request is being redirected to the national cloud.",
        500014: "The service principal for resource '{resource}' is disabled.",
        500011: "The resource principal named {resource} was not found in the tenant named {tenant}.",
        501491: "Invalid size of Code_Challenge parameter.",
        650054: "The application asked for permissions to access a resource that has been removed.",
        650056: "Misconfigured application.",
        650057: "Invalid resource: it is not listed in the requested permissions of the client's registration.",
        900144: "The request body must contain the following parameter: '{parameter}'.",
        900382: "Confidential client is not supported in cross cloud request.",
        900432: "Confidential client is not supported in cross cloud request.",
        900971: "No reply address provided.",
        9001023: "The grant type is not supported over the /common or /consumers endpoints.",
        9002313: "Invalid request. Request is malformed or invalid.",
        9002327: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin "
        "requests.",
    },
    "invalid_scope": {
        28000: "Provided value for the input parameter scope is not valid because it contains more than one resource. "
        "Scope {scope} is not valid.",
        28002: "Provided value for the input parameter scope '{scope}' is not valid.",
        70011: "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        700022: "The input parameter scope contains more than one resource.",
        1002012: "The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
        "with /.default suffixed to the resource identifier (application ID URI).",
    },
    "unsupported_grant_type": {70003: "The app requested an unsupported grant type '{grant}'."},
    "unsupported_response_type": {70005: "The app requested an unsupported response type '{response_type}'."},
    "login_required": {50058: "A silent sign-in request was sent but no user is signed in."},
    "access_denied": {65004: "User declined to consent to access the app."},
    "authorization_pending": {
        70016: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    },
    "bad_verification_code": {
        70018: "Invalid verification code. The user typed in a wrong user code, or the device code is unknown.",
    },
    "expired_token": {70019: "Verification code expired."},
    "temporarily_unavailable": {
        40010: "There was an issue with a dependent service; retry.",
        50087: "A transient error has occurred during strong authentication. Please try again.",
        50088: "Limit on telecom calls reached. Please try again in a few minutes.",
        50166: "The request to an external endpoint failed.",
        50196: "The server terminated an operation because it encountered a client request loop.",
        90006: "The service is temporarily unavailable. Please retry later.",
        90012: "The request has timed out.",
        90024: "A transient error has occurred. Please try again.",
        90033: "A transient error has occurred. Please try again.",
        90055: "The server is temporarily too busy to handle the request (tenant throttling).",
        90090: "The service is temporarily unavailable.",
        90091: "The service is temporarily unavailable.",
    },
    "server_error": {50033: "A non-retryable error has occurred while retrying a transient error."},
}

_OAUTH_ERROR_OF_ITS_OWN = {
    50178: "interaction_required",
    50196: "invalid_grant",
    500011: "invalid_resource",
    500014: "invalid_resource",
}
_SUBERRORS = {
    50034: "bad_token",
    50076: "basic_action",
    50079: "basic_action",
    50173: "bad_token",
    53003: "message_only",
    65001: "consent_required",
    70043: "token_expired",
}
STATUSES = {"invalid_client": 401, "temporarily_unavailable": 503, "server_error": 500}
_STATUSES_OF_THEIR_OWN = {50196: 400, 90055: 429}
_CLAIMS = {50076: '{"access_token":{"capolids":{"essential":true,"values":["00000000-0000-4000-8000-00000000ca01"]}}}'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What the real service sends with one AADSTS number; `claims` is the JSON of a claims challenge."""

    error: str
    text: str
    status: int
    suberror: str | None
    claims: str | None


CODES: Mapping[int, Code] = MappingProxyType(
    {
        number: Code(
            error=_OAUTH_ERROR_OF_ITS_OWN.get(number, error),
            text=text,
            status=_STATUSES_OF_THEIR_OWN.get(number, STATUSES.get(error, 400)),
            suberror=_SUBERRORS.get(number),
            claims=_CLAIMS.get(number),
        )
        for error, texts in _BY_OAUTH_ERROR.items()
        for number, text in texts.items()
    }
)
