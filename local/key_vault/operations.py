"""The operations on the secrets of one vault, from a request that is let in to its answer.

Shapes: "Azure Key Vault REST API reference, Secrets" on Microsoft Learn. Each handler runs without a pause once it
has read its request, so on the one event loop no operation sees half of another.
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.key_vault import parameters
from local.key_vault.backups import MOST_VERSIONS, Backups
from local.key_vault.bundles import Bundles, Json
from local.key_vault.refusals import (
    deleted_secret_not_found,
    name_is_deleted,
    restore_conflict,
    secret_disabled,
    secret_not_found,
    too_many_versions,
)
from local.key_vault.store import Store
from local.key_vault.version import SecretVersion


class Operations:
    """One vault's operations; each raises KeyVaultError when it refuses."""

    def __init__(self, *, store: Store, bundles: Bundles, backups: Backups) -> None:
        self._store = store
        self._bundles = bundles
        self._backups = backups

    async def put(self, request: Request) -> Response:
        """Set: always a new version, which becomes the latest."""
        name, content = parameters.secret_name(request), await parameters.body(request)
        value, properties = parameters.value(content), parameters.properties(content)
        if self._store.latest(name, deleted=True):
            raise name_is_deleted(name)
        version = self._store.put(name, value, properties)
        return JSONResponse(self._bundles.secret(self._find(name, version), with_value=True))

    async def get(self, request: Request) -> Response:
        """Get the latest version or a named one. `nbf` and `exp` are advice; only `enabled` keeps from reading."""
        found = self._find(parameters.secret_name(request), request.path_params.get("version"))
        if not found.enabled:
            raise secret_disabled()
        return JSONResponse(self._bundles.secret(found, with_value=True))

    async def patch(self, request: Request) -> Response:
        """Update the properties of a named version, or of whichever is the latest."""
        name, content = parameters.secret_name(request), await parameters.body(request)
        properties = parameters.properties(content)
        found = self._find(name, request.path_params.get("version"))
        self._store.update(name, found.version, properties)
        return JSONResponse(self._bundles.secret(self._find(name, found.version)))

    async def list_secrets(self, request: Request) -> Response:
        """List the secrets, each described by its latest version."""
        page = parameters.page(request.query_params)
        found = self._store.secrets(after=page.after, count=page.size + 1)
        return self._page(request, page, found, write=self._bundles.item, key=lambda version: version.name)

    async def list_versions(self, request: Request) -> Response:
        """List the versions of a secret by their ids; of one that is not there, an empty list."""
        name, page = parameters.secret_name(request), parameters.page(request.query_params)
        found = self._store.versions(name, after=page.after, count=page.size + 1)
        return self._page(request, page, found, write=self._bundles.secret, key=lambda version: version.version)

    async def delete(self, request: Request) -> Response:
        """Soft-delete a secret with all its versions."""
        name = parameters.secret_name(request)
        self._find(name)
        self._store.delete(name)
        return JSONResponse(self._bundles.deleted(self._find_deleted(name)))

    async def list_deleted(self, request: Request) -> Response:
        """List the soft-deleted secrets."""
        page = parameters.page(request.query_params)
        found = self._store.secrets(after=page.after, count=page.size + 1, deleted=True)
        return self._page(request, page, found, write=self._bundles.deleted_item, key=lambda version: version.name)

    async def get_deleted(self, request: Request) -> Response:
        """Get a soft-deleted secret, without its value; a disabled one is refused, as the service does."""
        found = self._find_deleted(parameters.secret_name(request))
        if not found.enabled:
            raise secret_disabled()
        return JSONResponse(self._bundles.deleted(found))

    async def recover(self, request: Request) -> Response:
        """Bring a soft-deleted secret back with all its versions."""
        name = parameters.secret_name(request)
        self._find_deleted(name)
        self._store.recover(name)
        return JSONResponse(self._bundles.secret(self._find(name)))

    async def purge(self, request: Request) -> Response:
        """Remove a soft-deleted secret for good."""
        name = parameters.secret_name(request)
        self._find_deleted(name)
        self._store.purge(name)
        return Response(status_code=204)

    async def backup(self, request: Request) -> Response:
        """Back a secret up with all its versions."""
        name = parameters.secret_name(request)
        versions = self._store.history(name, count=MOST_VERSIONS + 1)
        if not versions:
            raise secret_not_found(name)
        if len(versions) > MOST_VERSIONS:
            raise too_many_versions(name, MOST_VERSIONS)
        return JSONResponse({"value": parameters.to_base64url(self._backups.seal(versions))})

    async def restore(self, request: Request) -> Response:
        """Bring back what a backup holds, under the same ids; never onto a name that is in use or soft-deleted."""
        versions = self._backups.open(parameters.backup(await parameters.body(request)))
        latest = versions[-1]
        if any(self._store.latest(latest.name, deleted=deleted) for deleted in (False, True)):
            raise restore_conflict(self._bundles.secret(latest)["id"])
        self._store.add(versions)
        return JSONResponse(self._bundles.secret(self._find(latest.name)))

    def _find(self, name: str, version: str | None = None) -> SecretVersion:
        found = self._store.latest(name) if version is None else self._store.version(name, version)
        if found is None:
            raise secret_not_found(name if version is None else f"{name}/{version}")
        return found

    def _find_deleted(self, name: str) -> SecretVersion:
        found = self._store.latest(name, deleted=True)
        if found is None:
            raise deleted_secret_not_found(name)
        return found

    def _page(
        self,
        request: Request,
        page: parameters.Page,
        found: Sequence[SecretVersion],
        *,
        write: Callable[[SecretVersion], Json],
        key: Callable[[SecretVersion], str],
    ) -> Response:
        """Answer with a page; one item more than it holds was looked for, to know whether another follows."""
        shown = found[: page.size]
        content = self._bundles.page(
            [write(version) for version in shown],
            path=request.url.path,
            api_version=request.query_params["api-version"],
            page=page,
            last=key(shown[-1]) if len(found) > page.size else None,
        )
        return JSONResponse(content)
