"""Backups of secrets: opaque blobs that only the stack which made them can open.

The service binds a backup to the vault's geography and subscription. Here both are the stack: one key in its folder
seals the backups of all its vaults.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from local.key_vault.refusals import corrupt_backup, foreign_backup
from local.key_vault.version import SecretVersion

# "Azure Key Vault backup and restore" on Microsoft Learn: an object with more versions cannot be backed up.
MOST_VERSIONS = 500
_FORMAT = b"LocalKeyVaultSecretBackupV1."


class Backups:
    """Seals the versions of one secret into a blob, and opens such blobs again.

    `key_file` is made when it is missing, readable by this user only.
    """

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                opened.write(Fernet.generate_key())
        self._box = Fernet(key_file.read_bytes())

    def seal(self, versions: Sequence[SecretVersion]) -> bytes:
        """A blob with these versions of one secret, oldest first."""
        return _FORMAT + self._box.encrypt(json.dumps([asdict(version) for version in versions]).encode())

    def open(self, blob: bytes) -> list[SecretVersion]:
        """The versions in a blob, oldest first; raises KeyVaultError (400) for one that this stack did not seal."""
        if not blob.startswith(_FORMAT):
            raise corrupt_backup()
        try:
            content = self._box.decrypt(blob.removeprefix(_FORMAT))
        except InvalidToken:
            raise foreign_backup() from None
        return [SecretVersion(**fields) for fields in json.loads(content)]
