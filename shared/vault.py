"""Key Vault secrets: the one door to azure-keyvault-secrets, with its errors turned into ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.identity import CredentialUnavailableError
from azure.keyvault.secrets import KeyVaultSecret, SecretClient, SecretProperties

from shared.errors import ConsentNameBlocked, ConsentUnreadable, IdentityUnavailable, VaultRefused, VaultUnavailable
from shared.setting_values import LOOPBACK

LONGEST_RETRY_AFTER = 5.0
FORBIDDEN, SERVER_ERROR = 403, 500
PASSING = frozenset({408, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """What a vault says of one version of a secret without telling its value."""

    name: str
    version: str
    enabled: bool
    tags: Mapping[str, str]
    created_on: datetime
    expires_on: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One version of a secret, with its value."""

    version: SecretVersion
    value: str = field(repr=False)


class SecretVault(Protocol):
    """What the broker needs of a vault; tests have a second implementation in memory."""

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """The latest (or the named) version; None when there is none. Raises ConsentUnreadable when disabled."""

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """Add a version. `once`: never sent twice, so that a failure leaves one question and not several writes."""

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """Change tags or the enabled mark of exactly this version."""

    def list_latest(self) -> Iterator[SecretVersion]:
        """The latest version of every secret."""

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """Every version of one secret, in no order that means anything."""


class KeyVault:
    """A SecretVault in Azure Key Vault; every method raises VaultUnavailable, VaultRefused or IdentityUnavailable."""

    def __init__(self, url: str, credential: TokenCredential, *, trusted_ca_file: str | None) -> None:
        """`trusted_ca_file` counts for a vault on loopback alone; any other host is trusted the usual way."""
        self._client = SecretClient(
            url,
            credential,
            connection_timeout=3,
            read_timeout=10,
            retry_policy=_BoundedRetry(retry_total=2, retry_backoff_factor=0.2, retry_backoff_max=2),
            **_loopback_only(url, trusted_ca_file),
        )

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        with _errors_of(name):
            try:
                return _secret(self._client.get_secret(name, version))
            except ResourceNotFoundError:
                return None

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        # The SDK repeats a PUT whose answer was lost; each repeat is one more version.
        tries: dict[str, Any] = {"retry_total": 0} if once else {}
        with _errors_of(name):
            stored = self._client.set_secret(
                name, value, tags=dict(tags), expires_on=expires_on, content_type="application/json", **tries
            )
            return _version(stored.properties)

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        given: dict[str, Any] = {"tags": dict(tags)} if tags is not None else {}
        with _errors_of(name):
            self._client.update_secret_properties(name, version, enabled=enabled, **given)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        with _errors_of("the list of secrets"):
            for properties in self._client.list_properties_of_secrets():
                yield _version(properties)

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        with _errors_of(name), suppress(ResourceNotFoundError):  # whether "none" is an empty list is not documented
            for properties in self._client.list_properties_of_secret_versions(name):
                yield _version(properties)


class _BoundedRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, but never asleep for as long as a server likes: a caller is waiting."""

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        wait = super().get_retry_after(response)
        return None if wait is None else min(float(wait), LONGEST_RETRY_AFTER)


def _loopback_only(url: str, trusted_ca_file: str | None) -> dict[str, Any]:
    # The one place that knows loopback. The SDK's challenge check compares host names under *.vault.azure.net; it
    # guards against sending a vault's token to another host, so it is off for no host but this machine.
    if urlsplit(url).hostname not in LOOPBACK:
        return {}
    trust = {"connection_verify": trusted_ca_file} if trusted_ca_file else {}
    return {"verify_challenge_resource": False, **trust}


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turn what azure-core raises into the error tree; its texts hold hosts and bodies and stop here."""
    try:
        yield
    except ResourceNotFoundError as error:
        raise VaultUnavailable(f"{name} vanished while it was used.") from error
    except CredentialUnavailableError as error:
        raise IdentityUnavailable from error
    except ResourceExistsError as error:
        # Any other 409 is two writers at the same moment: it can be tried again.
        deleted = _inner_code(error) in {"ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"}
        raise (ConsentNameBlocked(f"{name}.") if deleted else VaultUnavailable(f"{name} is busy.")) from error
    except ClientAuthenticationError as error:
        raise VaultRefused from error
    except HttpResponseError as error:
        raise _response_error(name, error) from error
    except AzureError as error:
        raise VaultUnavailable from error


def _response_error(name: str, error: HttpResponseError) -> ConsentUnreadable | VaultRefused | VaultUnavailable:
    if error.status_code == FORBIDDEN:
        disabled = _inner_code(error) == "SecretDisabled"
        return ConsentUnreadable(f"{name} is disabled.") if disabled else VaultRefused()
    again = error.status_code is None or error.status_code in PASSING or error.status_code >= SERVER_ERROR
    return VaultUnavailable() if again else VaultRefused()


def _inner_code(error: HttpResponseError) -> str:
    inner: Mapping[str, Any] | None = getattr(error.error, "innererror", None)
    return str(inner.get("code", "")) if inner else ""


def _secret(found: KeyVaultSecret) -> Secret:
    return Secret(version=_version(found.properties), value=found.value or "")


def _version(properties: SecretProperties) -> SecretVersion:
    return SecretVersion(
        name=properties.name or "",
        version=properties.version or "",
        enabled=bool(properties.enabled),
        tags=properties.tags or {},
        created_on=properties.created_on or datetime.min.replace(tzinfo=UTC),
        expires_on=properties.expires_on,
    )
