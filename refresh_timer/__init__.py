"""Exchange, on a schedule: the timer's words."""

from dataclasses import dataclass

import azure.functions as func

from refresh_timer.run import RefreshRun

# The Functions host resolves the setting; a run that was missed comes at once when the app is back (use_monitor).
SCHEDULE = "%REFRESH_SCHEDULE%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the timer works with."""

    refresh: RefreshRun


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The timer `refresh`. A plain function: the worker runs it in its own thread, beside the HTTP functions."""
    timers = func.Blueprint()

    @timers.timer_trigger(arg_name="timer", schedule=SCHEDULE, run_on_startup=False, use_monitor=True)
    def refresh(timer: func.TimerRequest) -> None:  # noqa: ARG001 - bound by name
        dependencies.refresh.run().require_calm()

    return timers
