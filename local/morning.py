"""An operator's mornings: which customers do not work, what is topped up, and what nobody at the partner can mend."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from local.clock import read_offset, write_offset
from local.controls import Controls
from local.stack import identity_environment
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import BROKER_API, DEFAULT_WORLD, EXCHANGE, NORTHWIND, TAILSPIN

CLIENT = Path(__file__).resolve().parent.parent / "clients" / "python" / "src"
OPERATOR, REPORTS = "provisioning", DEFAULT_WORLD.identity("reports").object_id
NAMES = {tenant.id: tenant.name for tenant in DEFAULT_WORLD.tenants}
# No page of Microsoft's lists it, and the broker knows nothing of it.
UNLISTED = 9_999_999
SECONDS = 120
# The exit code of what needs a person.
PERSON = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a command ended, and what it told: `said` is for people, `shown` is what was asked for."""

    code: int
    said: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mornings:
    """What `partner-broker status` told on the first morning and on the next, and what was done in between."""

    first: Told
    topped_up: Told
    next: Told


def operator(state: StackState, *words: str) -> Told:
    """Run `partner-broker` as its users do, as the managed identity that may manage customers."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "partner_token.broker_command", *words],
        env={
            **{name: text for name, text in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))},
            **identity_environment(state, OPERATOR),
            "AZURE_CLIENT_ID": DEFAULT_WORLD.identity(OPERATOR).client_id,
            "BROKER_URL": state.host,
            "BROKER_AUDIENCE": f"api://{BROKER_API}",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONPATH": str(CLIENT),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Told(code=done.returncode, said=done.stderr, shown=done.stdout)


def night(state: StackState, *, days: int = 1) -> None:
    """Time passes, and the check has tried every customer; raises RuntimeError when the timer failed."""
    write_offset(state.clock_file, read_offset(state.clock_file) + timedelta(days=days))
    if fire_timer(state, function="check_customers") != "Success":
        raise RuntimeError("the check of customers failed")


def let_somebody_ask_everywhere(state: StackState) -> None:
    """A policy row for every customer, those who come later too: what nobody may ask for is not tried."""
    row = {"caller": REPORTS, "consents": ["partner"], "tenants": ["*"], "resources": ["graph"]}
    token = Workload(state=state, name="policy-editor").assertion("https://vault.azure.net")
    httpx.put(
        f"{state.policy_vault}/secrets/policy-2?api-version=7.4",
        json={"value": json.dumps({"permissions": [row]}), "contentType": "application/json"},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        verify=ssl.create_default_context(cafile=state.ca_file),
    ).raise_for_status()


def happens_overnight(state: StackState) -> None:
    """Tailspin is without Exchange Online, Northwind answers with an unlisted number, Adventure Works is new.

    Wingtip's GDAP relationship has ended before. Contoso is as it was.
    """
    entra = Controls(state, state.entra)
    entra.remove("services", {"tenant": TAILSPIN, "resource": EXCHANGE})
    entra.post("errors", {"code": UNLISTED, "error": "invalid_grant", "tenant": NORTHWIND, "times": -1})
    Controls(state, state.partner_center).post("customers")


def northwind_is_mended(state: StackState) -> None:
    """Its administrator has found it in the sign-in log."""
    Controls(state, state.entra).clear("errors")


def mornings(state: StackState, say: Callable[[str], None]) -> Mornings:
    """A first check, the morning after such a night, what is topped up, and the next morning."""
    let_somebody_ask_everywhere(state)
    night(state, days=0)
    happens_overnight(state)
    night(state)
    first = _status(state, say)
    say("   $ partner-broker customers consent --all --apply")
    topped_up = operator(state, "customers", "consent", "--all", "--apply", "--output", "json")
    for row in json.loads(topped_up.shown):
        say(f"     {NAMES[row['tenant']]:<17} {row['outcome']:<25} {row.get('added') or ''}")
    say("   Northwind's administrator finds the reason in the sign-in log, and mends it.")
    northwind_is_mended(state)
    night(state)
    return Mornings(first=first, topped_up=topped_up, next=_status(state, say))


def _status(state: StackState, say: Callable[[str], None]) -> Told:
    say("   $ partner-broker status")
    told = operator(state, "status")
    for line in (*told.said.splitlines(), *told.shown.splitlines()):
        say(f"     {line}")
    return told
