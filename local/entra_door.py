"""What Partner Center and Graph make true in Entra ID, and read there: what applications have in tenants."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from local.control import PREFIX
from local.state import StackState


class DirectoryAway(Exception):
    """The local Entra ID does not answer."""


class EntraDoor:
    """Speaks to the local Entra ID through its control door; all names are ids. Raises DirectoryAway."""

    def __init__(self, state: StackState) -> None:
        self._url = f"{state.entra}{PREFIX}"
        self._headers = {"x-local-control": state.control_secret}
        self._trust = ssl.create_default_context(cafile=state.ca_file)

    async def consents(self, *, tenant: str, client: str) -> Mapping[str, Sequence[str]]:
        """What is consented to for the client in the tenant: resource -> scopes."""
        answer = await self._send("GET", "consents", params={"tenant": tenant, "client": client})
        consents: Mapping[str, Sequence[str]] = answer.json()
        return consents

    async def beside(self, *, tenant: str, client: str) -> Mapping[str, Any]:
        """What the client has there beside what everybody consented to: `persons` and `roles`."""
        answer = await self._send("GET", "beside", params={"tenant": tenant, "client": client})
        beside: Mapping[str, Any] = answer.json()
        return beside

    async def is_there(self, *, tenant: str, resource: str) -> bool:
        """Whether the tenant has the API."""
        answer = await self._send("GET", "services", params={"tenant": tenant})
        return resource not in answer.json()

    async def consent(self, *, tenant: str, client: str, resource: str, scopes: Sequence[str]) -> None:
        """Make one consent."""
        content = {"tenant": tenant, "client": client, "resource": resource, "scopes": list(scopes)}
        await self._send("POST", "consents", json=content)

    async def withdraw(self, *, tenant: str, client: str) -> None:
        """Take all consents of the client in the tenant back."""
        await self._send("DELETE", "consents", json={"tenant": tenant, "client": client})

    async def withdraw_one(self, *, tenant: str, client: str, resource: str, whose: str) -> None:
        """Take back one consent of `everybody`, or of `persons`."""
        content = {"tenant": tenant, "client": client, "resource": resource, "whose": whose}
        await self._send("DELETE", "consents", json=content)

    async def principal(self, *, tenant: str, client: str) -> Mapping[str, Any]:
        """The application's own object in the tenant: `is_known`, `app_roles` and `directory_roles`."""
        answer = await self._send("GET", "principals", params={"tenant": tenant, "client": client})
        principal: Mapping[str, Any] = answer.json()
        return principal

    async def remove_principal(self, *, tenant: str, client: str) -> None:
        """Delete that object, with everything that was granted to it."""
        await self._send("DELETE", "principals", json={"tenant": tenant, "client": client})

    async def app_role(self, method: str, *, tenant: str, client: str, resource: str, role: str) -> None:
        """Give (POST) or take (DELETE) an app role of an API."""
        content = {"tenant": tenant, "client": client, "resource": resource, "role": role}
        await self._send(method, "app-roles", json=content)

    async def directory_role(self, method: str, *, tenant: str, client: str, role: str) -> None:
        """Give (POST) or take (DELETE) a directory role in the whole tenant."""
        await self._send(method, "directory-roles", json={"tenant": tenant, "client": client, "role": role})

    async def _send(self, method: str, route: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own arguments
        try:
            async with httpx.AsyncClient(verify=self._trust, trust_env=False) as http:
                answer = await http.request(method, f"{self._url}{route}", headers=self._headers, **content)
            return answer.raise_for_status()
        except httpx.HTTPError as error:
            raise DirectoryAway from error
