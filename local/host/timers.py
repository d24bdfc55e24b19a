"""Timers: each fires when the stack's clock reaches its schedule, never beside itself, and late rather than not at all.

The status of a monitored timer is kept in the state folder as Azure keeps it in storage, and written when a run ends:
a host that comes back, or a clock that jumps, past a due time makes one run with IsPastDue, however many were missed.
Source: azure-webjobs-sdk-extensions, TimerListener.cs, ScheduleMonitor.cs.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.host import worker
from local.host.configuration import resolve
from local.host.errors import StartError
from local.host.functions import Function, TimerTrigger
from local.host.protos import TypedData
from local.host.schedule import Schedule
from local.host.trace import TraceContext
from local.host.worker import Outcome

# Real seconds between two looks at a clock that may have been moved meanwhile.
TICK = 0.2
# How late a run may begin without being past due.
ON_TIME = timedelta(seconds=2)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """When a timer last began, when it fires next, and when that was found."""

    last: datetime
    next: datetime
    last_updated: datetime

    def to_json(self) -> dict[str, str]:
        """The shape that handlers and the status file have."""
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }


class Timer:
    """One timer function, its schedule, and its status; `file` is None when the schedule is not monitored."""

    def __init__(self, function: Function, trigger: TimerTrigger, schedule: Schedule, *, file: Path | None) -> None:
        self.function = function
        self._runs_on_startup = trigger.run_on_startup
        self._schedule = schedule
        self._file = file
        self._status = self._recorded()

    async def keep(self, closing: asyncio.Event) -> None:
        """Fire at every due time until `closing`; a run that has begun is let finish."""
        seen = self._status.last_updated
        due = self._schedule.after(seen)
        if self._runs_on_startup and due > datetime.now(UTC):
            due = await self._run(past_due=False)
        while not closing.is_set():
            now = datetime.now(UTC)
            if now < seen:  # the clock was moved back
                due = self._schedule.after(now)
            if now >= due:
                due = await self._run(past_due=now - due > ON_TIME)
            seen = now
            await _wait(closing)

    async def invoke(self, *, past_due: bool = False) -> Outcome:
        """Run the function now, on its own account: beside a scheduled run, and without touching the status."""
        status = self._status.to_json() if self._file else None
        timer = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
        return await worker.invoke(self.function, TypedData(json=json.dumps(timer)), trace=TraceContext())

    async def _run(self, *, past_due: bool) -> datetime:
        """Run on schedule, record that, and return the next due time; a failed run is not repeated before it."""
        began = datetime.now(UTC)
        await self.invoke(past_due=past_due)
        self._record(last=began)
        return self._status.next

    def _recorded(self) -> Status:
        now = datetime.now(UTC)
        if self._file is None or not self._file.exists():
            return Status(last=NEVER, next=self._schedule.after(now), last_updated=now)
        content = json.loads(self._file.read_text())
        last, last_updated = (datetime.fromisoformat(content[name]) for name in ("Last", "LastUpdated"))
        # Found anew: the schedule may have changed since the file was written.
        return Status(last=last, next=self._schedule.after(last_updated), last_updated=last_updated)

    def _record(self, *, last: datetime) -> None:
        now = datetime.now(UTC)
        self._status = Status(last=last, next=self._schedule.after(now), last_updated=now)
        self.write()

    def write(self) -> None:
        """Keep the status for the next host; written beside and renamed, so that no reader sees half of it."""
        if self._file is not None:
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(self._status.to_json()))
            beside.replace(self._file)


def make_timers(functions: Sequence[Function], *, folder: Path, environment: Mapping[str, str]) -> list[Timer]:
    """The timers of an app, their status in `folder`; raises StartError naming each schedule that cannot be kept."""
    timers, problems = [], []
    for function in functions:
        if isinstance(function.trigger, TimerTrigger):
            try:
                schedule = Schedule(resolve(function.trigger.schedule, environment))
            except KeyError as error:
                problems.append(f"The timer {function.name} needs the setting {error.args[0]}, its schedule.")
            except ValueError as error:
                problems.append(f"The schedule of the timer {function.name} cannot be kept: {error}.")
            else:
                monitored = function.trigger.use_monitor and not schedule.is_within_a_minute()
                file = folder / f"schedule-{function.name}.json" if monitored else None
                timers.append(Timer(function, function.trigger, schedule, file=file))
    if problems:
        raise StartError(*problems)
    return timers


async def _wait(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(TICK):
            await closing.wait()
    except TimeoutError:
        pass
