"""The functions of an app, as the worker describes them to the host."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.host.errors import StartError
from local.host.protos import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """Called over HTTP: the route template below the prefix, upper-case methods (empty: all), lower-case level."""

    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTrigger:
    """Called by the clock: an NCRONTAB expression, or `%NAME%` of the setting that holds one."""

    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function: its name, the worker's id for it, the parameter its trigger fills, and what triggers it."""

    name: str
    id: str
    parameter: str
    trigger: HttpTrigger | TimerTrigger
    disabled: bool

    @property
    def trigger_type(self) -> str:
        """The trigger's binding type."""
        return "httpTrigger" if isinstance(self.trigger, HttpTrigger) else "timerTrigger"


def describe(metadata: Message, environment: Mapping[str, str]) -> Function:
    """One entry of the worker's metadata as a value; raises StartError for a trigger this host does not have."""
    bindings = [json.loads(binding) for binding in metadata.raw_bindings]
    trigger = next((one for one in bindings if one["type"].lower().endswith("trigger")), {"type": "no trigger"})
    disabled = environment.get(f"AzureWebJobs.{metadata.name}.Disabled", "").lower() in {"true", "1"}
    return Function(
        name=metadata.name,
        id=metadata.function_id,
        parameter=trigger.get("name", ""),
        trigger=_trigger(metadata.name, trigger),
        disabled=disabled,
    )


def _trigger(name: str, binding: Mapping[str, Any]) -> HttpTrigger | TimerTrigger:
    match binding["type"].lower():
        case "httptrigger":
            return HttpTrigger(
                route=binding.get("route") or name,
                methods=frozenset(method.upper() for method in binding.get("methods") or ()),
                auth_level=(binding.get("authLevel") or "function").lower(),
            )
        case "timertrigger":
            return TimerTrigger(
                schedule=binding["schedule"],
                run_on_startup=bool(binding.get("runOnStartup", False)),
                use_monitor=bool(binding.get("useMonitor", True)),
            )
    raise StartError(f"The function {name} has {binding['type']}; this host runs httpTrigger and timerTrigger only.")
