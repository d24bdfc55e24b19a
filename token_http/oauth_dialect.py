"""The OAuth dialect: a form of RFC 6749 or RFC 8693 becomes a TokenRequest, an issued token the answer to it.

`POST .../{tenant}/oauth2/v2.0/token`, and `.../oauth2/token` as the version 1 endpoint of Entra ID has it. So a script
that redeems a refresh token at Entra ID changes the host and sends its own identity; what else it sends is ignored.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any

from shared.callers.assertion import bearer
from shared.cloud import Cloud
from shared.entra.resource import Scope
from shared.errors import AssertionMissing, InvalidRequest
from shared.subject import APPLICATION
from token_http import message
from token_http.message import (
    HOME,
    HOMES,
    Issued,
    TokenRequest,
    asked_scope,
    asked_subject,
    checked_claims,
    scope_of_application,
)
from token_http.notice import PERSISTENT_CODE, Notice
from token_http.refusals import GrantTypeUnsupported, TargetInvalid

REFRESH, CLIENT_CREDENTIALS = "refresh_token", "client_credentials"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
GRANTS = (REFRESH, CLIENT_CREDENTIALS, EXCHANGE)
# RFC 7523 section 2.2: how a client proves itself by an assertion in the form.
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# RFC 8693 section 3.
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
JWT = "urn:ietf:params:oauth:token-type:jwt"
# OpenID Connect's own; they ask for what the broker keeps to itself.
NO_RESOURCE = frozenset({"openid", "profile", "email", "offline_access"})
IGNORED = ("client_id", "client_secret", "client_assertion", "refresh_token", "username", "password")


class Version(Enum):
    """The endpoint of Entra ID that is answered like: version 1 is asked for a resource, version 2 for a scope."""

    V1 = 1
    V2 = 2


def assertion_of(form: Mapping[str, str], authorization: str | None) -> str:
    """The caller's token, unverified; raises AssertionMissing or InvalidRequest.

    It is the bearer of the Authorization header. Without that header it may be the form's client assertion, and in a
    token exchange it is the subject token, beside which no other may be borne.
    """
    if form.get("grant_type") == EXCHANGE:
        return _subject_token(form, authorization)
    if authorization is not None:
        return bearer(authorization)
    if "client_assertion" not in form:
        raise AssertionMissing
    if form.get("client_assertion_type") != JWT_BEARER:
        raise InvalidRequest(f"client_assertion_type: {JWT_BEARER}.")
    return form["client_assertion"]


def _subject_token(form: Mapping[str, str], authorization: str | None) -> str:
    if "actor_token" in form:
        raise InvalidRequest("actor_token: the broker issues no token for one who acts for another; leave it out.")
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequest(f"requested_token_type: {ACCESS_TOKEN}, or leave it out.")
    if "subject_token" not in form:
        raise InvalidRequest("subject_token: the caller's own token for this broker.")
    if form.get("subject_token_type") not in {JWT, ACCESS_TOKEN}:
        raise InvalidRequest(f"subject_token_type: {JWT} or {ACCESS_TOKEN}.")
    subject_token = form["subject_token"]
    if (authorization or "").lower().startswith("bearer ") and bearer(authorization) != subject_token:
        raise InvalidRequest("subject_token and Authorization differ: send the caller's token in one of them.")
    return subject_token


def parse(form: Mapping[str, str], tenant: str, *, version: Version, cloud: Cloud) -> TokenRequest:
    """The request; raises InvalidRequest, GrantTypeUnsupported or TargetInvalid, naming the field."""
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest(f"grant_type: {' or '.join(GRANTS)}.")
    if grant_type not in GRANTS:
        raise GrantTypeUnsupported(f"It takes {' and '.join(GRANTS)}.")
    is_application = grant_type == CLIENT_CREDENTIALS
    if is_application and tenant.lower() in HOMES:
        # There is no person whose own tenant it could stand for.
        raise InvalidRequest(f"tenant: {CLIENT_CREDENTIALS} takes one by id or name, or home.")
    kind = {"as": APPLICATION.value} if is_application else {}
    return TokenRequest(
        tenant=HOME if tenant.lower() in HOMES else tenant,
        scope=_scope(form, version=version, cloud=cloud),
        consent=asked_subject({**{name: form[name] for name in ("consent",) if name in form}, **kind}),
        claims=checked_claims(form.get("claims")),
    )


def _scope(form: Mapping[str, str], *, version: Version, cloud: Cloud) -> Scope:
    """What the token is to be for; raises TargetInvalid."""
    is_exchange = form["grant_type"] == EXCHANGE
    if is_exchange and "audience" in form:
        raise TargetInvalid("audience: name the target by resource or scope.")
    if not is_exchange and version is Version.V1:
        asked = {"resource": form.get("resource", "")}
    else:
        names = ("resource", "scope") if is_exchange else ("scope",)
        asked = {name: form[name] for name in names if name in form}
    if "scope" in asked:
        asked["scope"] = " ".join(word for word in asked["scope"].split() if word.lower() not in NO_RESOURCE)
    if not asked:
        told = "resource or scope: exactly one of the two." if is_exchange else "scope: it is missing."
        raise TargetInvalid(told)
    try:
        scope = asked_scope(asked, cloud)
        return scope_of_application(scope) if form["grant_type"] == CLIENT_CREDENTIALS else scope
    except InvalidRequest as problem:
        raise TargetInvalid(problem.detail) from None


def with_notices(issued: Issued, form: Mapping[str, str], authorization: str | None) -> Issued:
    """The same, with a notice of what the form had for nothing; the caller's own token is not among it."""
    proves = form.get("grant_type") != EXCHANGE and authorization is None
    names = [name for name in IGNORED if name in form and not (proves and name == "client_assertion")]
    return replace(issued, warnings=(*issued.warnings, *([_ignored(names)] if names else [])))


def _ignored(names: list[str]) -> Notice:
    text = f"Ignored: {', '.join(names)}. The broker proves itself; keep no secret for this."
    return Notice(code=PERSISTENT_CODE, text=text)


def render(issued: Issued, *, grant_type: str, version: Version, now: datetime) -> dict[str, Any]:
    """The answer of RFC 6749 section 5.1 without a refresh token; of RFC 8693 section 2.2.1 to an exchange."""
    content = message.render(issued, now=now)
    if grant_type == EXCHANGE:
        content["issued_token_type"] = ACCESS_TOKEN
    return content if version is Version.V2 else _as_version_1(content)


def _as_version_1(content: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as texts, and scopes by their bare names, as Entra ID's version 1 endpoint has them."""
    prefix = f"{content['resource']}/"
    seconds = str(content["expires_in"])
    return {
        **content,
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "expires_on": str(content["expires_on"]),
        "scope": " ".join(word.removeprefix(prefix) for word in content["scope"].split()),
    }
