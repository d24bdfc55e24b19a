"""The check of customers, on a schedule: the timer's words."""

from dataclasses import dataclass

import azure.functions as func

from customers_timer.run import CheckRun

# The Functions host resolves the setting; a run that was missed comes at once when the app is back (use_monitor).
SCHEDULE = "%CHECK_SCHEDULE%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the timer works with."""

    check: CheckRun


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The timer `check_customers`. A plain function: the worker runs it in its own thread, beside all others."""
    timers = func.Blueprint()

    @timers.timer_trigger(arg_name="timer", schedule=SCHEDULE, run_on_startup=False, use_monitor=True)
    def check_customers(timer: func.TimerRequest) -> None:  # noqa: ARG001 - bound by name
        dependencies.check.run().require_done()

    return timers
