"""The local stack's command line: python -m local demo | run | live | env | clock | timer | link | token | rough."""

import argparse
import json
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.clock import read_offset, write_offset
from local.demo import DemoFailed, claims_of, run_demo
from local.guide import what_to_try
from local.live import running_live
from local.processes import StackFailed
from local.rough.by_hand import PARTS, ROUGHNESS, order
from local.stack import APP_FOLDER, host_environment, identity_environment, running_stack
from local.state import StackState, load_state
from local.workload import Workload, fire_timer
from local.world import BROKER_API, DEFAULT_WORLD

DEFAULT_FOLDER = Path(".local")
FUNC = "func"
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code says whether it worked."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (StackFailed, DemoFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def demo(options: argparse.Namespace) -> int:
    """The whole main job, without a hand."""
    run_demo(on_func=options.host == FUNC)
    return 0


def run(options: argparse.Namespace) -> int:
    """Keep the stack up until Ctrl-C."""
    stopped = _until_stopped()
    with running_stack(options.state, keep=options.keep, on_func=options.host == FUNC) as state:
        print(what_to_try(state, options.state, usual_folder=DEFAULT_FOLDER), flush=True)
        stopped.wait()
        print("\nStopping ...", flush=True)
    return 0


def live(options: argparse.Namespace) -> int:
    """Run the broker against the real services: local.settings.json, and the identity of `az login`."""
    stopped = _until_stopped()
    with running_live(options.state, app_folder=APP_FOLDER) as state:
        print(f"The broker runs against the real services: {state.host}   (health: {state.host}/api/health)")
        print("Its identity is the person who ran `az login`. Ctrl-C ends it.", flush=True)
        stopped.wait()
    return 0


def env(options: argparse.Namespace) -> int:
    """Print the running stack's addresses and one identity's variables as shell exports."""
    state = _running(options)
    exports = {
        "BROKER_URL": state.host,
        "BROKER_AUDIENCE": f"api://{BROKER_API}",
        "LOCAL_CA_FILE": str(state.ca_file),
        "LOCAL_SIGN_IN_URL": state.entra_browser,
        **{name: text for name, text in host_environment(state).items() if name in _SHARED_SETTINGS},
        **identity_environment(state, options.identity),
        "AZURE_CLIENT_ID": DEFAULT_WORLD.identity(options.identity).client_id,
    }
    for name, text in exports.items():
        print(f"export {name}={shlex.quote(text)}")
    return 0


def clock(options: argparse.Namespace) -> int:
    """Move the stack's clock by so much, or say where it is."""
    state = _running(options)
    offset = timedelta() if options.by == "reset" else read_offset(state.clock_file) + _duration(options.by)
    write_offset(state.clock_file, offset)
    print(f"The stack's time is {(datetime.now(UTC) + offset).isoformat(timespec='seconds')}.")
    return 0


def timer(options: argparse.Namespace) -> int:
    """Run a timer now and wait for it."""
    status = fire_timer(_running(options), function=options.function)
    print(f"{options.function}: {status}")
    return 0 if status == "Success" else 1


def link(options: argparse.Namespace) -> int:
    """Make a consent link, as the operator."""
    print(Workload(state=_running(options), name="operator").link(options.consent))
    return 0


def token(options: argparse.Namespace) -> int:
    """Ask for a token as a managed identity and show its claims, never the token."""
    answer = Workload(state=_running(options), name=options.identity).token(options.tenant, options.resource)
    content = answer.json()
    if answer.is_success:
        content = {**content, "access_token": "...", "claims": claims_of(content["access_token"])}
    print(json.dumps(content, indent=2))
    return 0 if answer.is_success else 1


def rough(options: argparse.Namespace) -> int:
    """Make one part of the stack rough: its network, its answers, its keys."""
    met = {"path": options.path, "times": options.times}
    print(order(_running(options), options.part, options.what, **met, seconds=options.seconds))
    return 0


_SHARED_SETTINGS = (
    "PARTNER_TENANT_ID",
    "PARTNER_CLIENT_ID",
    "BROKER_CLIENT_ID",
    "AZURE_AUTHORITY_HOST",
    "TOKEN_VAULT_URL",
    "POLICY_VAULT_URL",
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Azure on loopback, for the broker.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Callable[[argparse.Namespace], int], **settings: Mapping[str, object]) -> None:
        sub = commands.add_parser(command.__name__, help=command.__doc__, description=command.__doc__)
        sub.set_defaults(command=command)
        if command is not demo:
            sub.add_argument("--state", type=Path, default=DEFAULT_FOLDER, help="the stack's folder (%(default)s)")
        for name, setting in settings.items():
            sub.add_argument(_SPELLED.get(name, name), **setting)  # type: ignore[arg-type]

    names = [identity.name for identity in DEFAULT_WORLD.identities]
    identity = {"choices": names, "default": "reports", "help": "a managed identity (%(default)s)"}
    host = {"choices": ["local", FUNC], "default": "local", "help": _HOSTS}
    add(demo, host=host)
    add(run, host=host, keep={"action": "store_true", "help": "go on with what the folder holds"})
    add(live)
    add(env, identity=identity)
    add(clock, by={"help": "+60d, +1h, -30m, or reset; +0d says where it is"})
    timers = {"nargs": "?", "default": "refresh", "choices": ("refresh", "check_customers")}
    add(timer, function={**timers, "help": "which (%(default)s)"})
    add(link, consent={"nargs": "?", "default": "partner", "help": "the consent's name (%(default)s)"})
    add(
        token,
        tenant={"help": "contoso, northwind, tailspin, wingtip or home"},
        resource={"help": "graph, arm, partnercenter, ..."},
        identity=identity,
    )
    add(
        rough,
        part={"choices": PARTS, "metavar": "PART", "help": ", ".join(PARTS)},
        what={"choices": ROUGHNESS, "metavar": "WHAT", "help": ", ".join(ROUGHNESS)},
        path={"default": ".*", "help": "a regular expression that the whole path of a request matches (%(default)s)"},
        times={"type": int, "default": 1, "help": "how many requests it meets; -1 for ever (%(default)s)"},
        seconds={"type": float, "default": 1.0, "help": "of being late, or between dripping bytes (%(default)s)"},
    )
    return parser


_SPELLED = {name: f"--{name}" for name in ("keep", "identity", "host", "path", "times", "seconds")}
_HOSTS = "the Functions host: local, or the real one of Azure Functions Core Tools with Azurite (%(default)s)"


def _until_stopped() -> threading.Event:
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    return stopped


def _running(options: argparse.Namespace) -> StackState:
    try:
        return load_state(options.state.resolve())
    except FileNotFoundError:
        raise StackFailed(f"No stack runs from {options.state}; start one with `make run`.") from None


def _duration(text: str) -> timedelta:
    try:
        return timedelta(**{UNITS[text[-1]]: float(text[:-1])})
    except (KeyError, ValueError, IndexError):
        raise StackFailed(f"{text} is no duration; +60d, +1h and -30m are.") from None


if __name__ == "__main__":
    sys.exit(main())
