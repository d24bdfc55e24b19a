"""Sealed values: what the broker gives to a browser and must get back unchanged and unread.

A sealed value is `<key id>.<Fernet token>`. Each key is one version of the secret `link-keys`, and its id is that
version's: adding a version rotates, disabling one revokes, and two instances that begin at once both stay readable.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from shared.clock import Clock, from_text, to_text
from shared.link_keys import LinkKeys
from shared.vault import SecretVault

# As Key Vault makes the ids of versions.
KEY_ID = re.compile(r"[0-9a-f]{32}")
# A device code alone may be a thousand characters; links and cookies stay far below what hosts and browsers take.
MAX_LENGTH = 8000


class SealExpired(ValueError):
    """Ours, unchanged, and older than it was allowed to become."""


class Seals:
    """Seals and opens small JSON objects; `purpose` keeps a link from being taken for a cookie."""

    def __init__(self, vault: SecretVault, *, clock: Clock) -> None:
        self._keys = LinkKeys(vault, clock=clock)
        self._clock = clock

    def seal(self, purpose: str, content: Mapping[str, Any], *, expires_on: datetime) -> str:
        """The sealed content; raises what the vault raises."""
        key_id, key = self._keys.newest()
        sealed = json.dumps({"purpose": purpose, "expires_on": to_text(expires_on), "content": content})
        token = key.encrypt(sealed.encode()).decode()
        # Without padding: the Functions host percent-encodes `=` in a cookie, and mail programs cut links at it.
        return f"{key_id}.{token.rstrip('=')}"

    def open(self, purpose: str, unverified_sealed: str) -> Mapping[str, Any] | None:
        """The content; None when it is not ours or not for this purpose. Raises SealExpired when it is too old.

        Raises SealKeyUnknown while it cannot be told: another instance may have made the key a moment ago.
        """
        key_id, _, unverified_token = unverified_sealed.partition(".")
        if not unverified_token or len(unverified_sealed) > MAX_LENGTH or not KEY_ID.fullmatch(key_id):
            return None
        key = self._keys.named(key_id)
        opened = _decrypted(key, unverified_token) if key else None
        # Only for what is genuine is the vault asked whether the key still is.
        if opened is None or not self._keys.still_trusted(key_id) or opened["purpose"] != purpose:
            return None
        if from_text(opened["expires_on"]) <= self._clock():
            raise SealExpired
        content: Mapping[str, Any] = opened["content"]
        return content


def _decrypted(key: Fernet, unverified_token: str) -> Mapping[str, Any] | None:
    try:
        padded = unverified_token + "=" * (-len(unverified_token) % 4)
        opened: Mapping[str, Any] = json.loads(key.decrypt(padded))
    except (InvalidToken, ValueError):
        return None
    return opened
