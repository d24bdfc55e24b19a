"""How a vault writes down what it holds: secret bundles, list items, deleted bundles and pages."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from local.key_vault.parameters import Page, skip_token
from local.key_vault.store import RETENTION_DAYS, RETENTION_SECONDS
from local.key_vault.version import SecretVersion

type Json = dict[str, Any]


def _without_absent(content: Json) -> Json:
    return {name: value for name, value in content.items() if value is not None}


class Bundles:
    """Writes the answers of the vault at `url`, which every id names."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def secret(self, version: SecretVersion, *, with_value: bool = False) -> Json:
        """One version, under its full id; its value only where the service gives it."""
        value = version.value if with_value else None
        return _without_absent({"value": value}) | self._described(version, f"{version.name}/{version.version}")

    def item(self, version: SecretVersion) -> Json:
        """A secret in a list of secrets: its id names no version."""
        return self._described(version, version.name)

    def deleted(self, version: SecretVersion) -> Json:
        """A soft-deleted secret, under the full id of its latest version."""
        return self.secret(version) | self._deletion(version)

    def deleted_item(self, version: SecretVersion) -> Json:
        """A secret in a list of soft-deleted ones."""
        return self.item(version) | self._deletion(version)

    def page(self, items: Sequence[Json], *, path: str, api_version: str, page: Page, last: str | None) -> Json:
        """A page of a list; `last` is the key of its last item when more follow."""
        query = {"api-version": api_version, "$skiptoken": skip_token(last or ""), "maxresults": page.size}
        next_link = None if last is None else f"{self._url}{path}?{urlencode(query, safe='$')}"
        return {"value": list(items), "nextLink": next_link}

    def _described(self, version: SecretVersion, identifier: str) -> Json:
        attributes = {
            "enabled": version.enabled,
            "nbf": version.not_before,
            "exp": version.expires,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": RETENTION_DAYS,
        }
        return _without_absent(
            {
                "id": f"{self._url}/secrets/{identifier}",
                "attributes": _without_absent(attributes),
                "tags": version.tags,
                "contentType": version.content_type,
            }
        )

    def _deletion(self, version: SecretVersion) -> Json:
        deleted_on = version.deleted_on or 0
        return {
            "recoveryId": f"{self._url}/deletedsecrets/{version.name}",
            "deletedDate": deleted_on,
            "scheduledPurgeDate": deleted_on + RETENTION_SECONDS,
        }
