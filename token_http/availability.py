"""Whether tokens can be issued: parts that are looked at beside all questions, never by one.

Anybody may ask, so whoever asks is told what was last seen, waits for nothing and makes nobody ask anything: the next
look is due a while after the last one, by however many it is wanted.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import BrokerError
from shared.pool import Pool

# No look begins sooner after another one; while it is wanted, one begins at the latest after twice that.
APART, AT_LATEST = timedelta(seconds=15), timedelta(seconds=30)
TOO_OLD = timedelta(minutes=1)
# Longer than the time between two availability tests, which would otherwise find nothing seen each time.
WANTED_FOR = timedelta(minutes=20)
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
    """Runs every probe, all at once, in threads that nobody else waits for."""

    def __init__(self, probes: Mapping[str, Callable[[], object]], *, pool: Pool, clock: Clock) -> None:
        self._probes = probes
        self._pool = pool
        self._clock = clock
        self._last: Availability | None = None
        self._wanted_on: datetime | None = None
        self._began_on: datetime | None = None
        self._look: asyncio.Task[None] | None = None

    def availability(self) -> Availability:
        """What was last seen; `unseen` is every part that nobody has looked at for a minute. Never blocks."""
        now, last = self._clock(), self._last
        self._wanted_on = now
        self._look_when_due()
        if last is None or abs(now - last.probed_on) >= TOO_OLD:
            return Availability(parts=dict.fromkeys(self._probes, UNSEEN), probed_on=now)
        return last

    def _look_when_due(self) -> None:
        now, began_on = self._clock(), self._began_on
        is_due = began_on is None or abs(now - began_on) >= APART
        if is_due and (self._look is None or self._look.done()):
            self._began_on = now
            self._look = asyncio.get_running_loop().create_task(self._looked())

    async def _looked(self) -> None:
        try:
            found = await asyncio.gather(
                *(self._pool.run(functools.partial(_outcome, probe)) for probe in self._probes.values())
            )
            self._last = Availability(parts=dict(zip(self._probes, found, strict=True)), probed_on=self._clock())
        finally:
            asyncio.get_running_loop().call_later(AT_LATEST.total_seconds(), self._look_while_wanted)

    def _look_while_wanted(self) -> None:
        if self._wanted_on is not None and abs(self._clock() - self._wanted_on) < WANTED_FOR:
            self._look_when_due()


def _outcome(probe: Callable[[], object]) -> str:
    try:
        probe()
    except BrokerError as error:
        return error.code
    except Exception:  # noqa: BLE001 - a probe that fails unforeseen is a part that is down, and no more
        return BrokerError.code
    return ""
