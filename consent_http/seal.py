"""Sealed values: what the broker gives to a browser and must get back unchanged and unread.

A sealed value is `<key id>.<Fernet token>`. Each key is one version of the secret `link-keys`, and its id is that
version's: adding a version rotates, disabling one revokes, and two instances that begin at once both stay readable.
"""

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from shared.audit import record
from shared.clock import Clock, from_text, to_text
from shared.errors import BrokerError, ConsentUnreadable, Unavailable
from shared.vault import SecretVault, SecretVersion
from shared.vault_errors import VaultUnavailable

LINK_KEYS = "link-keys"
# As Key Vault makes the ids of versions.
KEY_ID = re.compile(r"[0-9a-f]{32}")
# Whoever sends made-up key ids must not make us read the vault each time.
REREAD_AFTER, REREAD_AFTER_FAILURE = timedelta(minutes=1), timedelta(seconds=5)
# How long a disabled key may still open what it sealed, on an instance that sees no new links.
TRUSTED_FOR = timedelta(minutes=10)
# A device code alone may be a thousand characters; links and cookies stay far below what hosts and browsers take.
MAX_LENGTH = 8000


class SealKeyUnknown(Unavailable):
    """Sealed with a key that this instance has not read yet, or that there never was."""

    code, says = "seal_key_unknown", "This instance of the broker does not know yet with which key this was sealed."
    remedy = "Try again in a minute. If it stays so, the link is damaged: ask for a new one."


class SealExpired(ValueError):
    """Ours, unchanged, and older than it was allowed to become."""


class Seals:
    """Seals and opens small JSON objects; `purpose` keeps a link from being taken for a cookie."""

    def __init__(self, vault: SecretVault, *, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._keys: dict[str, Fernet] = {}  # oldest first
        self._read_on: datetime | None = None
        self._looked_on: datetime | None = None
        self._lock = threading.Lock()

    def seal(self, purpose: str, content: Mapping[str, Any], *, expires_on: datetime) -> str:
        """The sealed content; raises what the vault raises."""
        self._read_keys(at_most_old=REREAD_AFTER)
        sealed = json.dumps({"purpose": purpose, "expires_on": to_text(expires_on), "content": content})
        key_id, key = next(reversed(self._keys.items()))
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
        if key_id not in self._keys:
            self._look_again()
        opened = self._decrypted(key_id, unverified_token)
        if opened is None:
            return None
        self._read_keys(at_most_old=TRUSTED_FOR)
        if key_id not in self._keys or opened["purpose"] != purpose:
            return None
        if from_text(opened["expires_on"]) <= self._clock():
            raise SealExpired
        content: Mapping[str, Any] = opened["content"]
        return content

    def _decrypted(self, key_id: str, unverified_token: str) -> Mapping[str, Any] | None:
        key = self._keys.get(key_id)
        try:
            padded = unverified_token + "=" * (-len(unverified_token) % 4)
            opened: Mapping[str, Any] | None = json.loads(key.decrypt(padded)) if key else None
        except (InvalidToken, ValueError):
            return None
        return opened

    def _look_again(self) -> None:
        """Read the keys for an id that is not known: one look a minute, and until the next one nobody knows."""
        with self._lock:
            now, looked_on = self._clock(), self._looked_on
            if self._read_on is not None and looked_on is not None and abs(now - looked_on) < REREAD_AFTER:
                raise SealKeyUnknown(retry_after=max(1, round((looked_on + REREAD_AFTER - now).total_seconds())))
            self._looked_on = now
        try:
            self._read_keys(at_most_old=timedelta())
        except BrokerError:
            self._looked_on = now - REREAD_AFTER + REREAD_AFTER_FAILURE
            raise

    def _read_keys(self, *, at_most_old: timedelta) -> None:
        with self._lock:
            if self._read_on is not None and abs(self._clock() - self._read_on) < at_most_old:
                return
            keys = self._enabled()
            if not keys:
                self._vault.put(LINK_KEYS, Fernet.generate_key().decode(), tags={})
                keys = self._enabled()
            if not keys:
                raise VaultUnavailable(f"{LINK_KEYS} was stored and is not there.")
            self._keys, self._read_on = keys, self._clock()

    def _enabled(self) -> dict[str, Fernet]:
        versions = [version for version in self._vault.list_versions(LINK_KEYS) if version.enabled]
        # Whole seconds tie only for keys made by two instances at once; any of them will do.
        versions.sort(key=lambda version: (version.created_on, version.version))
        keys = {version.version: self._keys.get(version.version) or self._key(version) for version in versions}
        return {key_id: key for key_id, key in keys.items() if key is not None}

    def _key(self, version: SecretVersion) -> Fernet | None:
        try:
            secret = self._vault.get(LINK_KEYS, version.version)
        except ConsentUnreadable:  # disabled since it was listed
            return None
        try:
            return Fernet(secret.value) if secret else None
        except ValueError:
            # Put there by hand and no Fernet key: what the other keys sealed must stay readable.
            record("link.key_unusable", {"version": version.version})
            return None
