"""The control door of a stand-in, seen from outside: plant faults and errors, read what was asked of it."""

import ssl
from collections import Counter
from typing import Any

import httpx

from local.state import StackState


class Controls:
    """Speaks to one stand-in of a stack by its base URL (`state.entra`, `state.token_vault`, ...)."""

    def __init__(self, state: StackState, url: str) -> None:
        """`url` is where the stand-in answers."""
        self._url = url
        self._state = state

    def post(self, route: str, content: dict[str, Any] | None = None) -> httpx.Response:
        """Send one control message (`faults`, `errors`, `consents`, `credentials`, `refresh_tokens`, `revoke`, ...)."""
        return self._send("POST", route, content)

    def clear(self, route: str) -> None:
        """Drop all faults, errors or recorded requests; return to the world's own consents or credentials."""
        self._send("DELETE", route, None)

    def remove(self, route: str, content: dict[str, Any]) -> None:
        """Take one consent or credential away."""
        self._send("DELETE", route, content)

    def requests(self) -> Counter[tuple[str, str]]:
        """How often each method and path was asked for since the last clear."""
        return Counter((item["method"], item["path"]) for item in self._send("GET", "requests", None).json())

    def consents(self, *, tenant: str, client: str) -> dict[str, list[str]]:
        """What is consented to for the client in the tenant, at Entra ID: resource -> scopes; all are ids."""
        held: dict[str, list[str]] = self._send("GET", f"consents?tenant={tenant}&client={client}", None).json()
        return held

    def principal(self, *, tenant: str, client: str) -> dict[str, Any]:
        """Whether the client has an object in the tenant, at Entra ID, its app roles and its directory roles."""
        told: dict[str, Any] = self._send("GET", f"principals?tenant={tenant}&client={client}", None).json()
        return told

    def _send(self, method: str, route: str, content: dict[str, Any] | None) -> httpx.Response:
        answer = httpx.request(
            method,
            f"{self._url}/_local/{route}",
            json=content,
            headers={"x-local-control": self._state.control_secret},
            verify=ssl.create_default_context(cafile=self._state.ca_file),
            trust_env=False,
        )
        return answer.raise_for_status()
