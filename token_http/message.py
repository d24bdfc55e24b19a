"""The plain dialect's words: a request body becomes a TokenRequest, an issued token becomes OAuth JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.cloud import Cloud
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.entra.resource import DEFAULT_SCOPE, Scope
from shared.entra.tokens import AccessToken
from shared.errors import InvalidRequest
from shared.strict_json import parse_json
from shared.subject import APPLICATION, As, Subject
from token_http.notice import Notice

HOME = "home"
# Redeemed there, a refresh token gives a token of its person's own tenant.
HOMES = frozenset({"common", "organizations"})
MAX_CLAIMS = 4096
# Entra ID's tokens live 60 to 90 minutes; more than this could not be promised of a fresh one.
MAX_MIN_LIFETIME = 50 * 60
FIELDS: Mapping[str, type] = {
    "tenant": str,
    "resource": str,
    "scope": str,
    "as": str,
    "consent": str,
    "claims": str,
    "min_lifetime": int,
    "fresh": bool,
}
# A challenge may be as long as the longest query that the Functions host lets through.
BODY_ALONE = ("claims", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a caller wants; `tenant` is as asked for and means nothing until the policy has resolved it.

    `consent` is the name of a stored one, or APPLICATION for a token of the application itself.
    `claims` is a claims challenge to satisfy (JSON text), `min_lifetime` in seconds; `fresh` asks for a token that is
    no older than a minute.
    """

    tenant: str
    scope: Scope
    consent: Subject = DEFAULT_NAME
    claims: str | None = field(default=None, repr=False)
    min_lifetime: int = 0
    fresh: bool = False

    def __post_init__(self) -> None:
        """Raise InvalidRequest for what no token of the application can be of."""
        if self.consent is APPLICATION:
            scope_of_application(self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token for the caller and how it came about.

    `account` is the username of the person who consented, `is_home` whether the token is for that person's own tenant;
    a token of the application has no account and no lineage (""), and its home is the partner's. `warnings` are what
    the caller should know of this token.
    """

    token: AccessToken
    account: str
    is_home: bool
    resource: str
    lineage: str
    permission: str
    from_cache: bool
    warnings: tuple[Notice, ...] = ()


def parse(fields: Mapping[str, Any], cloud: Cloud) -> TokenRequest:
    """The request in a body's fields; raises InvalidRequest naming what is wrong and what it should be."""
    if not fields.get("tenant"):
        raise InvalidRequest('tenant: the customer tenant\'s id, a name from the policy, or "home".')
    return TokenRequest(
        tenant=fields["tenant"],
        scope=asked_scope(fields, cloud),
        consent=asked_subject(fields),
        claims=checked_claims(fields.get("claims")),
        min_lifetime=_min_lifetime(fields.get("min_lifetime", 0)),
        fresh=fields.get("fresh", False),
    )


def render(issued: Issued, *, now: datetime) -> dict[str, Any]:
    """The OAuth JSON of RFC 6749 section 5.1, with `expires_on` in epoch seconds as Azure's clients know it."""
    token = issued.token
    told = {"warning": " ".join(notice.text for notice in issued.warnings)} if issued.warnings else {}
    return {
        **told,
        "token_type": "Bearer",
        "access_token": token.token,
        "expires_in": max(0, int((token.expires_on - now).total_seconds())),
        "expires_on": int(token.expires_on.timestamp()),
        "scope": token.scope,
        "resource": issued.resource,
        "tenant_id": token.tenant_id,
    }


def scope_of_application(scope: Scope) -> Scope:
    """The scope, if it can be that of the application's own token; raises InvalidRequest."""
    if scope.names != (DEFAULT_SCOPE,):
        raise InvalidRequest("scope: the application's own token has all its app roles of a resource: .default.")
    return scope


def asked_subject(fields: Mapping[str, Any]) -> Subject:
    """In whose name a body's `as` and `consent` want a token; raises InvalidRequest."""
    kind = fields.get("as", As.USER.value)
    if kind == APPLICATION.value:
        if "consent" in fields:
            raise InvalidRequest("consent: a token of the application is of nobody's consent; leave it out.")
        return APPLICATION
    if kind != As.USER.value:
        raise InvalidRequest("as: user or application.")
    return checked_name(fields.get("consent", DEFAULT_NAME))


def asked_scope(fields: Mapping[str, Any], cloud: Cloud) -> Scope:
    """The scope of a body's `resource` or `scope`; raises InvalidRequest unless it is exactly one of the two."""
    if ("resource" in fields) == ("scope" in fields):
        raise InvalidRequest("resource or scope: exactly one of the two.")
    return Scope.parse(fields["scope"], cloud) if "scope" in fields else Scope.of_resource(fields["resource"], cloud)


def checked_claims(claims: str | None) -> str | None:
    """The claims challenge in one spelling; None when nothing is claimed."""
    if claims is None or not claims.strip():
        return None
    expected = "claims: a JSON object with access_token alone, at most 4096 characters, without xms_cc."
    content = parse_json(claims, what="claims") if len(claims) <= MAX_CLAIMS else None
    wanted = content.get("access_token", {}) if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(wanted, dict) or set(content) - {"access_token"}:
        raise InvalidRequest(expected)
    if "xms_cc" in wanted:
        # It would declare that the caller handles continuous access evaluation for everybody who shares the token.
        raise InvalidRequest(expected)
    # What was checked is what is sent.
    return json.dumps(content, sort_keys=True, separators=(",", ":")) if wanted else None


def _min_lifetime(seconds: int) -> int:
    if not 0 <= seconds <= MAX_MIN_LIFETIME:
        raise InvalidRequest(f"min_lifetime: seconds, from 0 to {MAX_MIN_LIFETIME}.")
    return seconds
