"""Whether tokens can be issued: parts that are probed now and then, never once for each question."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import BrokerError
from shared.pool import Pool
from token_http.single_flight import SingleFlight

PROBE_EVERY = timedelta(seconds=15)
TOO_OLD = timedelta(minutes=1)
# Seconds that somebody who may be anybody waits for a first look: a part that hangs must not hang the question.
PATIENCE = 5.0
UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Each part and its error code, "" for none; nothing that helps an attacker."""

    parts: Mapping[str, str]
    probed_on: datetime

    @property
    def available(self) -> bool:
        """Whether every part works."""
        return not any(self.parts.values())


class Probes:
    """Runs every probe at most once in fifteen seconds, however often it is asked."""

    def __init__(
        self, probes: Mapping[str, Callable[[], object]], *, pool: Pool, clock: Clock, patience: float = PATIENCE
    ) -> None:
        """`patience` in seconds."""
        self._probes = probes
        self._pool = pool
        self._clock = clock
        self._patience = patience
        self._flights: SingleFlight[str, Availability] = SingleFlight()
        self._last: Availability | None = None

    async def availability(self) -> Availability:
        """The last finding, looked at again in the background.

        One that is a minute old is waited for anew, for a moment: then nobody knows, which is not "available".
        """
        last = self._last
        age = abs(self._clock() - last.probed_on) if last else None
        if last is None or age is None or age >= TOO_OLD:
            return await self._awaited()
        if age >= PROBE_EVERY:
            self._flights.start("all", self._probe_all)
        return last

    async def _awaited(self) -> Availability:
        try:
            async with asyncio.timeout(self._patience):
                return await self._flights.run("all", self._probe_all)
        except TimeoutError:
            return Availability(parts=dict.fromkeys(self._probes, UNSEEN), probed_on=self._clock())

    async def _probe_all(self) -> Availability:
        found = await asyncio.gather(
            *(self._pool.run(functools.partial(_outcome, probe)) for probe in self._probes.values())
        )
        self._last = Availability(parts=dict(zip(self._probes, found, strict=True)), probed_on=self._clock())
        return self._last


def _outcome(probe: Callable[[], object]) -> str:
    try:
        probe()
    except BrokerError as error:
        return error.code
    except Exception:  # noqa: BLE001 - a probe that fails unforeseen is a part that is down, and no more
        return BrokerError.code
    return ""
