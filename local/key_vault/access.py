"""Who may do what in one vault: the challenge, the check of the bearer token, and data-plane permissions."""

from collections.abc import Mapping
from typing import Any

import jwt

from local.key_vault.refusals import KeyVaultError, forbidden, unauthorized
from local.signing import SigningKeys

RESOURCE = "https://vault.azure.net"
# Entra ID puts the resource into `aud` as the client spelled it.
AUDIENCES = [RESOURCE, f"{RESOURCE}/"]

# "Azure role-based access control" data actions behind the permissions' older, shorter names.
_ACTIONS = {
    "get": "getSecret/action",
    "list": "readMetadata/action",
    "set": "setSecret/action",
    "update": "update/action",
    "delete": "delete",
    "recover": "recover/action",
    "purge": "purge/action",
    "backup": "backup/action",
    "restore": "restore/action",
}


class Gate:
    """Lets in callers with a token of one tenant for Key Vault, then holds them to their permissions.

    `authority` is the tenant's, as the challenge names it; `permissions` is object id -> names of operations.
    """

    def __init__(
        self, *, authority: str, tenant_id: str, keys: SigningKeys, permissions: Mapping[str, frozenset[str]]
    ) -> None:
        self._challenge = f'Bearer authorization="{authority}", resource="{RESOURCE}"'
        self._tenant_id = tenant_id
        self._keys = keys
        self._permissions = permissions

    def authenticate(self, authorization: str | None) -> str:
        """The object id of the caller that an Authorization header proves; raises KeyVaultError (401)."""
        scheme, _, unverified_token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not unverified_token:
            raise self._unauthorized("AKV10000: Request is missing a Bearer or PoP token.")
        claims = self._verify(unverified_token)
        if claims.get("tid") != self._tenant_id:
            raise self._unauthorized("AKV10032: Invalid issuer. The token is of another tenant than this vault's.")
        return str(claims.get("oid"))

    def authorize(self, object_id: str, permission: str) -> None:
        """Return if the caller holds this permission; raises KeyVaultError (403)."""
        if permission not in self._permissions.get(object_id, frozenset()):
            raise forbidden(object_id=object_id, action=_ACTIONS[permission])

    def _verify(self, unverified_token: str) -> dict[str, Any]:
        try:
            claims = self._keys.verify(unverified_token, audience=AUDIENCES)
        except jwt.InvalidAudienceError as error:
            found = jwt.decode(unverified_token, options={"verify_signature": False})["aud"]
            message = f"AKV10022: Invalid audience. Expected {RESOURCE}, found: {found}."
            raise self._unauthorized(message) from error
        except jwt.ExpiredSignatureError as error:
            message = "[TokenExpired] Error validating token: IDX10223: Lifetime validation failed."
            raise self._unauthorized(message) from error
        except jwt.PyJWTError as error:
            raise self._unauthorized(f"Error validating token: {error}.") from error
        if "exp" not in claims:
            raise self._unauthorized("Error validating token: IDX10225: Lifetime validation failed, no 'exp'.")
        return claims

    def _unauthorized(self, message: str) -> KeyVaultError:
        return unauthorized(message, challenge=self._challenge)
