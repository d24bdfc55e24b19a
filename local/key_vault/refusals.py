"""What Key Vault says when it refuses: the statuses, codes and sentences of the real service.

Sources: recordings in azure-sdk-for-python and azure-sdk-for-js, and "Azure Key Vault REST API error codes" on
Microsoft Learn.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class KeyVaultError(Exception):
    """A refusal: an HTTP status, `code` and `message`, and the inner code that tells refusals of one code apart."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {"code": code, "message": message}
        if inner is not None:
            self.body["innererror"] = {"code": inner}


async def render(_request: Request, error: Exception) -> Response:
    """The answer that carries a KeyVaultError."""
    if not isinstance(error, KeyVaultError):
        raise error
    return JSONResponse({"error": error.body}, status_code=error.status, headers=error.headers)


async def render_method_not_allowed(request: Request, _error: Exception) -> Response:
    """The answer to a method that the router knows for other paths alone."""
    return await render(request, method_not_allowed(request.method))


async def render_no_such_path(request: Request, _error: Exception) -> Response:
    """The answer where the router knows no such path."""
    return await render(request, no_such_path(request.url.path))


def unauthorized(message: str, *, challenge: str) -> KeyVaultError:
    """401: no bearer token, or one this vault does not take."""
    return KeyVaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})


def forbidden(*, object_id: str, action: str) -> KeyVaultError:
    """403: the caller is known, and no role of theirs holds this data action."""
    message = (
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently, "
        f"please observe propagation time.\r\nCaller: oid={object_id}\r\n"
        f"Action: 'Microsoft.KeyVault/vaults/secrets/{action}'\r\n"
        "Assignment: (not found)\r\nDecisionReason: 'DeniedWithNoValidRBAC'"
    )
    return KeyVaultError(403, "Forbidden", message, inner="ForbiddenByRbac")


def secret_disabled() -> KeyVaultError:
    """403: the version asked for exists and is not enabled."""
    return KeyVaultError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", inner="SecretDisabled")


def bad_parameter(message: str) -> KeyVaultError:
    """400: a part of the request that the service does not take."""
    return KeyVaultError(400, "BadParameter", message)


def method_not_allowed(method: str) -> KeyVaultError:
    """405: a path of the service, under a method that it does not have there."""
    return KeyVaultError(405, "MethodNotAllowed", f"HTTP {method} not allowed")


def no_such_path(path: str) -> KeyVaultError:
    """404: no path of the service. The status is known; no recording shows the code and the sentence."""
    return KeyVaultError(404, "NotFound", f"No resource was found at {path}.")


def secret_not_found(name: str) -> KeyVaultError:
    """404: no secret, or no version, of this name (`name` or `name/version`)."""
    message = (
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return KeyVaultError(404, "SecretNotFound", message)


def deleted_secret_not_found(name: str) -> KeyVaultError:
    """404: no secret of this name is waiting to be recovered or purged."""
    return KeyVaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def name_is_deleted(name: str) -> KeyVaultError:
    """409: a soft-deleted secret holds this name until it is recovered or purged."""
    message = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, "
        "the secret can only be recovered or purged."
    )
    return KeyVaultError(409, "Conflict", message, inner="ObjectIsDeletedButRecoverable")


def restore_conflict(secret_id: str) -> KeyVaultError:
    """409: a backup of a secret whose name is in use."""
    message = (
        f"There was a conflict restoring the secret '{secret_id}'. This can happen if either: a second secret with the "
        "same name was created after the first secret was deleted; thus trying to restore a secret whose name is "
        "already in use. To fix this, rename the second secret to something else so that the restore works. The second "
        "probable cause of this exception is when multiple operations are performed in parallel against the secret. To "
        "avoid this error, perform operations against a secret in a sequential manner."
    )
    return KeyVaultError(409, "Conflict", message)


def corrupt_backup() -> KeyVaultError:
    """400: bytes that no vault made."""
    return KeyVaultError(400, "Malformed backup blob", "Backup blob contains invalid or corrupt version.")


def foreign_backup() -> KeyVaultError:
    """400: a backup of another geography or subscription, or one that was changed since."""
    return KeyVaultError(400, "Malformed backup blob", "Cannot decrypt backup blob.")


def too_many_versions(name: str, most: int) -> KeyVaultError:
    """400: a secret too long-lived to be backed up. The limit is published; the sentence is not."""
    return bad_parameter(f"Secret {name} has more than {most} versions and cannot be backed up.")


def throttled() -> KeyVaultError:
    """429: over the vault's limit; the throttling guidance knows no Retry-After, so there is none."""
    message = "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
    return KeyVaultError(429, "Throttled", message)
