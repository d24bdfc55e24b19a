"""What MSAL remembers, which is nothing: no token and no refusal stays behind in it.

Refresh tokens would stay in memory behind our back, and a refusal would be repeated after its cause was mended.
"""

from collections.abc import Iterator
from typing import Any

import msal


class NoTokenCache(msal.TokenCache):  # type: ignore[misc]  # msal has no types
    """MSAL's token cache that keeps nothing: refresh tokens do not stay in memory behind our back."""

    def add(self, event: object, now: object = None) -> None:
        """Keep nothing."""

    def search(self, *_args: object, **_kwargs: object) -> Iterator[dict[str, Any]]:
        """Find nothing."""
        return iter(())

    find = search


class NoHttpCache(dict[str, Any]):
    """MSAL's HTTP cache that keeps nothing: it would repeat a refusal for 60 s after an administrator mended it."""

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - the mapping MSAL asks for
        """Keep nothing."""
