"""Sealed JSON: what this Entra ID hands out and takes back without remembering it."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Encrypts values under a key in a file only this user can read; a sealed value opens for its purpose alone."""

    def __init__(self, file: Path) -> None:
        self._fernet = Fernet(_key(file))

    def close(self, purpose: str, value: Mapping[str, Any]) -> str:
        """The sealed value: opaque, and safe in a URL or a form."""
        return self._fernet.encrypt(json.dumps({"purpose": purpose, "value": value}).encode()).decode().rstrip("=")

    def open(self, purpose: str, unverified_sealed: str) -> Mapping[str, Any] | None:
        """The value as it was sealed for this purpose; None for anything else."""
        try:
            raw = base64.urlsafe_b64decode(unverified_sealed + "=" * (-len(unverified_sealed) % 4))
            encoded = base64.urlsafe_b64encode(raw)
            # Python's decoder overlooks foreign characters and loose bits: one value has one spelling here.
            if encoded.decode().rstrip("=") != unverified_sealed:
                return None
            opened = json.loads(self._fernet.decrypt(encoded))
        except (InvalidToken, ValueError):
            return None
        value: Mapping[str, Any] = opened["value"]
        return value if opened["purpose"] == purpose else None


def _key(file: Path) -> bytes:
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(made, "wb") as opened:
        opened.write(Fernet.generate_key())
    return file.read_bytes()
