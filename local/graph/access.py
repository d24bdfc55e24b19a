"""Who may ask Graph: bearers of delegated tokens for it, with a scope that the operation wants."""

from dataclasses import dataclass

import jwt

from local.entra.directory import Directory
from local.graph.refusals import GraphError
from local.signing import SigningKeys
from local.world import User

AUDIENCE = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person a token is about, the tenant it is for, and the scopes it names."""

    user: User | None
    tenant_id: str
    scopes: frozenset[str]

    def require(self, *scopes: str) -> None:
        """Raise GraphError (403) unless the token has one of these."""
        if not self.scopes & set(scopes):
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


class Gate:
    """Lets in bearers of delegated tokens that this stack's Entra ID has signed for Graph."""

    def __init__(self, *, keys: SigningKeys, directory: Directory) -> None:
        self._keys = keys
        self._directory = directory

    def admit(self, authorization: str | None) -> Caller:
        """Whom an Authorization header proves; raises GraphError (401)."""
        scheme, _, unverified_token = (authorization or "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("no bearer token")
            claims = self._keys.verify(unverified_token, audience=AUDIENCE)
        except jwt.PyJWTError as error:
            raise GraphError(401, "InvalidAuthenticationToken", f"The token is not valid: {error}.") from error
        return Caller(
            user=self._directory.person_in(str(claims["tid"]), str(claims.get("oid"))),
            tenant_id=str(claims["tid"]),
            scopes=frozenset(str(claims.get("scp", "")).split()),
        )
