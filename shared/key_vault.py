"""Key Vault secrets: the one door to azure-keyvault-secrets."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.keyvault.secrets import KeyVaultSecret, SecretClient, SecretProperties

from shared.key_vault_errors import errors_of, wait_of
from shared.sdk_transport import sdk_transport
from shared.setting_values import LOOPBACK
from shared.vault import Secret, SecretVersion

# Seconds that a thread sleeps at most between two tries.
LONGEST_WAIT = 5.0
# Seconds for all tries of one call, whatever hangs.
LONGEST_CALL = 25
# Azure-core would repeat no PATCH; ours name the version and say what it is to be, so that twice is as good as once.
REPEATED = frozenset({"GET", "PUT", "PATCH"})


class KeyVault:
    """A SecretVault in Azure Key Vault; every method raises VaultUnavailable, VaultRefused or IdentityUnavailable."""

    def __init__(
        self, url: str, credential: TokenCredential, *, trusted_ca_file: str | None, api_version: str | None = None
    ) -> None:
        """`trusted_ca_file` counts for a vault on loopback alone; any other host is trusted the usual way.

        `api_version` is for a vault that does not know the SDK's newest yet: sovereign clouds, private stacks.
        """
        local = urlsplit(url).hostname in LOOPBACK
        verify = trusted_ca_file if local and trusted_ca_file else True
        # The one place that knows loopback. The SDK's challenge check compares host names under *.vault.azure.net; it
        # guards against sending a vault's token to another host, so it is off for no host but this machine.
        more: dict[str, Any] = {"permit_redirects": False, "verify_challenge_resource": not local}
        if api_version:
            more["api_version"] = api_version
        retries = _BoundedRetry(
            retry_total=2,
            retry_backoff_factor=0.2,
            retry_backoff_max=2,
            timeout=LONGEST_CALL,
        )
        self._client = SecretClient(
            url, credential, transport=sdk_transport(verify=verify), retry_policy=retries, **more
        )
        never, single = _BoundedRetry(retry_total=0), sdk_transport(verify=verify, single=True)
        self._single = SecretClient(url, credential, transport=single, retry_policy=never, **more)

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        with errors_of(name):
            try:
                return _secret(self._client.get_secret(name, version), name)
            except ResourceNotFoundError:
                return None

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        # The SDK repeats a PUT whose answer was lost; each repeat is one more version.
        client = self._single if once else self._client
        with errors_of(name, value=value):
            stored = client.set_secret(
                name, value, tags=dict(tags), expires_on=expires_on, content_type="application/json"
            )
            return _version(stored.properties)

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        given: dict[str, Any] = {"tags": dict(tags)} if tags is not None else {}
        with errors_of(name):
            self._client.update_secret_properties(name, version, enabled=enabled, **given)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        with errors_of("the list of secrets"):
            for properties in self._client.list_properties_of_secrets():
                yield _version(properties)

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        with errors_of(name), suppress(ResourceNotFoundError):  # whether "none" is an empty list is not documented
            for properties in self._client.list_properties_of_secret_versions(name):
                yield _version(properties)


class _BoundedRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, but never asleep for as long as a server likes: a caller is waiting."""

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().configure_retries(options), "methods": REPEATED}

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        # Its own reader raises on what is neither seconds nor a date.
        wait = wait_of(response.http_response.headers)
        return None if wait is None else min(float(wait), LONGEST_WAIT)


def _secret(found: KeyVaultSecret, name: str) -> Secret:
    """The secret, if it is the one that was asked for; raises ValueError for an answer of another form."""
    version = _version(found.properties)
    if not isinstance(found.value, str) or version.name.lower() != name.lower():
        raise ValueError("another answer")
    return Secret(version=version, value=found.value)


def _version(properties: SecretProperties) -> SecretVersion:
    """The version; raises ValueError for an answer that does not name it."""
    name, version, tags = properties.name, properties.version, properties.tags or {}
    # A list of the latest versions does not name these.
    if not isinstance(name, str) or not name or not isinstance(version or "", str) or not _are_tags(tags):
        raise ValueError("another answer")
    return SecretVersion(
        name=name,
        version=version or "",
        enabled=bool(properties.enabled),
        tags=tags,
        created_on=properties.created_on or datetime.min.replace(tzinfo=UTC),
        expires_on=properties.expires_on,
    )


def _are_tags(tags: object) -> bool:
    return isinstance(tags, dict) and all(isinstance(text, str) for pair in tags.items() for text in pair)
