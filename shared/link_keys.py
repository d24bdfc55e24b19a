"""The keys of seals: the versions of one secret, which one at a time looks for, and nobody again and again.

Whoever opens a link may be anybody, so what he sends must not decide how often the vault is read: an id that is not
known causes one look a minute, a look that failed is not repeated for some seconds, and no look adds a key.
"""

import threading
from datetime import datetime, timedelta

from cryptography.fernet import Fernet

from shared.audit import record
from shared.clock import Clock
from shared.errors import BrokerError, ConsentUnreadable, Unavailable
from shared.vault import SecretVault, SecretVersion
from shared.vault_errors import VaultUnavailable

LINK_KEYS = "link-keys"
# Whoever sends made-up key ids must not make us read the vault each time.
REREAD_AFTER, REREAD_AFTER_FAILURE = timedelta(minutes=1), timedelta(seconds=5)
# How long a disabled key may still open what it sealed, on an instance that sees no new links.
TRUSTED_FOR = timedelta(minutes=10)


class SealKeyUnknown(Unavailable):
    """Sealed with a key that this instance has not read yet, or that there never was."""

    code, says = "seal_key_unknown", "This instance of the broker does not know yet with which key this was sealed."
    remedy = "Try again in a minute. If it stays so, the link is damaged: ask for a new one."


class LinkKeys:
    """Keys by id; every method raises what the vault raises, or said a moment ago."""

    def __init__(self, vault: SecretVault, *, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._keys: dict[str, Fernet] = {}  # oldest first
        self._read_on: datetime | None = None
        self._searched_on: datetime | None = None  # for an id that was not known
        self._failed: tuple[BrokerError, datetime] | None = None
        self._lock = threading.Lock()  # held while one looks

    def newest(self) -> tuple[str, Fernet]:
        """The key to seal with and its id; the first one is made here."""
        with self._lock:
            if not self._is_younger(REREAD_AFTER) or not self._keys:
                self._look(adds=True)
            return next(reversed(self._keys.items()))

    def named(self, key_id: str) -> Fernet | None:
        """The key; None for one that the vault has just said not to have.

        Raises SealKeyUnknown while it cannot be told: another instance may have made the key a moment ago.
        """
        return self._keys.get(key_id) or self._looked_for(key_id)

    def still_trusted(self, key_id: str) -> bool:
        """Whether the key was enabled within the last ten minutes."""
        if not self._is_younger(TRUSTED_FOR):
            with self._lock:
                if not self._is_younger(TRUSTED_FOR):
                    self._look()
        return key_id in self._keys

    def _looked_for(self, key_id: str) -> Fernet | None:
        # While nothing is known all wait for the first look, which serves them all; after it, nobody but the one who
        # looks: made-up ids must fill no pool of threads.
        if not self._lock.acquire(blocking=self._read_on is None):
            raise SealKeyUnknown(retry_after=1)
        try:
            if key_id not in self._keys:
                self._require_worth_searching()
                self._look()
                self._searched_on = self._clock()
            return self._keys.get(key_id)
        finally:
            self._lock.release()

    def _is_younger(self, age: timedelta) -> bool:
        # A clock that was set back must not make keys trusted for longer.
        return self._read_on is not None and abs(self._clock() - self._read_on) < age

    def _require_worth_searching(self) -> None:
        now, searched_on = self._clock(), self._searched_on
        if searched_on is not None and abs(now - searched_on) < REREAD_AFTER:
            left = searched_on + REREAD_AFTER - now
            raise SealKeyUnknown(retry_after=max(1, round(left.total_seconds())))

    def _look(self, *, adds: bool = False) -> None:
        """Read the keys, with the lock held; raises what the last look failed with if that was just now."""
        if self._failed is not None and abs(self._clock() - self._failed[1]) < REREAD_AFTER_FAILURE:
            raise self._failed[0].afresh()
        try:
            keys = self._enabled()
            if not keys and adds:
                self._vault.put(LINK_KEYS, Fernet.generate_key().decode(), tags={})
                keys = self._enabled()
                if not keys:
                    raise VaultUnavailable(f"{LINK_KEYS} was stored and is not there.")
        except BrokerError as error:
            # From its end, not from its beginning: a look may take longer than it is kept from being repeated.
            self._failed = error.afresh(), self._clock()
            raise
        self._keys, self._read_on, self._failed = keys, self._clock(), None

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
