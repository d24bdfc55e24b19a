"""Refusals to come: what a policy of the real service would do, ordered by a test."""

from dataclasses import dataclass

from local.entra.aadsts import EntraError
from local.world import Resource


@dataclass(slots=True, kw_only=True)
class InjectedError:
    """An AADSTS code for the next `times` token requests that match; -1 means for ever, an absent criterion any.

    `tenant`, `client` and `user` are ids; `resource` is an application id or an identifier URI.
    """

    code: int
    tenant: str | None = None
    client: str | None = None
    user: str | None = None
    resource: str | None = None
    error: str | None = None
    suberror: str | None = None
    claims: str | None = None
    times: int = 1


class InjectedErrors:
    """The ordered refusals, oldest first."""

    def __init__(self) -> None:
        self._errors: list[InjectedError] = []

    def add(self, error: InjectedError) -> None:
        """Order one."""
        self._errors.append(error)

    def clear(self) -> None:
        """Drop all."""
        self._errors.clear()

    def check(self, *, tenant: str, client: str, user: str | None, resource: Resource) -> None:
        """Raise the first refusal ordered for such a request, and count it."""
        names = (None, resource.app_id, *resource.identifiers)
        for ordered in self._errors:
            matches = (
                ordered.times != 0
                and ordered.tenant in (None, tenant)
                and ordered.client in (None, client)
                and ordered.user in (None, user)
                and ordered.resource in names
            )
            if matches:
                ordered.times -= 1
                raise EntraError(
                    ordered.code,
                    error=ordered.error,
                    suberror=ordered.suberror,
                    claims=ordered.claims,
                    client=client,
                    resource=resource.app_id,
                    tenant=tenant,
                )
