"""What Partner Center makes true in Entra ID: an application's consents in a customer's tenant."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from local.control import PREFIX
from local.partner_center.refusals import PartnerCenterError
from local.state import StackState


class EntraDoor:
    """Speaks to the local Entra ID through its control door; all names are ids. Raises PartnerCenterError (503)."""

    def __init__(self, state: StackState) -> None:
        self._url = f"{state.entra}{PREFIX}consents"
        self._headers = {"x-local-control": state.control_secret}
        self._trust = ssl.create_default_context(cafile=state.ca_file)

    async def consents(self, *, tenant: str, client: str) -> Mapping[str, Sequence[str]]:
        """What is consented to for the client in the tenant: resource -> scopes."""
        answer = await self._send("GET", params={"tenant": tenant, "client": client})
        consents: Mapping[str, Sequence[str]] = answer.json()
        return consents

    async def consent(self, *, tenant: str, client: str, resource: str, scopes: Sequence[str]) -> None:
        """Make one consent."""
        content = {"tenant": tenant, "client": client, "resource": resource, "scopes": list(scopes)}
        await self._send("POST", json=content)

    async def withdraw(self, *, tenant: str, client: str) -> None:
        """Take all consents of the client in the tenant back."""
        await self._send("DELETE", json={"tenant": tenant, "client": client})

    async def _send(self, method: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own arguments
        try:
            async with httpx.AsyncClient(verify=self._trust, trust_env=False) as http:
                answer = await http.request(method, self._url, headers=self._headers, **content)
            return answer.raise_for_status()
        except httpx.HTTPError as error:
            raise PartnerCenterError(503, "The directory does not answer.") from error
