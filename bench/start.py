"""How long a start takes: process start to the first answer of the host, beside a bare interpreter and the imports."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


def main() -> None:
    """Print medians of five interleaved rounds, in seconds and as ratios to the bare interpreter."""
    commands = {
        "bare interpreter": ["-c", "pass"],
        "import of the app's libraries": ["-c", "import azure.functions, azure.identity, azure.keyvault.secrets, msal"],
        "whole stack, first answer": ["-m", "bench.start", "once"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, arguments in commands.items():
            begun = time.perf_counter()
            done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
            taken[name].append(float(done.stdout) if "once" in arguments else time.perf_counter() - begun)
    base = statistics.median(taken["bare interpreter"])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{name:<32} {middle:6.2f} s   {middle / base:6.1f} x   (min {min(seconds):.2f}, max {max(seconds):.2f})")


def once() -> None:
    """Start the stack once and print the seconds until the host has answered."""
    begun = time.perf_counter()
    from local.stack import running_stack  # noqa: PLC0415 - its import is part of what is measured

    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "state"):
        print(time.perf_counter() - begun)


if __name__ == "__main__":
    once() if "once" in sys.argv else main()
