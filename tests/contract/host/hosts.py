"""The Functions hosts that the contract holds for, ours and the real one: how each is started, asked, looked into."""

import json
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from local.clock import write_offset
from local.func.keys import HOST_ID
from local.func.storage import running_storage, write_blob
from local.processes import answers
from local.state import StackState

APP = Path(__file__).parent / "app"
SPAWN = multiprocessing.get_context("spawn")
NIGHTLY = "0 30 2 * * *"
# What a host of three days ago would have left; one whose Next is not of the schedule is thrown away.
MISSED = {
    "Last": f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%dT02:30:00+00:00}",
    "Next": f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT02:30:00+00:00}",
    "LastUpdated": f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%dT02:30:00+00:00}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host being served: how to reach it, its state, and what its timers noted."""

    client: httpx.Client
    state: StackState
    process: multiprocessing.process.BaseProcess

    @property
    def master(self) -> dict[str, str]:
        return {"x-functions-key": self.state.control_secret}

    def log(self) -> str:
        return self.state.log_file("host").read_text()

    def notes(self, timer: str) -> list[dict[str, Any]]:
        file = self.state.folder / "notes"
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return [line for line in lines if line["timer"] == timer]

    def move_clock_to(self, moment: datetime) -> None:
        write_offset(self.state.clock_file, moment - datetime.now(UTC))

    def run_timer(self, name: str, *, wait: int = 5) -> httpx.Response:
        headers = {**self.master, "prefer": f"wait={wait}"}
        return self.client.post(f"/admin/functions/{name}", headers=headers, json={"input": ""})

    def sends(self, head: str) -> bytes:
        """The beginning of what is answered to bytes that no client library would send."""
        with socket.create_connection((self.client.base_url.host, self.client.base_url.port or 0)) as connection:
            connection.sendall(head.encode())
            return connection.recv(100)


def settings(state: StackState) -> dict[str, str]:
    return {
        "NIGHTLY": NIGHTLY,
        "OFTEN": "0 0 0 1 1 *",
        "NOTES_FILE": str(state.folder / "notes"),
        "YEARLY_SECONDS": "0",
        "AzureWebJobs.switched_off.Disabled": "true",
        "AzureWebJobs.switched_off_timer.Disabled": "1",
        "PYTHON_THREADPOOL_THREAD_COUNT": "16",
    }


def make_state(folder: Path, *, host: str = "https://localhost:1") -> StackState:
    nowhere = "https://localhost:1"
    return StackState(
        folder=folder,
        host=host,
        entra=nowhere,
        entra_browser=nowhere,
        token_vault=nowhere,
        policy_vault=nowhere,
        managed_identity=nowhere,
    )


@contextmanager
def serving(
    run: Callable[..., None],
    folder: Path,
    *,
    app: Path = APP,
    before: Callable[[StackState], None] | None = None,
    changed: Mapping[str, str] | None = None,
) -> Iterator[Host]:
    """A host (`run`) that serves `app`, its state in `folder`; `before` it starts, something is done to its state."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        state = make_state(folder, host=base_url)
        if before is not None:
            before(state)
        process = SPAWN.Process(
            target=run,
            args=(state, {"host": listening}),
            kwargs={"folder": app, "environment": {**settings(state), **(changed or {})}},
        )
        process.start()
    try:
        with httpx.Client(base_url=base_url, timeout=20) as client:
            yield Host(client=client, state=state, process=process)
    finally:
        process.terminate()
        process.join(20)
        process.close()


def wait_until_up(host: Host) -> None:
    eventually(lambda: answers(host.state) or not host.process.is_alive(), seconds=60)
    assert host.process.is_alive(), host.log()


def eventually(true: Callable[[], object], *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def left_missed(state: StackState) -> None:
    """Days ago a host of ours wrote when the timer `nightly` ran last."""
    (state.folder / "schedule-nightly.json").write_text(json.dumps(MISSED))


def left_missed_in_storage(state: StackState) -> None:
    """The same, by the real host: it keeps its timers in a blob."""
    with running_storage(state) as storage:
        write_blob(storage, "azure-webjobs-hosts", f"timers/{HOST_ID}/Host.Functions.nightly/status", MISSED)
