"""Refusals to come: what a policy of the real service would do, ordered by a test."""

from dataclasses import dataclass
from typing import Literal

from local.entra.aadsts import EntraError
from local.world import Resource

type Leg = Literal["token", "authorize", "device"]
PENDING = 70016


@dataclass(slots=True, kw_only=True)
class InjectedError:
    """An AADSTS code for the next `times` requests that match; -1 means for ever, an absent criterion any.

    `at` says what it meets: a grant of the token endpoint, the end of a sign-in, which then goes back to the client
    with the error, or the poll of a device, before anything else is said to it. `tenant`, `client` and `user` are
    ids; `resource` is an application id or an identifier URI. A poll knows no `user` and no `resource`, and a tenant
    alone that is in its path. An `error` of polls has no code of its own: `slow_down` comes with that of waiting.
    `error`, `suberror`, `claims`, `status` and `codes` (none or several) are told instead of what comes with the code,
    `headers` beside it; an answer with a whole body of its own is a fault of the control door.
    """

    at: Leg = "token"
    code: int = PENDING
    tenant: str | None = None
    client: str | None = None
    user: str | None = None
    resource: str | None = None
    error: str | None = None
    suberror: str | None = None
    claims: str | None = None
    status: int | None = None
    codes: list[int] | None = None
    headers: dict[str, str] | None = None
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

    def check(
        self, *, at: Leg, tenant: str | None, client: str, user: str | None = None, resource: Resource | None = None
    ) -> None:
        """Raise the first refusal ordered for such a request, and count it."""
        names = (None, *((resource.app_id, *resource.identifiers) if resource else ()))
        for ordered in self._errors:
            matches = (
                ordered.times != 0
                and ordered.at == at
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
                    status=ordered.status,
                    codes=ordered.codes,
                    headers=ordered.headers,
                    client=client,
                    resource=resource.app_id if resource else "",
                    tenant=tenant or "",
                )
