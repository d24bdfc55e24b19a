"""The timer's run over many consents within Key Vault's true limits: pace, refusals, requests and memory.

`python -m bench.refresh 100 1000 10000 --picture FILE`: each number in a stack of its own, on three days: one on which
all are due to be stored, one on which all are due for a proof, and an hour in which nothing is due.
"""

import argparse
import json
import math
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.growth import Growth, draw
from bench.seeded import seed
from bench.watch import MEBIBYTE, HostProcess, Watched
from local.clock import write_offset
from local.key_vault.throttle import Limits
from local.stack import running_stack
from local.state import StackState
from local.workload import fire_timer
from tests.local_control import Controls

LIMITS = Limits()
# The longest a run may take by itself, and a little.
WAIT_SECONDS = 600
# No timer fires but by our hand.
SETTINGS = {"REFRESH_SCHEDULE": "0 0 0 1 1 *"}
STORES, PROOFS, NOTHING = "store day", "proof day", "nothing due"
# Key Vault's page; a consent is two secrets, and a new local vault holds one already.
PAGE, OTHER_SECRETS = 25, 1
KINDS = ("GET", "PUT", "PATCH", "exchange")
ARITHMETIC: Mapping[str, tuple[int, ...]] = {STORES: (2, 1, 1, 1), PROOFS: (1, 0, 1, 1), NOTHING: (0, 0, 0, 0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the timer; `asked` counts requests by kind, `throttled` the vault's answers 429."""

    day: str
    consents: int
    seconds: float
    outcomes: Mapping[str, int]
    asked: Counter[str]
    throttled: int
    resident_before: int
    watched: Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A stack with so many consents, the process of its host, and the control doors of what it asks."""

    state: StackState
    consents: int
    host: HostProcess
    vault: Controls
    entra: Controls

    def run(self, day: str) -> Run:
        """Fire the timer and wait until it is done; SystemExit when the run failed."""
        for door in (self.vault, self.entra):
            door.clear("requests")
        throttled, resident = _throttled(self.state), self.host.resident()
        begun = time.monotonic()
        with self.host.watched(expected=0 if day == NOTHING else self.consents) as watched:
            status = fire_timer(self.state, wait_seconds=WAIT_SECONDS)
            seconds = time.monotonic() - begun
        outcomes = _outcomes(self.state)
        if status != "Success":
            raise SystemExit(f"the run failed: {outcomes}")
        return Run(
            day=day,
            consents=self.consents,
            seconds=seconds,
            outcomes=outcomes,
            asked=_asked(self.vault, self.entra),
            throttled=_throttled(self.state) - throttled,
            resident_before=resident,
            watched=watched,
        )


def main() -> None:
    """Measure for each number of consents, print as the figures come, and draw the growth if asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.refresh", description=__doc__)
    parser.add_argument("consents", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--vault-ms", type=int, default=0, help="how long each request to Key Vault travels")
    parser.add_argument("--entra-ms", type=int, default=0, help="the same for Entra ID")
    parser.add_argument("--picture", type=Path, help="where to draw the growth of memory (PNG; needs Chromium)")
    arguments = parser.parse_args()
    runs: list[Run] = []
    for count in arguments.consents:
        with seeded_stack(count) as subject:
            subject.vault.post("faults", {"times": -1, "delay": arguments.vault_ms / 1000})
            subject.entra.post("faults", {"times": -1, "delay": arguments.entra_ms / 1000})
            runs += days(subject)
    if arguments.picture:
        growths = [Growth(consents=run.consents, samples=run.watched.samples) for run in runs if run.day == STORES]
        draw(growths, arguments.picture, ceiling=LIMITS.creates / LIMITS.window)


@contextmanager
def seeded_stack(count: int) -> Iterator[Subject]:
    """A stack of its own for so many consents, all of them due to be stored."""
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "state", settings=SETTINGS) as state:
        seed(state, count)
        yield Subject(
            state=state,
            consents=count,
            host=HostProcess(state),
            vault=Controls(state, state.token_vault),
            entra=Controls(state, state.entra),
        )


def days(subject: Subject) -> Iterator[Run]:
    """The three days, each told once it is over."""
    print(f"-- {subject.consents:,} consents", flush=True)
    for day in (STORES, PROOFS, NOTHING):
        if day == PROOFS:
            write_offset(subject.state.clock_file, timedelta(days=1))
        run = subject.run(day)
        tell(run)
        yield run


def tell(run: Run) -> None:
    """Print one run's figures beside the aims."""
    done = sum(run.outcomes.values())
    first, second = run.watched.peaks_of_halves()
    print(f"{run.day}: {run.seconds:.1f} s, {dict(run.outcomes)}, answers 429: {run.throttled} (aim: 0)")
    if done:
        print(f"   pace: {done / run.seconds:.1f} consents/s")
        asked = ", ".join(
            f"{run.asked[kind] / run.consents:.2f} {kind} ({expected})"
            for kind, expected in zip(KINDS, ARITHMETIC[run.day], strict=True)
        )
        print(f"   a consent asks: {asked}")
        print(f"   processor of the host: {1000 * run.watched.processor / done:.1f} ms a consent")
    pages = math.ceil((2 * run.consents + OTHER_SECRETS) / PAGE)
    print(f"   pages listed: {run.asked['list']} ({pages}); other requests: {run.asked['other']}")
    before, peak = run.resident_before / MEBIBYTE, run.watched.peak / MEBIBYTE
    least = (run.asked["PUT"] - 1) // LIMITS.creates * LIMITS.window
    if least > 0:
        print(f"   at the vault's limit: {least:.0f} s, {least / run.seconds:.2f} of the run (aim: at least 0.9)")
    print(f"   memory: {before:.0f} MiB before, {peak:.0f} MiB at most, second half / first: {second / first:.3f}")


def _asked(vault: Controls, entra: Controls) -> Counter[str]:
    asked: Counter[str] = Counter()
    for (method, path), count in vault.requests().items():
        asked["list" if path == "/secrets" else method] += count
    for (method, _), count in entra.requests().items():
        asked["exchange" if method == "POST" else "other"] += count
    return asked


def _throttled(state: StackState) -> int:
    return state.log_file("key_vault").read_text().count("throttled: ")


def _outcomes(state: StackState) -> Mapping[str, int]:
    """What became of how many, by the last report in the host's log."""
    log = state.log_file("host").read_text()
    last = re.findall(r"^.* broker\.audit (\{.*\"event\": \"refresh\.run\".*\})$", log, re.MULTILINE)[-1]
    return {name.removeprefix("outcome_"): n for name, n in json.loads(last).items() if name.startswith("outcome_")}


if __name__ == "__main__":
    main()
