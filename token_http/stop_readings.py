"""What stops the application's own tokens, as it was read a moment ago; a table that is away holds nobody up."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.application_stops import ApplicationStopped, Stops
from shared.clock import Clock
from shared.errors import BrokerError
from shared.pool import Pool
from token_http.readings import Readings, value_of
from token_http.refusals import CustomerLeft

# So long a token of the application waits for the table, and then goes by what was read last.
PATIENCE = 2.0


class StopReadings:
    """Belongs to one event loop. Where nothing could ever be read nothing is stopped: the policy stops without it."""

    def __init__(self, read: Callable[[], Stops], *, pool: Pool, max_age: timedelta, clock: Clock) -> None:
        self._read = read
        self._pool = pool
        self._last = Stops()
        # Each reading has a value, so none is ever stale.
        self._readings: Readings[None, Stops] = Readings(
            lambda _key: self._reading(), max_age=max_age, stale_limit=max_age, clock=clock
        )

    def is_at_hand(self, since: datetime | None) -> bool:
        """Whether it was read lately; `since`: see Readings.at_hand."""
        return self._readings.at_hand(None, since=since) is not None

    async def read(self) -> None:
        """Read it, or do without."""
        await self._readings.get(None)

    def require_free(self, tenant_id: str) -> None:
        """Raise ApplicationStopped or CustomerLeft; what was read is at hand."""
        reading = self._readings.remembered(None)
        stops = value_of(reading) if reading is not None else self._last
        if stops.is_stopped:
            raise ApplicationStopped
        if tenant_id in stops.left:
            raise CustomerLeft

    def forget(self) -> None:
        """Read it anew at its next use."""
        self._readings.forget(None)

    async def _reading(self) -> Stops:
        try:
            async with asyncio.timeout(PATIENCE):
                self._last = await self._pool.run(self._read)
        except (BrokerError, TimeoutError):
            pass
        return self._last
