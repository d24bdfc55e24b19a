"""Reads of Graph and ARM as the operator: GET alone, and whatever is not let be seen is no failure."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import TokenCredential

SECONDS, MOST_PAGES = 20, 50
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSeen(Exception):
    """It may be there, and whoever asks is not shown it."""


class AzureReader:
    """One of the two services, asked with a token of the operator's own identity."""

    def __init__(self, url: str, credential: TokenCredential, *, audience: str) -> None:
        """A token leaves for https alone, or for loopback."""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise NotSeen("It has no https address.")
        self.url = url.rstrip("/")
        self._credential = credential
        self._scope = f"{audience}/.default"

    def one(self, path: str, **query: str) -> Mapping[str, Any] | None:
        """One thing; None when there is none. Raises NotSeen."""
        return self._asked(f"{self.url}/{path}", query)

    def all(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """A list, page after page, of Graph's kind or ARM's; raises NotSeen."""
        address, parameters = f"{self.url}/{path}", dict(query)
        for _ in range(MOST_PAGES):
            page = self._asked(address, parameters) or {}
            yield from page.get("value", [])
            following = page.get("@odata.nextLink") or page.get("nextLink")
            # The token goes nowhere else, whatever an answer says.
            if not isinstance(following, str) or not following.startswith(f"{self.url}/"):
                return
            address, parameters = following, {}

    def _asked(self, address: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        token = self._credential.get_token(self._scope).token
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            answer = requests.get(address, params=dict(query), headers=headers, timeout=SECONDS, allow_redirects=False)
            content = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError) as error:
            raise NotSeen(f"No answer that can be read ({type(error).__name__}).") from None
        if answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok or not isinstance(content, dict):
            raise NotSeen(f"HTTP {answer.status_code}: you may not see it, or it is not there.")
        return content
