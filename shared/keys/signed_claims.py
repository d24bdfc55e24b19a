"""Claims that the authority has signed: from an unverified token to facts, or a refusal that says why."""

from collections.abc import Iterable, Mapping
from typing import Any

import jwt

from shared.keys.errors import (
    AssertionExpired,
    AssertionForAnotherAudience,
    AssertionFromAnotherTenant,
    AssertionInvalid,
)
from shared.keys.signing_keys import SigningKeys

# Entra ID's own allowance for clocks that differ (learn: claims-validation).
CLOCK_SKEW_SECONDS = 300
MAX_LENGTH = 16_384
REQUIRED = ("aud", "iss", "exp", "iat", "tid")


def verified_claims(
    unverified_token: str, *, keys: SigningKeys, tenant_id: str, issuers: Iterable[str], audiences: Iterable[str]
) -> Mapping[str, Any]:
    """The claims of a token that `tenant_id` signed (RS256) for one of `audiences`, in its time.

    Raises AssertionInvalid, AssertionExpired, AssertionForAnotherAudience or AssertionFromAnotherTenant.
    RFC 8725 (JWT best current practices); `typ` is not compared, since Entra ID always writes "JWT".
    """
    key = _key(unverified_token, keys, tenant_id)
    audiences = list(audiences)
    try:
        claims: Mapping[str, Any] = jwt.decode(
            unverified_token,
            key,
            algorithms=["RS256"],
            audience=audiences,
            issuer=list(issuers),
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": list(REQUIRED)},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise AssertionExpired from error
    except jwt.InvalidAudienceError as error:
        raise AssertionForAnotherAudience(f"Expected: {' or '.join(sorted(audiences))}.") from error
    except jwt.InvalidIssuerError as error:
        raise AssertionFromAnotherTenant from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise AssertionInvalid from error
    if claims["tid"] != tenant_id:
        raise AssertionFromAnotherTenant
    return claims


def unverified_claims(token: str) -> Mapping[str, Any]:
    """What a token says, unproven; empty when it is not a JWT. Only for a token straight from the authority."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        return {}
    return claims


def is_key_at_hand(unverified_token: str, *, keys: SigningKeys, tenant_id: str) -> bool:
    """Whether the key that the token names is known, so that verifying it waits for nobody."""
    try:
        return keys.knows(tenant_id, _unverified_key_id(unverified_token))
    except AssertionInvalid:
        return False


def _key(unverified_token: str, keys: SigningKeys, tenant_id: str) -> jwt.PyJWK:
    # A key id out of the header only ever picks one of the authority's own keys; jku, x5u and jwk are not read.
    key = keys.key(tenant_id, _unverified_key_id(unverified_token))
    if key is None:
        raise AssertionInvalid
    return key


def _unverified_key_id(unverified_token: str) -> str:
    """The key id in the header of a token of the one algorithm that counts; raises AssertionInvalid."""
    if len(unverified_token) > MAX_LENGTH:
        raise AssertionInvalid("It is too long.")
    try:
        header = jwt.get_unverified_header(unverified_token)
    except (jwt.PyJWTError, ValueError) as error:
        raise AssertionInvalid from error
    if header.get("alg") != "RS256":
        raise AssertionInvalid
    return str(header.get("kid", ""))
