"""What the authority answers, from MSAL's dictionary to values: tokens, and a device code."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.entra.errors import AnswerMismatched
from shared.entra.tokens import AccessToken, DeviceSignIn, TokenSet
from shared.errors import AuthorityUnavailable

BEARER = "bearer"
# Seconds. Entra ID's own last 60 to 90 minutes; longer ones it gives to clients alone that say they can take claims
# challenges, which this one does not (learn: entra/identity-platform/configurable-token-lifetimes).
LONGEST_LIFETIME = 86_400


def token_set(answer: Mapping[str, Any], *, tenant_id: str, now: datetime, refresh_token: str = "") -> TokenSet:
    """The tokens of an answer (RFC 6749 section 5.1), with `refresh_token` where it brings no other.

    Raises AuthorityUnavailable when it holds no access token, AnswerMismatched when that is of another kind.
    """
    return TokenSet(
        access_token=_access_token(answer, tenant_id, now),
        refresh_token=_text(answer.get("refresh_token")) or refresh_token,
        unverified_id_token=answer.get("id_token", ""),
    )


def device_sign_in(answer: Mapping[str, Any], *, tenant_id: str, scope: str, now: datetime) -> DeviceSignIn:
    """The device code of an answer (RFC 8628 section 3.2); raises AuthorityUnavailable when it holds none."""
    try:
        return DeviceSignIn(
            tenant_id=tenant_id,
            scope=scope,
            device_code=answer["device_code"],
            user_code=answer["user_code"],
            verification_uri=answer["verification_uri"],
            interval=answer["interval"],
            expires_on=now.replace(microsecond=0) + timedelta(seconds=answer["expires_in"]),
        )
    except (KeyError, OverflowError) as error:
        raise AuthorityUnavailable("Its answer holds no device code.") from error


def _access_token(answer: Mapping[str, Any], tenant_id: str, now: datetime) -> AccessToken:
    try:
        lifetime = int(answer["expires_in"])
        token, scope = answer["access_token"], str(answer.get("scope", ""))
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise AuthorityUnavailable("Its answer holds no token.") from error
    if not _text(token):
        raise AuthorityUnavailable("Its answer holds no token.")
    # RFC 6749 section 7.1: a client that does not understand the type of a token must not use it.
    if str(answer.get("token_type", BEARER)).lower() != BEARER:
        raise AnswerMismatched("Its token_type is another.")
    if not 1 <= lifetime <= LONGEST_LIFETIME:
        raise AnswerMismatched("Its expires_in is none.")
    expires_on = now + timedelta(seconds=lifetime)
    return AccessToken(token=token, expires_on=expires_on, scope=scope, tenant_id=tenant_id)


def _text(given: object) -> str:
    """The text of a token, "" for what is none: RFC 6749 appendices A.12 and A.17 have its characters."""
    return given if isinstance(given, str) and given.isascii() and given.isprintable() else ""
