"""Whether tokens can be issued: parts that are probed now and then, never once for each question."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import BrokerError
from token_http.single_flight import SingleFlight

PROBE_EVERY = timedelta(seconds=15)


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

    def __init__(self, probes: Mapping[str, Callable[[], object]], *, executor: Executor, clock: Clock) -> None:
        self._probes = probes
        self._executor = executor
        self._clock = clock
        self._flights: SingleFlight[str, Availability] = SingleFlight()
        self._last: Availability | None = None

    async def availability(self) -> Availability:
        """The last finding, at most fifteen seconds old."""
        last = self._last
        if last is None or abs(self._clock() - last.probed_on) >= PROBE_EVERY:
            last = self._last = await self._flights.run("all", self._probe_all)
        return last

    async def _probe_all(self) -> Availability:
        loop = asyncio.get_running_loop()
        running: dict[str, Awaitable[str]] = {
            part: loop.run_in_executor(self._executor, _outcome, probe) for part, probe in self._probes.items()
        }
        found = await asyncio.gather(*running.values())
        return Availability(parts=dict(zip(running, found, strict=True)), probed_on=self._clock())


def _outcome(probe: Callable[[], object]) -> str:
    try:
        probe()
    except BrokerError as error:
        return error.code
    return ""
