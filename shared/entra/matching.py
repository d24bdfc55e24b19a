"""Whether the token that came back is the one that was asked for: a definite contradiction refuses it.

Access tokens are opaque to clients (learn: access-tokens), so what a token does not say, or says in words nobody here
knows, passes; but one that is plainly of another tenant, API or person must not be handed on, nor replace what is
stored.
"""

from collections.abc import Callable
from typing import Any

from shared.entra.errors import AnswerMismatched
from shared.keys.signed_claims import unverified_claims

type Family = Callable[[str], str | None]


def matched_claims(
    access_token: str,
    *,
    tenant_id: str,
    resource: str,
    family: Family,
    person: str | None = None,
    application: str | None = None,
) -> tuple[str, ...]:
    """The names of the claims that were held against what was asked; raises AnswerMismatched.

    `person` is the object id of whose token it should be, where that is known: somebody has another one in every
    tenant. `application` is the client id where the token should be that application's own. `family` tells which API an
    audience belongs to.
    """
    claims = unverified_claims(access_token)
    held = {
        "tid": _same(claims.get("tid"), tenant_id),
        "aud": _same_family(claims.get("aud"), resource, family),
        "oid": _same(claims.get("oid"), person),
        "appid": _same(claims.get("appid", claims.get("azp")), application),
        # Scopes are a person's (learn: entra/identity-platform/access-token-claims-reference).
        "scp": "scp" not in claims if application and claims else None,
    }
    for name, is_same in held.items():
        if is_same is False:
            raise AnswerMismatched(f"Its {name} is another.")
    return tuple(name for name, is_same in held.items() if is_same)


def roles_of(access_token: str) -> tuple[str, ...]:
    """The app roles that a token names, none where it cannot be read; for records and checks, never for a decision."""
    roles = unverified_claims(access_token).get("roles")
    return tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else ()


def _same(said: Any, asked: str | None) -> bool | None:  # noqa: ANN401 - a claim
    return said.lower() == asked.lower() if isinstance(said, str) and asked else None


def _same_family(said: Any, asked: str, family: Family) -> bool | None:  # noqa: ANN401 - a claim
    families = (family(said), family(asked)) if isinstance(said, str) else (None, None)
    return families[0] == families[1] if all(families) else None
