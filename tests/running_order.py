"""In which order the tests run: what is quick first, and beside it, from the start, what takes longest.

`--dist worksteal` deals the list out in equal shares, one for each worker, and each runs its share from the top; who
has nothing left takes the second half of what another still has. So the first share begins with the quick tests, which
tell soonest that something is wrong, and the others with the long ones: no worker is left alone with one at the end.
"""

from collections.abc import Callable, Iterator, Sequence

# The files that were seen to keep a worker busy for half a minute or more (`pytest --durations=0`), the longest first.
LONG = (
    "end_to_end/test_main_job.py",
    "end_to_end/test_main_job_amid_roughness.py",
    "end_to_end/test_application_credentials.py",
    # These share one real host, which takes long to start.
    *(f"end_to_end/real_host/test_{name}.py" for name in ("telemetry", "check", "life", "samples")),
    *(f"end_to_end/real_host/test_{name}.py" for name in ("consent", "killed_worker")),
    "end_to_end/test_killed_while_refreshing.py",
    "end_to_end/test_killed_while_consenting.py",
    "end_to_end/test_customers_check.py",
)
# The folders whose tests mostly start programs; all others run in the worker itself, or ask a stack that is there.
SLOW = ("browser", "clients", "contract", "documents", "end_to_end", "infra", "local", "scripts")


def in_running_order[Item](items: Sequence[Item], *, file_of: Callable[[Item], str], workers: int) -> list[Item]:
    """The same items; those of one file stay together, in their order. `file_of` is a path below the tests."""
    if workers == 1:
        return [*items]
    rest = [item for item in sorted(items, key=lambda item: _is_slow(file_of(item))) if file_of(item) not in LONG]
    ordered: list[Item] = []
    for number, size in enumerate(_shares(len(items), workers)):
        files = LONG[number - 1 :: workers - 1] if number else ()
        long = [item for file in files for item in items if file_of(item) == file]
        fill = max(0, size - len(long)) if number < workers - 1 else len(rest)
        ordered += [*long, *rest[:fill]]
        del rest[:fill]
    return ordered


def _is_slow(file: str) -> bool:
    return file.partition("/")[0] in SLOW


def _shares(total: int, workers: int) -> Iterator[int]:
    """How many items worksteal deals to each worker at the start."""
    for number in range(workers):
        size = total // (workers - number)
        total -= size
        yield size
