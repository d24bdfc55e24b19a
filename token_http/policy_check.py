"""The dry run of the policy: whom would it give what, and by which row; asks nobody and issues nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.callers.assertion import Principal
from shared.cloud import Cloud
from shared.errors import InvalidRequest
from shared.setting_values import GUID
from shared.subject import kind_of_subject
from token_http.message import TokenRequest, asked_scope, asked_subject
from token_http.policy import Decision

FIELDS: Mapping[str, type] = {
    "caller": str,
    "roles": list,
    "as": str,
    "consent": str,
    "tenant": str,
    "resource": str,
    "scope": str,
}
# More than a token holds.
MOST_ROLES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether this principal would be given this token."""

    principal: Principal
    request: TokenRequest


def parse(fields: Mapping[str, Any], cloud: Cloud) -> Question:
    """The question in a body's fields; raises InvalidRequest naming what is wrong."""
    caller, roles = fields.get("caller", ""), fields.get("roles", [])
    if not GUID.fullmatch(caller.lower()):
        raise InvalidRequest("caller: the object id of the calling identity's service principal.")
    if len(roles) > MOST_ROLES or not all(isinstance(role, str) for role in roles):
        raise InvalidRequest(f"roles: a list of at most {MOST_ROLES} app roles.")
    if not fields.get("tenant"):
        raise InvalidRequest('tenant: the customer tenant\'s id, a name from the policy, or "home".')
    principal = Principal(
        object_id=caller.lower(),
        application_id="",
        roles=frozenset(roles),
        scopes=frozenset(),
        is_application=True,
    )
    request = TokenRequest(
        tenant=fields["tenant"],
        scope=asked_scope(fields, cloud),
        consent=asked_subject(fields),
    )
    return Question(principal=principal, request=request)


def answer(question: Question, decision: Decision | None) -> dict[str, Any]:
    """The decision: whether it is allowed, in whose name, by which row, and which tenant it comes to."""
    told = {"as": kind_of_subject(question.request.consent)}
    if decision is None:
        return {"allowed": False, **told, "permission": None, "tenant_id": None}
    return {"allowed": True, **told, "permission": decision.permission, "tenant_id": decision.tenant_id}
