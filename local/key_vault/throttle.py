"""How many requests a vault takes: sliding windows over the service's published limits."""

import logging
import time
from collections import deque
from dataclasses import dataclass

from local.key_vault.refusals import throttled

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Transactions of one vault in `window` seconds: secrets created, and everything else.

    The defaults are those of "Azure Key Vault service limits" on Microsoft Learn.
    """

    creates: int = 300
    others: int = 4000
    window: float = 10.0


class Throttle:
    """Counts one vault's requests in real time, whatever the stack's clock says: a moved clock eases no load."""

    def __init__(self, limits: Limits) -> None:
        self._window = limits.window
        self._creates = _Taken(limits.creates)
        self._others = _Taken(limits.others)

    def count(self, *, create: bool) -> None:
        """Take one request; raises KeyVaultError (429) over the limit, and such a request does not count."""
        taken = self._creates if create else self._others
        now = time.monotonic()
        while taken.times and taken.times[0] <= now - self._window:
            taken.times.popleft()
        if len(taken.times) >= taken.limit:
            logger.warning("throttled: %s", "a new version" if create else "another request")
            raise throttled()
        taken.times.append(now)


class _Taken:
    """When the requests of one kind came that still count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.times: deque[float] = deque()
