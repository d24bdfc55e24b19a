"""What stops tokens beside the policy, as it was read a moment ago.

A token of the application is issued only where that is known: nothing else bounds it, so a store that is away may not
hide a stop (docs/decisions/stops-fail-closed.md). A person's token is bounded by that person's rights, and waits for
a store that does not answer once.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from shared.application_stops import ApplicationStopped, Stops
from shared.clock import Clock
from shared.customers.offboarded import CustomerOffboarded
from shared.errors import SHORT_RETRY_SECONDS, BrokerError
from shared.pool import Pool
from token_http.readings import RETRY_AFTER_FAILURE, Readings, value_of
from token_http.refusals import CustomerLeft, StopUnknown
from token_http.wanted import Missing

# So long a token waits for the store.
PATIENCE = 2.0


class StopReadings:
    """Belongs to one event loop."""

    def __init__(
        self, read: Callable[[], Stops], *, pool: Pool, max_age: timedelta, stale_limit: timedelta, clock: Clock
    ) -> None:
        self._read = read
        self._pool = pool
        self._readings: Readings[None, Stops] = Readings(
            lambda _key: self._reading(), max_age=max_age, stale_limit=stale_limit, clock=clock
        )
        self._clock = clock
        self._failed_on: datetime | None = None
        # What was read before it was forgotten: better than nothing while the store is away.
        self._before = Stops()

    def begin(self) -> None:
        """Begin to read it where it was not read lately, and did not fail a moment ago; nobody waits."""
        just_failed = self._failed_on is not None and abs(self._clock() - self._failed_on) < RETRY_AFTER_FAILURE
        if not just_failed and self._readings.at_hand(None) is None:
            self._readings.begin(None)

    def for_application(self, tenant_id: str, since: datetime | None) -> Missing | None:
        """What is to be read before a token of the application; raises what stops it. `since`: see Readings.at_hand.

        The reading raises StopUnknown where the store is away, and was not read for too long.
        """
        if self._readings.at_hand(None, since=since) is None:
            return Missing(fetch=self._read_now, is_reading=True)
        stops = self._last()
        if stops.is_stopped:
            raise ApplicationStopped
        _require_customer(stops, tenant_id)
        if tenant_id in stops.left:
            raise CustomerLeft
        return None

    def for_person(self, tenant_id: str, since: datetime | None) -> Missing | None:
        """What is to be read before a person's token; raises what stops it. A store that is away stops nobody."""
        if self._readings.at_hand(None, since=since) is None:
            if self._failed_on is None:
                return Missing(fetch=self._read_if_it_answers, is_reading=True)
            self.begin()
        _require_customer(self._last(), tenant_id)
        return None

    def forget(self) -> None:
        """Read it anew at its next use."""
        self._before = self._last()
        self._readings.forget(None)
        self._failed_on = None

    async def _read_now(self) -> None:
        await self._readings.get(None)

    async def _read_if_it_answers(self) -> None:
        with suppress(StopUnknown):
            await self._readings.get(None)

    def _last(self) -> Stops:
        reading = self._readings.remembered(None)
        return value_of(reading) if reading is not None else self._before

    async def _reading(self) -> Stops:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._pool.run(self._read)
        except (BrokerError, TimeoutError) as error:
            self._failed_on = self._clock()
            raise StopUnknown(retry_after=SHORT_RETRY_SECONDS) from error
        self._failed_on = None
        return found


def _require_customer(stops: Stops, tenant_id: str) -> None:
    if tenant_id in stops.offboarded:
        raise CustomerOffboarded
