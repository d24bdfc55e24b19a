"""What Key Vault's refusals mean: azure-core's exceptions become errors of the tree, by status and inner code.

Their texts hold hosts and bodies and stop here. Sources: learn, key-vault/general/rest-error-codes and
key-vault/general/common-error-codes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity import CredentialUnavailableError

from shared.clock import utc_now
from shared.errors import BrokerError, ConsentNameBlocked, ConsentUnreadable, IdentityUnavailable
from shared.retry_after import seconds_to_wait
from shared.vault_errors import (
    VaultNetworkRefused,
    VaultRefused,
    VaultRequestRefused,
    VaultThrottled,
    VaultUnavailable,
    VaultValueTooLarge,
)

BAD_REQUEST, FORBIDDEN, TOO_LARGE, THROTTLED, SERVER_ERROR = 400, 403, 413, 429, 500
PASSING = frozenset({408})
# What one secret holds at most (learn: key-vault/secrets/about-secrets).
LONGEST_VALUE = 25_000
BY_NETWORK = frozenset({"ForbiddenByConnection", "ForbiddenByFirewall"})


@contextmanager
def errors_of(name: str, *, value: str = "") -> Iterator[None]:
    """Turn what azure-core raises about the secret `name` into the error tree; `value` is what was to be stored."""
    try:
        yield
    except ResourceNotFoundError as error:
        raise VaultUnavailable(f"{name} vanished while it was used.") from error
    except CredentialUnavailableError as error:
        raise IdentityUnavailable from error
    except ResourceExistsError as error:
        # Any other 409 is two writers at the same moment: it can be tried again.
        deleted = _inner_code(error) in {"ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"}
        raise (
            ConsentNameBlocked(f"{name}.").knowing(secret=name) if deleted else VaultUnavailable(f"{name} is busy.")
        ) from error
    except ClientAuthenticationError as error:
        raise VaultRefused from error
    except HttpResponseError as error:
        raise _response_error(name, error, size=len(value.encode())) from error
    except (AzureError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # All but the first are of an answer that the SDK cannot read, such as a gateway's.
        raise VaultUnavailable from error


def _response_error(name: str, error: HttpResponseError, *, size: int) -> BrokerError:
    status, inner = error.status_code, _inner_code(error)
    if status == FORBIDDEN and inner == "SecretDisabled":
        return ConsentUnreadable(f"{name} is disabled.").knowing(secret=name)
    if status == FORBIDDEN:
        return VaultNetworkRefused() if inner in BY_NETWORK else VaultRefused()
    if status in {BAD_REQUEST, TOO_LARGE}:
        return VaultValueTooLarge(f"{name}: {size} bytes.") if size > LONGEST_VALUE else VaultRequestRefused()
    wait = wait_of(getattr(error.response, "headers", {}))
    if status == THROTTLED:
        return VaultThrottled(retry_after=wait)
    # Below 400: it was no refusal, but its body could not be read.
    again = status is None or status < BAD_REQUEST or status in PASSING or status >= SERVER_ERROR
    return VaultUnavailable(retry_after=wait) if again else VaultRefused()


def wait_of(headers: Mapping[str, str]) -> int | None:
    """How many seconds the vault asks to wait."""
    return seconds_to_wait(headers.get("Retry-After"), now=utc_now())


def _inner_code(error: HttpResponseError) -> str:
    inner: Mapping[str, Any] | None = getattr(error.error, "innererror", None)
    return str(inner.get("code", "")) if isinstance(inner, Mapping) else ""
