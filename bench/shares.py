"""A newcomer beside a caller in a hurry: how long its first token takes, in answers of Entra ID that take a second."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.callers import IDENTITIES, allow_all
from bench.load import load, message
from local.managed_identity import FromWorld
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, BROKER_API, DEFAULT_WORLD
from tests.local_control import Controls

ANSWER_SECONDS = 1.0
HURRIED = (100, 300, 1200)
BUSY, NEWCOMER = IDENTITIES[:2]


def main() -> None:
    """Print how long the newcomer waits alone, and beside so many cold requests of the other."""
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "stack") as state, Person() as person:
        allow_all(state)
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        Controls(state, state.entra).post(
            "faults", {"method": "POST", "path": ".*token", "delay": ANSWER_SECONDS, "times": -1}
        )
        alone = waited(state, [], first(state, "alone"))
        print(f"alone: {alone:.1f} s")
        for count in HURRIED:
            cold = [asked(state, BUSY.name, f"cold.{count}.{number}") for number in range(count)]
            beside = waited(state, cold, first(state, f"beside.{count}"))
            print(
                f"beside {count:,} cold requests of another caller: {beside:.1f} s ({beside / alone:.1f} times alone)"
            )


def waited(state: StackState, cold: Sequence[bytes], newcomer: bytes) -> float:
    """Seconds until the newcomer has its answer, which is asked for a moment after all the others."""

    async def both() -> float:
        others = asyncio.create_task(load(state.host, cold, connections=len(cold))) if cold else None
        await asyncio.sleep(ANSWER_SECONDS / 2)
        one = await load(state.host, [newcomer], connections=1)
        if others:
            await others
        return one.total

    return asyncio.run(both())


def first(state: StackState, name: str) -> bytes:
    """A request of the newcomer for a token that nobody has asked for."""
    return asked(state, NEWCOMER.name, name)


def asked(state: StackState, caller: str, name: str) -> bytes:
    """A request for a scope of its own; that there is no such scope takes Entra ID as long to say."""
    source = FromWorld(state, replace(DEFAULT_WORLD, identities=IDENTITIES))
    assertion = source.token(caller, f"api://{BROKER_API}", {}).token
    body = json.dumps({"tenant": "contoso", "scope": f"https://graph.microsoft.com/{name}"}).encode()
    headers = {"Authorization": f"Bearer {assertion}", "Content-Type": "application/json"}
    return message(f"{state.host}/api/token", headers=headers, body=body)


if __name__ == "__main__":
    main()
